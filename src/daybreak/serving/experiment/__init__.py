"""A test of a deployment's champion against challengers, live: what is dealt, mirrored, folded, said, and taken back."""

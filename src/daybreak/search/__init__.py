"""What to try, and how long: spaces, methods, samplers, the guard. Pure."""

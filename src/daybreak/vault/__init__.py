"""Files by the hash of their content: checkpoints, captured code."""

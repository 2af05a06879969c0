"""Training whose bits do not depend on the number of workers: the global batch is cut into logical shards, always the same ones."""

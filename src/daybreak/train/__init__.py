"""Inside the training process: the run, its loop, reports, checkpoints."""

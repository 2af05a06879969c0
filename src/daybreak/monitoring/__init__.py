"""Folds over windows of live rows: what drifts, beyond what chance does."""

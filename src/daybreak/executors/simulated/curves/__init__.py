"""Where simulated trials get their values and durations from: a replay table, a surrogate model, a noise model."""

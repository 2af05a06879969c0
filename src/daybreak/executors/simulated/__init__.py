"""A machine that only exists in simulated time: answers orders as a real agent would, from learning curves of `curves`."""

"""Models that are served in Python: what goes into their packages, and the code that loads them there."""

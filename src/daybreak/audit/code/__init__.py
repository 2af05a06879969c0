"""Leaks that can be seen in the source: test rows in what training learns from, told from Python files alone, without running them."""

"""Numbers that stand for a value: a text by its length, a picture by its light, a sound by its level.

Each measure is a function of one row, so that a window says the same however it is cut into batches.
"""

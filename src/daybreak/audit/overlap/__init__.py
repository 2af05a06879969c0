"""Test samples that stand in train: value for value, and nearly so, in tables, pictures, texts, sounds and series."""

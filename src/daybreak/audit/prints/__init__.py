"""Fingerprints that preparation leaves in the data, when it was done on all rows before the split."""

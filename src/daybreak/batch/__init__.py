"""A package over files: rows in, part files out, to the same bytes however often it was killed."""

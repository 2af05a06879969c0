"""The experiment file: domains, models, loading with marks, safe expressions, resolved defaults, JSON Schema."""

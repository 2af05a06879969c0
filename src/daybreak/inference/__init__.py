"""A package, loaded: rows in, predictions out, without the framework that trained it."""

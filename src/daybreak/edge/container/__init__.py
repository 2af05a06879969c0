"""A container's context: a model, Daybreak and the versions it was proven with, for `docker build` with nothing but a package index."""

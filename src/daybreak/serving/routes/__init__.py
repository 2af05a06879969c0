"""Faces of a deployment besides the hot one: each module has `routes(engine)`."""

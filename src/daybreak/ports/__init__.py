"""Protocols that the controller's shell needs; who implements them stands in their text."""

"""Agents: local and simulated."""

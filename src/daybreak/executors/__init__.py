"""Agents: what carries the controller's orders out. `local`: this machine's processes; `simulated`: none, on a simulated clock."""

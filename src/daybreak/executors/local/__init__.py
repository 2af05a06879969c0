"""The agent of one machine: warm parent, attempts, slots, output."""

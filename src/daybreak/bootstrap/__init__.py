"""The only place that wires things together: settings -> App, and the processes started by name."""

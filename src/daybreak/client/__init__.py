"""What users and commands talk through: finds or starts the controller, speaks to its socket."""

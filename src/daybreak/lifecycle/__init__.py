"""Events in, commands out: where search meets scheduling. Pure."""

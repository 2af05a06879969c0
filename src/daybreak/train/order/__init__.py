"""In which order samples come, and with which chance each is altered: functions of a seed, an epoch and a position, without state."""

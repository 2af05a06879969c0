"""From a run or a file to a registered version, and from there to an alias, if the gate lets it."""

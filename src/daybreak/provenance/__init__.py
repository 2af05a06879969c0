"""What a run is made of: its code, environment, machine and data, captured by hash, compared and made again."""

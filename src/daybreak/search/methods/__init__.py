"""How long each trial is trained."""

"""Who runs where: slots, demands, grants. Pure."""

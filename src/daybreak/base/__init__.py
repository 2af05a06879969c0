"""Ground floor: ids, errors, hashing and named random streams. Standard library and blake3 only."""

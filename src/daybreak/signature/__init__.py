"""What a model takes and gives: names, types, shapes, units, classes, ranges; inferred or declared, and rows checked against it."""

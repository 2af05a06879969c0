"""Metrics from a script that Daybreak runs as a command: one JSON line per call. Imports next to nothing."""

import json
import os
import sys
from typing import Any

METRICS_FD = "DAYBREAK_METRICS_FD"  # set by the agent: a file descriptor it reads lines from


def log(step: int | None = None, **metrics: Any) -> None:
    """Log numbers: `daybreak.log(epoch, accuracy=0.9)` or `daybreak.log(accuracy=0.9)`.

    Under the platform the line goes to the agent, else to standard output: {"step": 3, "accuracy": 0.9}. NumPy and torch scalars are
    taken as numbers; NaN and infinity are written as NaN and Infinity. Raises `TypeError` or `ValueError` for what is no number.
    """
    values: dict[str, float] = {} if step is None else {"step": int(step)}
    values.update({name: float(value) for name, value in metrics.items()})
    line = json.dumps(values) + "\n"
    descriptor = os.environ.get(METRICS_FD)
    if descriptor:
        os.write(int(descriptor), line.encode())  # one write: lines of several processes do not mix
    else:
        sys.stdout.write(line)
        sys.stdout.flush()

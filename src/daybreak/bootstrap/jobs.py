"""What every `python -m daybreak.bootstrap.NAME` job has in common: a spec on standard input, JSON lines on standard output.

`{"progress": ...}` any number of times, then `{"result": ...}`, or `{"error": CLASS, "message": TEXT}` and the error's exit code.
"""

import sys
from collections.abc import Callable
from typing import Any

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.spec.models import Experiment

Progress = Callable[[dict[str, Any]], None]
Work = Callable[[Experiment, Progress], dict[str, Any]]


def answer(work: Work) -> int:
    """Do the work for the spec on standard input and say what came of it; the exit code."""
    try:
        spec = Experiment.model_validate(msgspec.json.decode(sys.stdin.buffer.read()))
        result = work(spec, lambda progress: _say({"progress": progress}))
    except DaybreakError as error:
        _say({"error": type(error).__name__, "message": str(error)})
        return error.exit_code
    _say({"result": result})
    return 0


def _say(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()

"""`python -m daybreak.train.compare`: set two checkpoint files side by side. Speaks `wire.comparison`.

A process of its own, with the run's interpreter: reading a checkpoint may need the run's frameworks and classes.
"""

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.train import reading
from daybreak.train.fingerprint import differences, fingerprint
from daybreak.wire.comparison import Comparison, Question


def compare(question: Question) -> Comparison:
    """Read both and tell."""
    try:
        before, after = (_read(file) for file in (question.before, question.after))
    except Exception as error:  # noqa: BLE001 (a file may hold anything, and its classes may be gone)
        return Comparison(error=str(error) if isinstance(error, DaybreakError) else f"{type(error).__name__}: {error}")
    return Comparison(fingerprint(before), fingerprint(after), differences(before, after))


def _read(file: str) -> Any:
    return reading.decode(bytearray(Path(file).read_bytes()))


def main() -> int:
    """One question, one answer."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what an import prints is no answer
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    if question.code:
        sys.path.insert(0, question.code)
    with answers:
        answers.write(msgspec.json.encode(compare(question)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

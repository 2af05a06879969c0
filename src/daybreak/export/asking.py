"""Asking a model about rows that it may refuse."""

import contextlib
from collections.abc import Iterator

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.signature.fields import Columns

LONGEST = 500  # characters of what the model says
NAMED = 8  # columns


class Refused(UsageError):
    """The model raised on the samples. `columns`: how many there are; `why`: what it raised, class and message, in one line."""

    def __init__(self, columns: Columns, error: Exception) -> None:
        self.columns, self.why = len(columns), _line(error)
        super().__init__(f"the model refuses the samples ({_look(columns)}): {self.why}")


@contextlib.contextmanager
def asking(columns: Columns) -> Iterator[None]:
    """Around what runs the model on the columns. Raises `Refused`; a machine without memory left is no refusal."""
    try:
        yield
    except (DaybreakError, MemoryError):
        raise
    except Exception as error:  # models raise whatever they like
        raise Refused(columns, error) from error


def _line(error: Exception) -> str:
    said = " ".join(str(error).split())[:LONGEST]
    return f"{type(error).__name__}: {said}".rstrip(":. ")


def _look(columns: Columns) -> str:
    told = [f"{name} {'x'.join(map(str, column.shape))}" for name, column in columns.items()]
    more = [f"{len(told) - NAMED} more"] if len(told) > NAMED else []
    return ", ".join(told[:NAMED] + more)

"""Faults of something a user wrote: each with its place, so that all of them can be shown at once.

A fault reads like this::

    `low <= high` must hold, got low=1.0, high=0.1 (exp.yaml:7:11)
      7 |   lr: {log: [1.0, 0.1]}
        |             ^
"""

from dataclasses import dataclass
from typing import Any

WIDEST = 160  # characters of a source line that are shown around the caret


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file with line and column (from 1), or a command line flag (no line)."""

    source: str
    line: int | None = None
    column: int | None = None
    text: str = ""  # the source line, without its end

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}:{self.column}"

    @property
    def excerpt(self) -> str:
        """The source line with a caret below it; empty where there is no line. Long lines are cut around the caret."""
        if self.line is None or self.column is None or not self.text.strip():
            return ""
        start = max(0, self.column - 1 - WIDEST // 2) if len(self.text) > WIDEST else 0
        shown = self.text[start : start + WIDEST]
        before = "".join("\t" if letter == "\t" else " " for letter in shown[: self.column - 1 - start])
        number = str(self.line)
        return f"\n  {number} | {shown}\n  {' ' * len(number)} | {before}^"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the rule, the values, what to do; and where."""

    message: str
    place: Place
    path: str = ""  # dotted path of the value in the experiment file, `space.lr.low`

    def __str__(self) -> str:
        return f"{self.message} ({self.place}){self.place.excerpt}"

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`: message, path, source, line, column."""
        place = self.place
        return {
            "message": self.message,
            "path": self.path,
            "source": place.source,
            "line": place.line,
            "column": place.column,
        }


def show_faults(faults: tuple[Fault, ...]) -> str:
    """All of them, one below the other, with a heading that counts them when there are several."""
    shown = "\n".join(str(fault) for fault in faults)
    return shown if len(faults) == 1 else f"{len(faults)} faults\n{shown}"

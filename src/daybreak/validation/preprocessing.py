"""Does preparation look at test? The user's preprocessing is run with test rows as they are, and changed: train must not change by a bit.

The function is `f(train, test) -> (train features, test features)`; how it is called says `calling`. What changes in test: half of the rows
are left out, rows are permuted, numbers are extreme and words unseen, values are missing. A change that the function cannot digest (an
encoder refuses an unseen word) proves nothing and is told; one must be digested.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.outcome import Finding, Outcome, Place, answered
from daybreak.base.errors import UserCodeError
from daybreak.readers.opened import Opened
from daybreak.validation.calling import Callee, Columns, arrays, first_rows

RULE = "preprocessing"
MOST_ROWS = 5000  # the first of each side
SHOWN = 8
QUESTION = "Does the preprocessing look at test?"
EXPECTS = "it is called with train and test, tables with all columns, and returns (train features, test features)"

Told = Callable[[str, int, int], None]


def check(
    function: str, opened: Opened, *, python: str = sys.executable, folder: Path | None = None, told: Told | None = None
) -> Outcome:
    """The rule `preprocessing` for `module:function` of the code in `folder` (here, if None), run by `python`.

    Raises `UserCodeError` where it fails on the data as it is.
    """
    with tempfile.TemporaryDirectory() as scratch:
        callee = Callee(function, python, (folder or Path.cwd()).absolute(), Path(scratch))
        asking = _Asking(callee, opened)
        if told:
            told(QUESTION, 0, 0)
        return asking.answer()


class _Asking:
    """One preprocessing under question."""

    def __init__(self, callee: Callee, opened: Opened) -> None:
        self.callee = callee
        self.train, self.test = (arrays(first_rows(opened, side, MOST_ROWS), opened) for side in ("train", "test"))

    def answer(self) -> Outcome:
        tests = [self.test, self.test, *(change(self.test) for change in CHANGES.values())]
        (first, again, *others), defined = self.callee.call([(self.train, test) for test in tests], "digests", EXPECTS)
        for found in (first, again):
            if isinstance(found, UserCodeError):
                raise found
        unsteady = {name for name in first | again if first.get(name) != again.get(name)}
        if first and len(unsteady) >= len(first):
            return Outcome(RULE, "failed", why=self._unsteady(unsteady))
        refused = {name: str(one) for name, one in zip(CHANGES, others, strict=True) if isinstance(one, UserCodeError)}
        changed = {
            name: [
                column for column in first | found if first.get(column) != found.get(column) and column not in unsteady
            ]
            for name, found in zip(CHANGES, others, strict=True)
            if name not in refused
        }
        return self._judged(len(first), unsteady, refused, changed, defined)

    def _judged(
        self,
        features: int,
        unsteady: set[str],
        refused: dict[str, str],
        changed: dict[str, list[str]],
        defined: list[Any],
    ) -> Outcome:
        if not changed:
            return Outcome(RULE, "failed", why=f"no change of test could be run: {next(iter(refused.values()))}")
        counts = {name: len(columns) for name, columns in changed.items()}
        measured = {"features": features, "changed": counts, "refused": refused, "unsteady": sorted(unsteady)}
        names = list(dict.fromkeys(name for columns in changed.values() for name in columns))
        if unsteady and not names:
            return Outcome(RULE, "failed", why=self._unsteady(unsteady), measured=measured)
        findings = [self._finding(names, measured, defined)] if names else []
        part = {"train": _rows(self.train), "test": _rows(self.test)}
        return answered(RULE, findings, measured=measured, looked_at=part)

    def _unsteady(self, unsteady: set[str]) -> str:
        names = ", ".join(sorted(unsteady)[:SHOWN])
        return (
            f"{self.callee.function} gives other train features each time it is called with the same data ({names}), so nothing can be "
            "told of what test does to them: give its random numbers a seed"
        )

    def _finding(self, names: list[str], measured: dict[str, Any], defined: list[Any]) -> Finding:
        how = [name for name, count in measured["changed"].items() if count]
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        return Finding(
            RULE,
            "error",
            f"The preprocessing {self.callee.function} lets test into train: train's features {shown} change when only test is changed.",
            "certain",
            because=f"It was run twice on the data as it is, with the same result, and then with test {', and '.join(how)}.",
            matters="Train has seen test, so test no longer stands for data that the model has not met: the score is too good.",
            advice="Fit scalers, imputers, encoders and selections on train alone, then apply them to both sides; a pipeline does so.",
            subject=self.callee.function,
            columns=tuple(names[:50]),
            places=self._places(defined),
            measured=measured,
        )

    def _places(self, defined: list[Any]) -> tuple[Place, ...]:
        if not defined:
            return ()
        file, line = defined
        path = Path(file)
        lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        inside = path.is_relative_to(self.callee.folder)
        return (Place(str(path.relative_to(self.callee.folder) if inside else path), line, says="prepares", text=text),)


def _taken(columns: Columns, rows: Any) -> Columns:
    return {
        name: [values[i] for i in rows] if isinstance(values, list) else values[rows]
        for name, values in columns.items()
    }


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _fewer(columns: Columns) -> Columns:
    return _taken(columns, np.arange(0, _rows(columns), 2))


def _permuted(columns: Columns) -> Columns:
    return _taken(columns, chance.generator(0, RULE).permutation(_rows(columns)))


def _extreme(columns: Columns) -> Columns:
    return {name: _far(values) for name, values in columns.items()}


def _far(values: Any) -> Any:
    """Values far from all others, of the same type; words that nobody has seen."""
    if isinstance(values, list):
        return [None if value is None else f"{value} unseen {index % 3}" for index, value in enumerate(values)]
    if values.dtype.kind == "f":
        there = values[np.isfinite(values)]
        step = float(np.abs(there).max(initial=1.0))
        return (values + 1000 * step * (1 + np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1)) % 7)).astype(
            values.dtype
        )
    if values.dtype.kind in "iu":
        room = np.iinfo(values.dtype).max // 8
        return np.clip(values.astype(np.float64) * 50 + 1000, -room, room).astype(values.dtype)
    if values.dtype.kind == "M":
        return values + np.timedelta64(20_000, "D")
    return ~values if values.dtype.kind == "b" else values


def _missing(columns: Columns) -> Columns:
    """Every second value of what can be missing: a whole number cannot."""
    return {name: _with_gaps(values) for name, values in columns.items()}


def _with_gaps(values: Any) -> Any:
    if isinstance(values, list):
        return [value if index % 2 else None for index, value in enumerate(values)]
    if values.dtype.kind not in "fM":
        return values
    holed = values.copy()
    holed[::2] = np.nan if values.dtype.kind == "f" else np.datetime64("NaT")
    return holed


CHANGES: dict[str, Callable[[Columns], Columns]] = {
    "without half of its rows": _fewer,
    "with its rows permuted": _permuted,
    "with extreme numbers and unseen words": _extreme,
    "with missing values": _missing,
}

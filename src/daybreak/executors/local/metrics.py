"""Numbers in what an unedited script prints, and which unit of training they belong to. Pure: text in, observations out.

A line may be a JSON object (`{"epoch": 3, "val": {"accuracy": 0.91}}`: nested names are joined by dots), or hold pairs
(`epoch 3/27 loss=0.31 val_accuracy: 0.91`, or a printed dict), or match the experiment's own pattern. Of progress bars that
rewrite their line only a finished one is read.
"""

import contextlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

LONGEST_LINE = 2**16  # bytes; what is longer is cut, keeping its end
LARGEST_UNIT = 2**53
UNIT_NAMES = ("epoch", "step")  # where an objective's line has both, the epoch is the unit

_NUMBER = r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|(?i:nan|inf(?:inity)?))(?![\w:]|\.\w)"
_PAIR = re.compile(rf"(?<![\w./-])([A-Za-z_][\w./-]*)['\"]?\s*[=:]\s*['\"]?({_NUMBER})")
_MARKER = re.compile(r"\b(epoch|step)\s*[#\[(]?\s*(\d+)\b", re.IGNORECASE)
_BAR = re.compile(r"(\d+)%\|[^|]*\|\s*\S+/\S+\s*\[([^\]]*)\]|\d+\S*\s?\[\d+:\d+[^\]]*\]")


class Observation(NamedTuple):
    """What one line said. `units`: where the trial stands now when the line told its objective, else None."""

    values: dict[str, float]
    step: int  # of the points: the unit, else what the line says, else the count of lines that say nothing
    units: int | None


class LineBuffer:
    """Cuts bytes into lines; of a line rewritten by carriage returns the last writing counts."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield every line that is complete now."""
        self._data += data
        *complete, rest = self._data.split(b"\n")
        self._data = rest[-LONGEST_LINE:]
        for line in complete:
            yield _last_writing(line[-LONGEST_LINE:])

    def end(self) -> str:
        """What stands after the last line end."""
        rest, self._data = self._data, bytearray()
        return _last_writing(rest)


class MetricReader:
    """Reads the lines of one trial in order and counts its units.

    `objective` is the metric whose lines are units; `pattern`: named groups are metrics, or groups `name` and `value` a pair;
    `zero_based`: the script counts from 0 (found out when its first objective line says 0).
    Raises `ValueError` for a pattern that does not compile.
    """

    def __init__(self, objective: str, pattern: str | None = None, units: int = 0, zero_based: bool = False) -> None:
        try:
            self._pattern = re.compile(pattern) if pattern else None
        except re.error as error:
            raise ValueError(f"`metrics` must be a regular expression, got {pattern!r}: {error}") from error
        self._objective = objective
        self._unmarked = 0
        self._unit_name: str | None = None  # "" once it is known that objective lines are counted
        self.units = units
        self.zero_based = zero_based

    def read(self, line: str) -> Observation | None:
        """What a line of output says; None when it holds no number for us."""
        return self._observe(self._matches(line) if self._pattern else numbers_in(line))

    def read_json(self, line: str) -> Observation | None:
        """What a line of the metrics pipe says (JSON only, whatever the pattern)."""
        return self._observe(_json_numbers(line) or {})

    def _observe(self, values: dict[str, float]) -> Observation | None:
        marks = {name: values.pop(key) for name in UNIT_NAMES for key in list(values) if key.lower() == name}
        if not values:
            return None
        told = self._objective in values
        if told:
            self._learn_unit(marks)
            self._advance(marks)
        return Observation(values, self.units if told else self._step(marks), self.units if told else None)

    def _learn_unit(self, marks: Mapping[str, float]) -> None:
        if self._unit_name is None:
            self._unit_name = next((name for name in UNIT_NAMES if name in marks), "")
            self.zero_based = self.zero_based or marks.get(self._unit_name) == 0

    def _advance(self, marks: Mapping[str, float]) -> None:
        mark = _whole(marks.get(self._unit_name or ""))
        if not self._unit_name:
            self.units += 1
        elif mark is not None:
            self.units = max(self.units, mark + self.zero_based)

    def _step(self, marks: Mapping[str, float]) -> int:
        mark = _whole(marks.get("step", marks.get("epoch")))
        if mark is None:
            self._unmarked += 1
            return self._unmarked
        return mark

    def _matches(self, line: str) -> dict[str, float]:
        values: dict[str, float] = {}
        for found in self._pattern.finditer(line) if self._pattern else ():
            groups = found.groupdict()
            if groups.keys() == {"name", "value"}:
                groups = {str(groups["name"]): groups["value"]}
            values |= {name: number for name, text in groups.items() if (number := _number(text)) is not None}
        return values


def numbers_in(line: str) -> dict[str, float]:
    """The named numbers of a line: of a JSON object, else of its pairs."""
    if line.lstrip().startswith("{") and (found := _json_numbers(line)) is not None:
        return found
    line = _without_bars(line)
    marks = {found[1].lower(): float(found[2]) for found in _MARKER.finditer(line)}
    return marks | {found[1]: float(found[2]) for found in _PAIR.finditer(line)}


def improved(best: Mapping[str, float], values: Mapping[str, float], directions: Mapping[str, str]) -> dict[str, float]:
    """The best of each objective over `best` and `values`; NaN is never better than a number."""
    result = dict(best)
    for name, direction in directions.items():
        value = values.get(name)
        if value is None or math.isnan(value):
            continue
        sign = 1 if direction == "maximize" else -1
        if name not in result or sign * value > sign * result[name]:
            result[name] = value
    return result


def _last_writing(line: bytes | bytearray) -> str:
    return line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")


def _without_bars(line: str) -> str:
    """A progress bar says nothing while it runs; of one that is done and ends its line the label and the numbers stay."""

    def kept(found: re.Match[str]) -> str:
        done = found[1] == "100" and not line[found.end() :].strip()
        return " " + found[2].partition(",")[2] if done else " "

    return _BAR.sub(kept, line)


def _json_numbers(line: str) -> dict[str, float] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return dict(_flat(data, "")) if isinstance(data, dict) else None


def _flat(data: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, float]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            with contextlib.suppress(OverflowError):  # an integer that no float can hold
                yield prefix + name, float(value)


def _whole(mark: float | None) -> int | None:
    return math.floor(mark) if mark is not None and 0 <= mark <= LARGEST_UNIT else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None

"""A window of live rows: what a replica counts of each arm, in constant memory, and hands on in parts that can be merged."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.bins import Tally, tally
from daybreak.monitoring.columns import Texts, Values, measured
from daybreak.monitoring.records import Classes, Column, Counted, Numbers, Partial, Reference, Side, Track, key
from daybreak.monitoring.reference import MOST_CHARACTERS
from daybreak.monitoring.special import Vector

MOST_NEW = 100  # values that the reference does not know, kept by name


class Window:
    """Counts of rows since the last `take`. Not for two threads at once."""

    def __init__(self, reference: Reference) -> None:
        self._columns = [
            *(_Followed("input", column) for column in reference.inputs),
            *(_Followed("output", column) for column in reference.outputs),
        ]
        self._rows = 0
        self._unread = 0

    @property
    def rows(self) -> int:
        """Rows counted since the last `take`."""
        return self._rows

    def add(self, inputs: Values, outputs: Values, rows: int) -> None:
        """Count a batch of `rows` rows. A column that is not there is missing in all of them.

        A column that cannot be measured (of another type than the reference's) counts as missing, and its rows as unread: watching
        never fails a request.
        """
        self._rows += rows
        unread = 0
        for column in self._columns:
            values = (inputs if column.side == "input" else outputs).get(column.name)
            try:
                column.add(values, rows)
            except (TypeError, ValueError, IndexError, AttributeError):
                column.absent(rows)
                unread = rows
        self._unread += unread

    def take(self) -> Partial:
        """What was counted, and begin anew."""
        tracks = {name: counted for column in self._columns for name, counted in column.take()}
        partial = Partial(self._rows, tracks, self._unread)
        self._rows = self._unread = 0
        return partial


class _Followed:
    """One column of a window."""

    def __init__(self, side: Side, column: Column) -> None:
        self.side = side
        self.name = column.name
        self._column = column
        self._tracks: dict[str, _NumberTrack | _ClassTrack] = {
            track.name: _NumberTrack(track) if isinstance(track, Numbers) else _ClassTrack(track)
            for track in column.tracks
        }

    def add(self, values: Any, rows: int) -> None:
        if values is None:
            self.absent(rows)
            return
        parts = measured(self._column, values)
        if any(len(part) != rows for part in parts.values()):
            raise ValueError(f"column {self.name!r} must have {rows} rows, got others")
        for name, track in self._tracks.items():
            if name in parts:
                track.add(parts[name])
            else:
                track.missing += rows

    def absent(self, rows: int) -> None:
        for track in self._tracks.values():
            track.missing += rows

    def take(self) -> list[tuple[str, Counted]]:
        return [(key(self.side, self.name, name), track.take()) for name, track in self._tracks.items()]


class _NumberTrack:
    def __init__(self, track: Numbers) -> None:
        self._edges = np.array(track.edges)
        self._begin()

    def _begin(self) -> None:
        self._bins: NDArray[np.int64] = np.zeros(len(self._edges) + 1, np.int64)
        self.missing = 0
        self._total = self._squares = 0.0
        self._low, self._high = np.inf, -np.inf

    def add(self, values: Vector | Texts) -> None:
        part: Tally = tally(np.asarray(values, np.float64), self._edges)
        self._bins += part.bins
        self.missing += part.missing
        self._total += part.total
        self._squares += part.squares
        self._low, self._high = min(self._low, part.low), max(self._high, part.high)

    def take(self) -> Counted:
        low, high = (self._low, self._high) if self._low <= self._high else (None, None)
        result = Counted(self._bins.tolist(), self.missing, self._total, self._squares, low, high)
        self._begin()
        return result


class _ClassTrack:
    def __init__(self, track: Classes) -> None:
        self._places = {value: i for i, value in enumerate(track.values)}
        self._open = track.rest > 0  # rarer values are known, too, but not by name
        self._begin()

    def _begin(self) -> None:
        self._counts = [0] * (len(self._places) + 1)
        self._new: dict[str, int] = {}
        self._other = 0
        self.missing = 0

    def add(self, values: Vector | Texts) -> None:
        for value, count in Counter(values).items():
            if value is None:
                self.missing += count
                continue
            name = str(value)[:MOST_CHARACTERS]
            place = self._places.get(name)
            if place is not None:
                self._counts[place] += count
            elif self._open:
                self._counts[-1] += count
            else:
                self._other += _counted(self._new, name, count)

    def take(self) -> Counted:
        result = Counted(self._counts, self.missing, new=self._new, other=self._other)
        self._begin()
        return result


def _counted(new: dict[str, int], name: str, count: int) -> int:
    """Count a new value by name while there is room; else the rows that are to be counted without."""
    if name not in new and len(new) >= MOST_NEW:
        return count
    new[name] = new.get(name, 0) + count
    return 0


def merge(left: Partial, right: Partial) -> Partial:
    """Two parts of a window as one; a track that only one has is that one's."""
    tracks = dict(left.tracks)
    for name, counted in right.tracks.items():
        held = tracks.get(name)
        tracks[name] = counted if held is None or len(held.bins) != len(counted.bins) else _merged(held, counted)
    return Partial(left.rows + right.rows, tracks, left.unread + right.unread)


def _merged(left: Counted, right: Counted) -> Counted:
    lows = [low for low in (left.low, right.low) if low is not None]
    highs = [high for high in (left.high, right.high) if high is not None]
    new, other = dict(left.new), left.other + right.other
    for name, count in right.new.items():
        other += _counted(new, name, count)
    return Counted(
        [a + b for a, b in zip(left.bins, right.bins, strict=True)],
        left.missing + right.missing,
        left.total + right.total,
        left.squares + right.squares,
        min(lows, default=None),
        max(highs, default=None),
        new,
        other,
    )


def encode(partial: Partial) -> bytes:
    """A part as JSON."""
    return msgspec.json.encode(partial)


def decode(data: bytes) -> Partial:
    """A part from JSON. Raises `msgspec.DecodeError` where it is none."""
    return msgspec.json.decode(data, type=Partial)


def expected(track: Track) -> int:
    """How many bins a window has for a track."""
    return len(track.edges) + 1 if isinstance(track, Numbers) else len(track.values) + 1


def tracks_of(reference: Reference) -> Mapping[str, tuple[Side, Column, Track]]:
    """All tracks of a reference by their name in windows."""
    sides: tuple[tuple[Side, tuple[Column, ...]], ...] = (("input", reference.inputs), ("output", reference.outputs))
    return {
        key(side, column.name, track.name): (side, column, track)
        for side, columns in sides
        for column in columns
        for track in column.tracks
    }

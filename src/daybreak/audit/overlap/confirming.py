"""Hits confirmed on values: rows kept beside their keys, and compared after both sides were brought to one precision.

What fits is kept whole (128 MiB). Beyond that rows are kept whose key ends in zeros, more zeros the more rows there are: two equal rows are
then kept both or neither, so that a part of all hits is confirmed in one pass and bounded memory; for the others the 128-bit key speaks.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import Column
from daybreak.audit.canonical import both, is_text, plain, texts
from daybreak.audit.overlap.joining import Matches
from daybreak.audit.overlap.keys import Positions
from daybreak.audit.overlap.rowhash import Bits

MOST_BYTES = 1 << 27
_AT_ONCE = 1 << 20  # pairs compared at a time


@dataclass
class Kept:
    """Rows of all sides. `zeros`: lowest bits of the coarse half that must be zero. Entries: side, rows, coarse halves, positions."""

    entries: list[tuple[str, pa.RecordBatch, Bits, Positions]] = field(default_factory=list)
    size: int = 0
    zeros: int = 0

    def joined(self, other: "Kept", most: int = MOST_BYTES) -> "Kept":
        """Both, in place, in bounded memory."""
        zeros = max(self.zeros, other.zeros)
        for part in (self, other):
            part.thin(zeros)
        self.entries += other.entries
        self.size += other.size
        while self.size > most:
            self.thin(self.zeros + 1)
        return self

    def thin(self, zeros: int) -> None:
        """Keep the rows whose keys end with so many zeros."""
        if zeros == self.zeros:
            return
        mask, thinned = np.uint64((1 << zeros) - 1), []
        for side, rows, coarse, positions in self.entries:
            stays = np.flatnonzero((coarse & mask) == 0)
            if len(stays):  # taken, not filtered: as much memory as the rows need
                thinned.append((side, rows.take(pa.array(stays)), coarse[stays], positions[stays]))
        self.entries, self.zeros = thinned, zeros
        self.size = sum(rows.nbytes for _, rows, _, _ in thinned)

    def side(self, name: str) -> tuple[pa.Table | None, Positions]:
        """The kept rows of a side and their positions, ascending."""
        mine = sorted((e for e in self.entries if e[0] == name), key=lambda entry: int(entry[3][0]))
        if not mine:
            return None, np.empty(0, np.int64)
        return pa.Table.from_batches([entry[1] for entry in mine]), np.concatenate([entry[3] for entry in mine])


@dataclass(frozen=True)
class Confirmed:
    """Which matches were compared value for value, and which of these differed."""

    compared: "np.ndarray[Any, np.dtype[np.bool_]]"
    differ: "np.ndarray[Any, np.dtype[np.bool_]]"


def confirm(kept: Kept, sides: tuple[str, str], matches: Matches, columns: tuple[Column, ...]) -> Confirmed:
    """Compare the rows of all matches that were kept."""
    (left, left_at), (right, right_at) = kept.side(sides[0]), kept.side(sides[1])
    compared, differ = np.zeros(len(matches.test), np.bool_), np.zeros(len(matches.test), np.bool_)
    if left is None or right is None:
        return Confirmed(compared, differ)
    places = _places(left_at, matches.train), _places(right_at, matches.test)
    compared = (places[0] >= 0) & (places[1] >= 0)
    which = np.flatnonzero(compared)
    for start in range(0, len(which), _AT_ONCE):
        some = which[start : start + _AT_ONCE]
        differ[some] = _differ(left, places[0][some], right, places[1][some], columns)
    return Confirmed(compared, differ)


def _places(at: Positions, wanted: Positions) -> Positions:
    """Where positions stand in an ascending sequence; -1 where they do not."""
    places = np.minimum(np.searchsorted(at, wanted), len(at) - 1)
    return np.where(at[places] == wanted, places, -1)


def _differ(
    left: pa.Table, left_at: Positions, right: pa.Table, right_at: Positions, columns: tuple[Column, ...]
) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    differ = np.zeros(len(left_at), np.bool_)
    for column in columns:
        mine = plain(left.column(column.name)).take(pa.array(left_at))
        other = plain(right.column(column.name)).take(pa.array(right_at))
        differ |= ~_equal(*both(mine, other, column))
    return differ


def _equal(left: pa.Array, right: pa.Array) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Row by row; missing equals missing."""
    if pa.types.is_floating(left.type) and pa.types.is_floating(right.type):
        mine, other = left.to_numpy(), right.to_numpy()
        return np.asarray((mine == other) | (np.isnan(mine) & np.isnan(other)))
    if pa.types.is_nested(left.type):
        kind = pa.list_(pa.float32(), left.type.list_size)
        mine, other = (side.cast(kind).to_pylist() for side in (left, right))
        return np.array([repr(one) == repr(two) for one, two in zip(mine, other, strict=True)])
    if is_text(left.type) or is_text(right.type):
        mine, other = (texts(side).fill_null("") for side in (left, right))
        return np.asarray(pc.equal(mine, other))
    missing = pc.and_(pc.is_null(left), pc.is_null(right))
    return np.asarray(pc.or_(pc.equal(left, right).fill_null(fill_value=False), missing))

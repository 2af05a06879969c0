"""The keys of all rows of the sides: what the fold of exact overlap carries, in memory or, when there are many, in partitions on disk."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from daybreak.audit.fold import Spill
from daybreak.audit.overlap.rowhash import Bits, Constant

Positions = np.ndarray[Any, np.dtype[np.int64]]
RESIDENT = 1 << 22  # rows of all sides whose keys stay in memory: 32 bytes each
_PARTITION_BITS = 6


class Keys(NamedTuple):
    """Rows, one an entry. `label`: hash of the canonical label, 0 where it is missing."""

    fine: Bits
    coarse: Bits
    label: Bits
    position: Positions

    def those(self, which: "np.ndarray[Any, Any]") -> "Keys":
        """Some of them, by flags or places."""
        return Keys(self.fine[which], self.coarse[which], self.label[which], self.position[which])


def gathered(parts: list[Keys]) -> Keys:
    """One of many."""
    if not parts:
        none = np.empty(0, np.uint64)
        return Keys(none, none, none, np.empty(0, np.int64))
    return parts[0] if len(parts) == 1 else Keys(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass
class SideKeys:
    """One side so far.

    `constants`: columns with one value throughout; `precisions`: column -> how it is stored there; `classes`: hash of a label -> its text.
    """

    parts: list[Keys] = field(default_factory=list)
    rows: int = 0
    resident: int = 0
    constants: dict[str, Constant] = field(default_factory=dict)
    precisions: dict[str, str] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)
    labels: int = 0  # rows that have one
    counts: Counter[int] = field(default_factory=Counter)  # rows of each class

    def joined(self, other: "SideKeys") -> "SideKeys":
        """Both, in place."""
        if self.rows and other.rows:
            both = self.constants.items() & other.constants.items()
            self.constants = dict(both)
        elif other.rows:
            self.constants = other.constants
        self.parts += other.parts
        self.rows += other.rows
        self.resident += other.resident
        self.labels += other.labels
        self.counts.update(other.counts)
        self.precisions |= other.precisions
        self.classes |= other.classes
        return self


class Partitions:
    """Keys on disk, by the highest bits of the coarse half: rows that may be equal are in one partition."""

    def __init__(self, spill: Spill, name: str = "overlap.exact") -> None:
        self._spill, self._name = spill, name
        self.used = False

    def flush(self, side: str, keys: SideKeys) -> None:
        """Move what is in memory to the disk."""
        self.write(side, gathered(keys.parts))
        keys.parts, keys.resident = [], 0

    def write(self, side: str, keys: Keys) -> None:
        """Append rows."""
        self.used = True
        places = (keys.coarse >> np.uint64(64 - _PARTITION_BITS)).astype(np.uint8)
        order = np.argsort(places, kind="stable")
        bounds = np.searchsorted(places[order], np.arange((1 << _PARTITION_BITS) + 1))
        for number, (start, end) in enumerate(pairwise(bounds)):
            if end > start:
                rows = [pa.array(column) for column in keys.those(order[start:end])]
                self._spill.write(self._named(side, number), pa.RecordBatch.from_arrays(rows, list(Keys._fields)))

    def read(self, side: str) -> Iterator[Keys]:
        """Partition after partition."""
        for number in range(1 << _PARTITION_BITS):
            batches = self._spill.read(self._named(side, number))
            yield gathered([Keys(*(column.to_numpy() for column in batch.columns)) for batch in batches])

    def _named(self, side: str, number: int) -> str:
        return f"{self._name}/{side}/{number:02}"

    def renamed(self, name: str) -> "Partitions":
        """Other partitions of the same storage."""
        return Partitions(self._spill, f"{self._name}.{name}")

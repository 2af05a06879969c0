"""A sample of rows that fits in memory: what most audits look at. Complete where the data is small enough.

Each row draws a key from (seed, position) and the rows with the lowest keys stay: the same sample however the data was cut into
batches, and two samples merge into that of both.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit.about import About

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Part:
    """Rows of one side. `positions`: where each stands there, ascending. `total`: how many rows the side has."""

    rows: pa.Table
    positions: Positions
    total: int

    @property
    def complete(self) -> bool:
        """Whether every row of the side is here."""
        return len(self.positions) == self.total


@dataclass(frozen=True)
class Frame:
    """What an examination is given: both sides (and validation where there is one), in memory."""

    about: About
    train: Part
    test: Part
    validation: Part | None = None
    seed: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Rows of train and test that are here."""
        return {"train": len(self.train.positions), "test": len(self.test.positions)}


@dataclass
class Kept:
    """The part of the sampling fold: per side the kept rows, their keys and positions, and the count of all."""

    tables: dict[str, list[pa.Table]]
    keys: dict[str, list[Any]]
    positions: dict[str, list[Positions]]
    totals: dict[str, int]


class Sampling:
    """The fold that keeps at most `most` rows of each side."""

    def __init__(self, about: About, most: int, seed: int = 0) -> None:
        self.about, self.most, self.seed = about, most, seed

    def partial(self, side: str, start: int, batch: pa.RecordBatch) -> Kept:
        """The rows of one batch, the lowest keys only."""
        positions = np.arange(start, start + batch.num_rows, dtype=np.int64)
        kept = Kept({side: [pa.Table.from_batches([batch])]}, {}, {side: [positions]}, {side: batch.num_rows})
        kept.keys[side] = [_keys(positions, self.seed)]
        return self._cut(kept, side, slack=1)

    def merge(self, left: Kept, right: Kept) -> Kept:
        """The sample of both."""
        for side, count in right.totals.items():
            left.totals[side] = left.totals.get(side, 0) + count
            left.tables.setdefault(side, []).extend(right.tables[side])
            left.keys.setdefault(side, []).extend(right.keys[side])
            left.positions.setdefault(side, []).extend(right.positions[side])
            self._cut(left, side, slack=2)
        return left

    def _cut(self, kept: Kept, side: str, slack: int) -> Kept:
        """Keep the rows with the lowest keys, once there are more than `slack` times as many as wanted."""
        count = sum(len(keys) for keys in kept.keys[side])
        if count <= self.most * slack:
            return kept
        keys, positions = np.concatenate(kept.keys[side]), np.concatenate(kept.positions[side])
        chosen = np.sort(np.argpartition(keys, self.most - 1)[: self.most])
        table = pa.concat_tables(kept.tables[side]).take(pa.array(chosen)).combine_chunks()
        kept.tables[side], kept.keys[side], kept.positions[side] = [table], [keys[chosen]], [positions[chosen]]
        return kept

    def frame(self, kept: Kept | None) -> Frame:
        """The finished sample. Sides without a row are empty tables."""
        parts = {side: self._part(kept, side) for side in ("train", "test", "validation")}
        validation = parts["validation"] if kept and "validation" in kept.totals else None
        return Frame(self.about, parts["train"], parts["test"], validation, self.seed)

    def _part(self, kept: Kept | None, side: str) -> Part:
        if kept is None or side not in kept.totals:
            return Part(pa.table({}), np.empty(0, np.int64), 0)
        self._cut(kept, side, slack=1)
        positions = np.concatenate(kept.positions[side])
        rows = pa.concat_tables(kept.tables[side]).combine_chunks()
        order = np.argsort(positions)
        if (order[1:] < order[:-1]).any():
            rows, positions = rows.take(pa.array(order)), positions[order]
        return Part(rows, positions, kept.totals[side])


def _keys(positions: Positions, seed: int) -> "np.ndarray[Any, np.dtype[np.uint64]]":
    """splitmix64 of (seed, position): Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014."""
    with np.errstate(over="ignore"):
        z = positions.astype(np.uint64) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

"""Test samples that stand in train, value for value: a fold over all rows of all sides, in bounded memory.

One pass keeps a 128-bit key a row (`rowhash`), in memory or in partitions on disk (`keys`), and the rows themselves as far as they fit
(`confirming`). At the end sides are joined on sorted keys (`joining`), hits compared value for value, and the overlap is held
against what an honest split would give (`null`).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from daybreak.audit.about import About, Column
from daybreak.audit.fold import Spill
from daybreak.audit.outcome import Hits, Outcome, answered
from daybreak.audit.overlap import comparing, labelling, telling
from daybreak.audit.overlap.confirming import MOST_BYTES, Kept, confirm
from daybreak.audit.overlap.joining import Joined
from daybreak.audit.overlap.keys import RESIDENT, Keys, Partitions, SideKeys, gathered
from daybreak.audit.overlap.rowhash import Constant, hashed, precision

RULE = "overlap.exact"
_PAIRS = (("train", "test"), ("train", "validation"), ("validation", "test"))


@dataclass
class Part:
    """What was read. `waiting`: batches read before it was known which columns are compared."""

    sides: dict[str, SideKeys] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    waiting: list[tuple[str, int, pa.RecordBatch]] = field(default_factory=list)


def exact(about: About, spill: Spill) -> "Exact":
    """The fold of `overlap.exact`. Raises `NotApplicable` where there is no column to compare."""
    return Exact(about, spill)


class Exact:
    """See `exact`. `resident`: rows whose keys stay in memory; `kept_bytes`: of rows kept for comparing values."""

    def __init__(self, about: About, spill: Spill, resident: int = RESIDENT, kept_bytes: int = MOST_BYTES) -> None:
        self.about = about
        self._compared = comparing.candidates(about)
        self._decided = False
        self._disk = Partitions(spill, RULE)
        self._resident, self._kept_bytes = resident, kept_bytes

    def partial(self, side: str, start: int, batch: pa.RecordBatch) -> Part:
        """The keys of one batch; the batch itself until it is known which columns are compared."""
        if not batch.num_rows:
            return Part()
        if self._decided:
            return self._read(side, start, batch)
        return Part(waiting=[(side, start, batch.select([column.name for column in self._columns()]))])

    def merge(self, left: Part, right: Part) -> Part:
        """Keys of both, in memory as far as they fit."""
        self._settle(left)
        self._settle(right)
        left.waiting += right.waiting
        self._join(left, right)
        self._decide(left)
        self._settle(left)
        if sum(side.resident for side in left.sides.values()) > self._resident:
            self._flush(left)
        return left

    def finish(self, part: Part | None) -> Outcome:
        """Join the sides, confirm, judge, tell."""
        part = part or Part()
        self._decide(part, last=True)
        self._settle(part)
        empty = [name for name in ("train", "test") if name not in part.sides]
        if empty:
            return Outcome(RULE, "not_applicable", why=f"there is no row in {' and '.join(empty)}")
        if self._disk.used:
            self._flush(part)
        overlaps = [self._overlap(part, pair) for pair in _PAIRS if {*pair} <= part.sides.keys()]
        matches = overlaps[0].matches
        return answered(
            RULE,
            telling.findings(self.about, overlaps),
            measured=telling.measured(self._compared, overlaps),
            hits=Hits(matches.test, matches.train, np.ones(len(matches.test), np.float32)),
        )

    def _columns(self) -> tuple[Column, ...]:
        target = self._compared.target
        return (*self._compared.columns, target) if target else self._compared.columns

    def _decide(self, part: Part, *, last: bool = False) -> None:
        """Which columns are compared, by the first train rows; once these are all there, however they came in batches."""
        if self._decided or not part.waiting:
            return
        rows = _from_the_start(part)
        over = bool(rows) and any(side != "train" for side, _, _ in part.waiting)
        wanted = min(comparing.SAMPLE, self.about.rows.get("train", comparing.SAMPLE))
        if not last and not over and sum(batch.num_rows for batch in rows) < wanted:
            return
        self._decided = True
        if rows:
            sample = pa.Table.from_batches(rows).slice(0, comparing.SAMPLE)
            self._compared = comparing.without_names(self._compared, sample)

    def _settle(self, part: Part) -> None:
        """Read what waited."""
        if self._decided:
            waiting, part.waiting = part.waiting, []
            for side, start, batch in waiting:
                self._join(part, self._read(side, start, batch))

    def _join(self, left: Part, right: Part) -> None:
        for name, keys in right.sides.items():
            left.sides[name] = left.sides[name].joined(keys) if name in left.sides else keys
        left.kept = left.kept.joined(right.kept, self._kept_bytes)

    def _read(self, side: str, start: int, batch: pa.RecordBatch) -> Part:
        """Hash one batch."""
        compared, target = self._compared.columns, self._compared.target
        rows = hashed(batch, compared)
        as_classes = self.about.task == "classification"
        label = labelling.of(batch.column(target.name), target, as_classes=as_classes) if target else None
        positions = np.arange(start, start + batch.num_rows, dtype=np.int64)
        labels = label.hashes if label else np.zeros(batch.num_rows, np.uint64)
        keys = SideKeys(
            parts=[Keys(rows.fine, rows.coarse, labels, positions)],
            rows=batch.num_rows,
            resident=batch.num_rows,
            constants=rows.constants,
            precisions={column.name: precision(batch.schema.field(column.name).type) for column in compared},
            classes=label.classes if label else {},
            labels=int(np.count_nonzero(labels)),
            counts=label.counts if label else Counter(),
        )
        values = batch.select([column.name for column in compared])
        return Part({side: keys}, Kept([(side, values, rows.coarse, positions)], values.nbytes))

    def _flush(self, part: Part) -> None:
        for name, keys in part.sides.items():
            self._disk.flush(name, keys)

    def _overlap(self, part: Part, pair: tuple[str, str]) -> telling.Overlap:
        """Join two sides."""
        left, right = (part.sides[name] for name in pair)
        coarse_only = any(right.precisions.get(name) != kind for name, kind in left.precisions.items())
        apart = _apart(left, right, coarse_only=coarse_only)
        changed = labelling.respelled(left.classes, right.classes)
        joined = Joined()
        for mine, other in self._partitions(pair, left, right, apart):
            joined.add(
                labelling.relabelled(mine, changed.left),
                labelling.relabelled(other, changed.right),
                coarse_only=coarse_only,
            )
        columns = tuple(column for column in self._compared.columns if column.name not in apart)
        matches = joined.all_matches()
        confirmed = confirm(part.kept, pair, matches, columns)
        joined.take_back(matches.those(confirmed.differ))
        return telling.Overlap(
            pair=pair,
            joined=joined,
            matches=matches.those(~confirmed.differ),
            compared=int(confirmed.compared.sum()),
            refuted=int(confirmed.differ.sum()),
            labelled=bool(left.labels and right.labels),
            spelling=changed.says,
            oversampled="" if changed.left else labelling.oversampled(left.counts, joined.twin_labels, left.classes),
            apart=tuple(sorted(apart)),
        )

    def _partitions(
        self, pair: tuple[str, str], left: SideKeys, right: SideKeys, apart: dict[str, Constant]
    ) -> Iterator[tuple[Keys, Keys]]:
        """Keys of both sides, those that may be equal together; columns that tell the sides apart taken out."""
        if not self._disk.used:
            left.parts, right.parts = [gathered(left.parts)], [gathered(right.parts)]
            yield left.parts[0], _shifted(right.parts[0], apart)
            return
        disk = self._disk
        if apart:
            disk = self._disk.renamed("-".join(pair))
            for keys in self._disk.read(pair[1]):
                disk.write(pair[1], _shifted(keys, apart))
        yield from zip(self._disk.read(pair[0]), disk.read(pair[1]), strict=True)


def _from_the_start(part: Part) -> list[pa.RecordBatch]:
    """The batches of train that waited, as far as they join from the first row on."""
    found, reached = [], 0
    for _, start, batch in sorted((w for w in part.waiting if w[0] == "train"), key=lambda waiting: waiting[1]):
        if start != reached:
            break
        found.append(batch)
        reached += batch.num_rows
    return found


def _apart(left: SideKeys, right: SideKeys, *, coarse_only: bool) -> dict[str, Constant]:
    """Columns with one value on either side, but not the same: they name the side. With what takes them from the right one's keys."""
    found: dict[str, Constant] = {}
    if min(left.rows, right.rows) < comparing.FEW or len(left.constants) == len(left.precisions):
        return found  # in a few rows, or where nothing else is left, one value says nothing
    for name in left.constants.keys() & right.constants.keys():
        mine, other = left.constants[name], right.constants[name]
        if mine.coarse != other.coarse or (mine.fine != other.fine and not coarse_only):
            found[name] = Constant((mine.fine - other.fine) % 2**64, (mine.coarse - other.coarse) % 2**64)
    return found


def _shifted(keys: Keys, apart: dict[str, Constant]) -> Keys:
    if not apart:
        return keys
    fine, coarse = (np.uint64(sum(column) % 2**64) for column in zip(*apart.values(), strict=True))
    return keys._replace(fine=keys.fine + fine, coarse=keys.coarse + coarse)

"""Rows that are equal but for one column: a join for each column on the keys of all others.

Keys are sums over columns (`rowhash`), so a column is taken out by subtraction. That two rows share all values but one says much where the
shared values are rare, and nothing where they are common: train's own rows, held against each other, are the null, and rows are split anew
by lot to see how far it strays. Columns in which train's rows differ alone now and then are judged each by itself (the weight of a census,
which is the one thing that tells people apart), all others together.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.canonical import plain
from daybreak.audit.chance import generator
from daybreak.audit.frame import Frame
from daybreak.audit.overlap.null import BY_LOT, z_of
from daybreak.audit.overlap.rates import EXCESS, Z
from daybreak.audit.overlap.rowhash import Bits, hashed, precision

Places = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
FEWEST_COLUMNS, MOST_COLUMNS = 3, 100  # in wider tables one column hardly moves a row: the nearest neighbour finds it
QUIET = 0.002  # share of train rows up to which a column is judged with the others
_SPLITS, _WORK = 399, 200_000_000  # splits by lot; rows looked at in all of them


class Almost(NamedTuple):
    """Test rows that differ from a train row in one column, where there are more of them than an honest split gives; else none.

    `asked`: different test rows without an equal in train; `share`, `null`, `z`: of these, of train's, and of the difference, where it is
    greatest; `hits`: places of test rows, ascending; `partners`: of train; `column`: which one differs, by its place among `columns`.
    """

    columns: tuple[Column, ...]
    asked: int
    share: float
    null: float
    z: float
    hits: Places
    partners: Places
    column: Places


class _Rows(NamedTuple):
    """Different rows of both sides, train first. `fixed`: of train, with an equal there; they are partners and nothing else."""

    whole: Bits
    in_train: Flags
    fixed: Flags
    place: Places  # on their side


class _Groups(NamedTuple):
    """Rows that are equal but for one column: `row` is of group `group`."""

    row: Places
    group: Places
    groups: int


def all_but_one(frame: Frame, columns: Sequence[Column]) -> Almost | None:
    """Test rows that differ from a train row in one column. None where there are too few or too many columns.

    Test rows with an equal in train are `overlap.exact`'s; so the null, too, is that of train rows without an equal.
    """
    kept = tuple(column for column in columns if not _names_side(frame, column))
    if not FEWEST_COLUMNS <= len(kept) <= MOST_COLUMNS:
        return None
    sides = _keys(frame, kept)
    rows = _rows(*(side.sum(axis=0) for side in sides))
    joined = np.concatenate(
        [side[:, rows.place[of]] for side, of in zip(sides, (rows.in_train, ~rows.in_train), strict=True)], axis=1
    )
    groups = [_grouped(rows.whole - joined[number]) for number in range(len(kept))]
    own = rows.in_train & ~rows.fixed
    twins = [int((_accompanied(rows.in_train, [each]) & own).sum()) for each in groups]
    quiet = [number for number, count in enumerate(twins) if count <= QUIET * own.sum()]
    tried = [*([quiet] if quiet else []), *([number] for number in range(len(kept)) if number not in quiet)]
    shares = [_shares(rows, rows.in_train, [groups[number] for number in some]) for some in tried]
    grave = [
        number
        for some, (share, null, z) in zip(tried, shares, strict=True)
        if z > Z and share - null > EXCESS and _by_lot(rows, [groups[number] for number in some], frame.seed) <= BY_LOT
        for number in some
    ]
    share, null, z = max(shares, key=lambda each: each[2])
    return Almost(kept, int((~rows.in_train).sum()), share, null, z, *_pairs(rows, groups, grave, sides[1].sum(axis=0)))


def _rows(train: Bits, test: Bits) -> _Rows:
    known, once, often = np.unique(train, return_index=True, return_counts=True)
    new, first = np.unique(test, return_index=True)
    first = first[~np.isin(new, known)]
    in_train = np.arange(len(once) + len(first)) < len(once)
    fixed = np.concatenate([often > 1, np.zeros(len(first), np.bool_)])
    return _Rows(np.concatenate([known, test[first]]), in_train, fixed, np.concatenate([once, first]))


def _grouped(keys: Bits) -> _Groups:
    known, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
    row = np.flatnonzero(counts[group] > 1)
    return _Groups(row, group[row], len(known))


def _accompanied(in_train: Flags, groups: list[_Groups]) -> Flags:
    """Rows that have another row in train in one of their groups."""
    found = np.zeros(len(in_train), np.bool_)
    for each in groups:
        of_train = in_train[each.row]
        others = np.bincount(each.group[of_train], minlength=each.groups)[each.group] - of_train
        found[each.row[others > 0]] = True
    return found


def _shares(rows: _Rows, in_train: Flags, groups: list[_Groups]) -> tuple[float, float, float]:
    """Shares of test and of train's own rows that are accompanied, and z of their difference."""
    found, own = _accompanied(in_train, groups), in_train & ~rows.fixed
    counts = int((found & ~in_train).sum()), int((~in_train).sum()), int((found & own).sum()), int(own.sum())
    return counts[0] / max(1, counts[1]), counts[2] / max(1, counts[3]), z_of(*counts)


def _by_lot(rows: _Rows, groups: list[_Groups], seed: int) -> float:
    """How often the difference is reached when rows go to either side by lot; 0 where rows are so many that z says all."""
    splits = min(_SPLITS, _WORK // (1 + sum(len(each.row) for each in groups)))
    if splits < _SPLITS // 2:
        return 0.0
    draw, movable = generator(seed, "overlap.near.table", "by lot"), np.flatnonzero(~rows.fixed)
    share, null, _ = _shares(rows, rows.in_train, groups)
    reached = 0
    for _ in range(splits):
        in_train = np.ones_like(rows.in_train)
        in_train[draw.permutation(movable)[: int((~rows.in_train).sum())]] = False
        other_share, other_null, _ = _shares(rows, in_train, groups)
        reached += other_share - other_null >= share - null
    return (reached + 1) / (splits + 1)


def _pairs(rows: _Rows, groups: list[_Groups], columns: list[int], test: Bits) -> tuple[Places, Places, Places]:
    """All test rows that are accompanied in these columns: their places, a partner's, and the column."""
    partner, which = np.full(len(rows.whole), -1, np.int64), np.full(len(rows.whole), -1, np.int64)
    for number in columns:
        each = groups[number]
        first = np.full(each.groups, -1, np.int64)
        of_train = rows.in_train[each.row]
        first[each.group[of_train]] = each.row[of_train]
        found = first[each.group]
        new = (found >= 0) & ~of_train & (partner[each.row] < 0)
        partner[each.row[new]], which[each.row[new]] = rows.place[found[new]], number
    hit = np.flatnonzero(partner >= 0)
    order = hit[np.argsort(rows.whole[hit])]
    at = np.minimum(np.searchsorted(rows.whole[order], test), max(0, len(order) - 1))
    places = np.flatnonzero(rows.whole[order][at] == test) if len(order) else hit
    return places, partner[order][at[places]], which[order][at[places]]


def _keys(frame: Frame, columns: tuple[Column, ...]) -> tuple[Bits, Bits]:
    """One key a column and row, (columns, rows) of either side."""
    sides: list[list[Bits]] = [[], []]
    for column in columns:
        tables = [part.rows.select([column.name]).combine_chunks() for part in (frame.train, frame.test)]
        kinds = {precision(table.schema.field(column.name).type) for table in tables}
        for side, table in zip(sides, tables, strict=True):
            rows = hashed(table.to_batches()[0], (column,))
            side.append(rows.fine if len(kinds) == 1 else rows.coarse)
    return np.array(sides[0]), np.array(sides[1])


def _names_side(frame: Frame, column: Column) -> bool:
    """Whether either side holds one value alone, and not the same."""
    ends = []
    for part in (frame.train, frame.test):
        values = plain(part.rows[column.name])
        if len(values.unique()) > 1:
            return False
        ends.append(values[0].as_py())
    return bool(ends[0] != ends[1])

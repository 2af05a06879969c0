"""Two sides' keys joined: which test rows have an equal in train, and how often rows repeat within train and across.

A semi-join on sorted keys: only rows whose key repeats or is on both sides are looked at further.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from daybreak.audit.outcome import MOST_PLACES
from daybreak.audit.overlap.keys import Keys, Positions
from daybreak.audit.overlap.rowhash import Bits

FEW = 3  # equals in train up to which an overlap may be due to copies: see `null`
Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass
class Counts:
    """How rows repeat.

    `hits`: test rows with an equal train row; `twins`: train rows with another equal one; `few_*`: those with at most three such;
    `test_twins`: within test; `repeats`, `test_repeats`: rows that would go if each stood once;
    `sizes`: rows of both sides that are equal -> how many such groups, from two rows.
    """

    train_rows: int = 0
    test_rows: int = 0
    hits: int = 0
    twins: int = 0
    few_hits: int = 0
    few_twins: int = 0
    test_twins: int = 0
    repeats: int = 0
    test_repeats: int = 0
    sizes: Counter[int] = field(default_factory=Counter)

    def add(self, in_train: Positions, in_test: Positions) -> None:
        """Groups of equal rows: how many of each are in train and in test."""
        self.hits += int(in_test[in_train >= 1].sum())
        self.twins += int(in_train[in_train > 1].sum())
        self.few_hits += int(in_test[(in_train >= 1) & (in_train <= FEW)].sum())
        self.few_twins += int(in_train[(in_train > 1) & (in_train <= FEW + 1)].sum())
        self.test_twins += int(in_test[in_test > 1].sum())
        self.repeats += int((in_train[in_train > 1] - 1).sum())
        self.test_repeats += int((in_test[in_test > 1] - 1).sum())
        sizes, counts = np.unique(in_train + in_test, return_counts=True)
        self.sizes.update({int(size): int(count) for size, count in zip(sizes, counts, strict=True) if size > 1})


class Matches(NamedTuple):
    """Test rows with an equal in train, and that one. `same_label`: there is one with the same label, and it is the partner."""

    test: Positions
    train: Positions
    same_label: Flags

    def those(self, which: "Flags | Positions") -> "Matches":
        """Some of them."""
        return Matches(self.test[which], self.train[which], self.same_label[which])


@dataclass
class Joined:
    """What partitions add up to.

    `conflicting`: train rows that have a twin with another label; `twin_labels`: how many twins have each label (its hash);
    `again`: positions of train rows that repeat an earlier one, the first thousand.
    """

    features: Counts = field(default_factory=Counts)
    labelled: Counts = field(default_factory=Counts)
    conflicting: int = 0
    twin_labels: Counter[int] = field(default_factory=Counter)
    again: list[int] = field(default_factory=list)
    matches: list[Matches] = field(default_factory=list)

    def add(self, train: Keys, test: Keys, *, coarse_only: bool) -> None:
        """Join one partition of both sides."""
        for counts in (self.features, self.labelled):
            counts.train_rows += len(train.position)
            counts.test_rows += len(test.position)
        first = "coarse" if coarse_only else "fine"
        wanted = _repeated(getattr(train, first), getattr(test, first))
        if len(wanted):
            train, test = (side.those(_among(getattr(side, first), wanted)) for side in (train, test))
            self._group(_Sorted.of(train, test, coarse_only=coarse_only))

    def _group(self, rows: "_Sorted") -> None:
        train, test = ~rows.of_test, rows.of_test
        by_group = [np.bincount(rows.group[of], minlength=rows.groups) for of in (train, test)]
        by_label = [np.bincount(rows.labelled[of], minlength=rows.labels) for of in (train, test)]
        self.features.add(*by_group)
        self.labelled.add(*by_label)
        own = by_label[0][rows.labelled[train]]
        others = by_group[0][rows.group[train]]
        self.conflicting += int((own < others).sum())
        self._count_labels(rows.label[train][others > 1])
        again = train[1:] & train[:-1] & (rows.labelled[1:] == rows.labelled[:-1])
        self.again = sorted([*self.again, *rows.position[1:][again].tolist()])[:MOST_PLACES]
        hit = test & (by_group[0][rows.group] > 0)
        same = by_label[0][rows.labelled[hit]] > 0
        partner = np.where(
            same,
            _first(rows.labelled, train, rows)[rows.labelled[hit]],
            _first(rows.group, train, rows)[rows.group[hit]],
        )
        self.matches.append(Matches(rows.position[hit], partner, same))

    def _count_labels(self, labels: Bits) -> None:
        found, counts = np.unique(labels, return_counts=True)
        if len(found) <= MOST_PLACES:  # more are values of a regression
            self.twin_labels.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))

    @property
    def conflicts_by_chance(self) -> float:
        """The chance that two twins differ in their label if labels had nothing to do with the features."""
        total = sum(self.twin_labels.values())
        return 1 - sum((count / total) ** 2 for count in self.twin_labels.values()) if total else 1.0

    def take_back(self, refuted: Matches) -> None:
        """Matches whose values differ after all are no hits."""
        self.features.hits -= len(refuted.test)
        self.labelled.hits -= int(refuted.same_label.sum())

    def all_matches(self) -> Matches:
        """All, by the position in test."""
        if not self.matches:
            return Matches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))
        found = Matches(*(np.concatenate(column) for column in zip(*self.matches, strict=True)))
        order = np.argsort(found.test)
        return found.those(order)


class _Sorted(NamedTuple):
    """Rows of both sides, equal ones beside each other: the number of their group, and of their group and label."""

    group: Positions
    labelled: Positions
    label: Bits
    of_test: Flags
    position: Positions

    @classmethod
    def of(cls, train: Keys, test: Keys, *, coarse_only: bool) -> "_Sorted":
        fine, coarse, label, position = (np.concatenate(pair) for pair in zip(train, test, strict=True))
        of_test = np.arange(len(position)) >= len(train.position)
        by = (coarse,) if coarse_only else (coarse, fine)
        order = np.lexsort((position, of_test, label, *by))
        new = _changes([half[order] for half in by])
        new_label = new | _changes([label[order]])
        return cls(np.cumsum(new) - 1, np.cumsum(new_label) - 1, label[order], of_test[order], position[order])

    @property
    def groups(self) -> int:
        return int(self.group[-1]) + 1

    @property
    def labels(self) -> int:
        return int(self.labelled[-1]) + 1


def _changes(columns: list[Bits] | list[Positions]) -> Flags:
    """Where a sorted sequence of rows begins another value."""
    new = np.zeros(len(columns[0]), np.bool_)
    new[0] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def _first(group: Positions, train: Flags, rows: _Sorted) -> Positions:
    """The lowest position of a train row, by group, whose rows stand side by side; the highest integer where there is none."""
    starts = np.flatnonzero(_changes([group]))
    return np.asarray(np.minimum.reduceat(np.where(train, rows.position, np.iinfo(np.int64).max), starts))


def _repeated(train: Bits, test: Bits) -> Bits:
    """Values that are on both sides, or more than once on one; sorted."""
    train, test = np.sort(train), np.sort(test)
    twice = [side[1:][side[1:] == side[:-1]] for side in (train, test)]
    return np.unique(np.concatenate([*twice, test[_among(test, train)]]))


def _among(values: Bits, wanted: Bits) -> Flags:
    """Which values are in a sorted sequence."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    return np.asarray(wanted[places] == values)

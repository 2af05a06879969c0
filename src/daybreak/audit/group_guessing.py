"""Which columns may be groups nobody declared: by their names, by values that look like codes, by parts of files' names.

A guess needs values that repeat, as those of patients and speakers do. A plain category (sex, education) is none, however alike its rows
are: it has few values and the name of a property. Neither is what the target is: a part of the name that says the class.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import NAME, Column
from daybreak.audit.canonical import plain
from daybreak.audit.encoding import Codes, category_codes, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.group_names import has_digits, looks_coded, names_ids, names_people, names_things

FEWEST_PEOPLE = 3
FEWEST_THINGS = 10
FEWEST_CODES = 20
FEWEST_TOKENS = 3  # of words in files' names; of numbers two
REPEATED = 0.1  # share of rows that share their value with another row, at least
SHOWN = 500  # values that are looked at for their shape


@dataclass(frozen=True)
class Candidate:
    """A column that tells groups. `train`, `test`: codes of the frame's rows, -1 where there is none; `values`: what the codes mean."""

    name: str
    train: Codes
    test: Codes
    values: tuple[str, ...]

    @property
    def shared(self) -> Codes:
        """Codes that stand on both sides."""
        return np.intersect1d(self.train[self.train >= 0], self.test[self.test >= 0])

    @property
    def sides(self) -> tuple[Codes, Codes]:
        """The codes that stand in train, and those that stand in test."""
        return np.unique(self.train[self.train >= 0]), np.unique(self.test[self.test >= 0])

    @property
    def both(self) -> Codes:
        """Codes of train's rows, then test's."""
        return np.concatenate([self.train, self.test])


def candidate(frame: Frame, column: Column) -> Candidate:
    """The groups that a column tells, of whatever type."""
    return Candidate(column.name, *_codes(frame.train.rows[column.name], frame.test.rows[column.name]))


def guessed(frame: Frame, target: tuple[Codes, Codes] | None) -> list[Candidate]:
    """Columns and parts of names that look like groups. `target`: class codes of both sides' rows, -1 where there is none."""
    declared = {column.name for column in frame.about.having("group", "target", "time")}
    found = [
        made
        for column in frame.about.having("feature", "id", "meta")
        if column.name not in declared and _may_be(column) and (made := _looked_at(frame, column)) is not None
    ]
    for token in tokens(frame):
        if token.name not in declared and _token_may_be(token, target):
            found.append(token)  # noqa: PERF401 (two conditions a line are hard to read)
    classes = None if target is None else np.concatenate(target)
    return [one for one in found if classes is None or not _is_target(one.both, classes)]


def _may_be(column: Column) -> bool:
    return column.type in {"integer", "number", "category", "text"} and not column.name.startswith(NAME)


def _looked_at(frame: Frame, column: Column) -> Candidate | None:
    """The column as a candidate, if its name or values are those of a group and values repeat."""
    named = names_people(column.name) or names_things(column.name) or names_ids(column.name)
    if not named and column.type not in {"category", "text"}:
        return None
    if column.type == "number" and not _whole(frame, column):
        return None
    made = candidate(frame, column)
    both = made.both[made.both >= 0]
    counts = np.bincount(both) if len(both) else np.zeros(0, np.int64)
    if not len(both) or counts[counts > 1].sum() < REPEATED * len(both):
        return None
    groups = len(made.values)
    coded = looks_coded(list(made.values[:SHOWN]))
    return made if _enough(column.name, groups, len(both), coded) else None


def _enough(name: str, groups: int, rows: int, coded: bool) -> bool:
    """Whether a column of this name has as many values as groups have, and no plain category."""
    if names_people(name):
        return groups >= FEWEST_PEOPLE
    if names_things(name):
        return groups >= FEWEST_THINGS or (coded and groups >= FEWEST_PEOPLE)
    if coded:
        return groups >= FEWEST_CODES and groups >= rows / 1000
    return names_ids(name) and groups >= max(FEWEST_CODES, rows / 100)


def _whole(frame: Frame, column: Column) -> bool:
    """Whether all numbers are whole: ids with gaps are read as numbers."""
    values = numbers(frame.train.rows[column.name])
    values = values[~np.isnan(values)]
    return bool(len(values)) and bool((values == np.round(values)).all())


def _codes(train: Any, test: Any) -> tuple[Codes, Codes, tuple[str, ...]]:
    """Codes by value; whole numbers are the same value as integers and as floats."""
    sides = [_as_text(side) for side in (plain(train), plain(test))]
    return category_codes(*sides)


def _as_text(array: pa.Array) -> pa.Array:
    if pa.types.is_floating(array.type):
        values = numbers(array)
        if (np.isnan(values) | (values == np.round(values))).all():
            return pa.array(np.nan_to_num(values).astype(np.int64), mask=np.isnan(values)).cast(pa.string())
    return array.cast(pa.string())


def tokens(frame: Frame) -> list[Candidate]:
    """Parts of the files' names: those that the readers give (all names of one pattern), otherwise folders and first parts."""
    given = [column for column in frame.about.columns if column.name.startswith(NAME + ".")]
    if given:
        return [candidate(frame, column) for column in given]
    if not frame.about.files or NAME not in frame.train.rows.column_names or NAME not in frame.test.rows.column_names:
        return []
    sides = [pc.split_pattern(plain(part.rows[NAME]), "/") for part in (frame.train, frame.test)]
    deepest = min(int(pc.max(pc.list_value_length(side)).as_py() or 0) for side in sides)
    parts = {
        f"folder {level + 1} of the name": [_folder(side, level) for side in sides] for level in range(deepest - 1)
    }
    parts["first part of the name"] = [_first_part(side) for side in sides]
    return [Candidate(name, *category_codes(*pair)) for name, pair in parts.items()]


def _folder(split: pa.Array, level: int) -> pa.Array:
    return pa.array([parts[level] if len(parts) > level + 1 else None for parts in split.to_pylist()], pa.string())


def _first_part(split: pa.Array) -> pa.Array:
    """What stands before the first separator of the file's own name, with the folders above: 012_3.png in a/ is a/012."""
    stems = pa.array([parts[-1] for parts in split.to_pylist()], pa.string())
    first = pc.replace_substring_regex(stems, r"[_\-\s.+=].*$", "")
    above = pa.array(["/".join(parts[:-1]) for parts in split.to_pylist()], pa.string())
    return pc.binary_join_element_wise(above, first, "/")


def _token_may_be(token: Candidate, target: tuple[Codes, Codes] | None) -> bool:
    both = token.both[token.both >= 0]
    groups = len(token.values)
    if groups < 2 or len(both) < 2 * groups:  # noqa: PLR2004 (a value of one file says nothing)
        return False
    digits = has_digits(list(token.values[:SHOWN]))
    if digits:
        return True
    words_say_class = target is not None and determines(token.both, np.concatenate(target))
    return groups >= FEWEST_TOKENS and not words_say_class


def _is_target(groups: Codes, classes: Codes) -> bool:
    """Whether groups and classes are the same but for their names."""
    return determines(groups, classes) and determines(classes, groups)


def determines(one: Codes, other: Codes) -> bool:
    """Whether who knows `one` knows `other`, but for one row in a hundred."""
    there = (one >= 0) & (other >= 0)
    if not there.any():
        return False
    pairs, counts = np.unique(np.stack([one[there], other[there]]), axis=1, return_counts=True)
    largest = np.zeros(int(pairs[0].max()) + 1, np.int64)
    np.maximum.at(largest, pairs[0], counts)
    return bool(largest.sum() >= 0.99 * there.sum())

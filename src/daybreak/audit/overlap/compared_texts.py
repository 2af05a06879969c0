"""What comparing two sides' texts gives, before it is put into words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit.about import Column
from daybreak.audit.overlap.rates import Rates
from daybreak.audit.overlap.shingles import Indices

Floats = np.ndarray[Any, np.dtype[np.float32]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Side:
    """Texts of one side that can be compared, each different one once.

    `texts`: normalised; `rows`: row of the sample -> its text, -1 where it is missing or too short. `written`: row -> the text with its
    capitals and punctuation, as a number; `spellings`: those.
    """

    texts: pa.Array
    rows: Indices
    written: Indices
    spellings: pa.Array


@dataclass(frozen=True)
class Likeness:
    """Of rows: the most similar train text (-1: none), the similarity, and whether it stands there unchanged."""

    rows: Indices
    partner: Indices
    similarity: Floats
    same: Bools


@dataclass(frozen=True)
class Judged:
    """`least`: similarity of a copy. `hits`: where in the likeness of test. `rates`: of test, and of train against itself.

    `forms`: most texts of train that are not equal are alike: forms that are filled in, lines of a log. Then likeness is no sign of a copy.
    """

    least: float
    hits: Indices
    rates: Rates
    forms: bool


@dataclass(frozen=True)
class Looked:
    """One column. `alone`: a sample is this text and nothing else, so that unchanged ones are told by `overlap.exact`."""

    column: Column
    train: Side
    test: Side
    found: Likeness
    judged: Judged
    alone: bool


def first_rows(side: Side) -> Indices:
    """Text -> the first row that holds it."""
    found = np.zeros(len(side.texts), np.int64)
    rows = np.flatnonzero(side.rows >= 0)[::-1]
    found[side.rows[rows]] = rows
    return found

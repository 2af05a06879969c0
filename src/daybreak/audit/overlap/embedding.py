"""Near copies by an embedding that stands in the data: a column of vectors, such as a model's features of pictures, sounds or texts.

Vectors are brought to train's mean and length 1 and compared by the cosine; train against itself says what counts as a copy (`thresholds`).
"""

from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.about import Column
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import Hits, NotApplicable, Outcome, Pair, Row
from daybreak.audit.overlap import telling_copies, thresholds
from daybreak.audit.overlap.likeness import Aligned, Likeness, equal, liken
from daybreak.audit.overlap.projection import Floats, Indices, nearest, unit

SHORTEST = 16  # numbers of a vector: with fewer, different samples lie near each other by chance
LOO = 4000  # train vectors that are compared with the rest of train
MOST_PRODUCTS = 2 * 10**11  # multiplications: some 10 seconds on two cores
LEAST_ROWS = 20


def near(frame: Frame, column: Column, rule: str) -> Outcome:
    """Near copies by a column of vectors. Raises `NotApplicable` where there are too few."""
    (train, of_train), (test, of_test) = _vectors(frame.train, column), _vectors(frame.test, column)
    if len(train) < LEAST_ROWS or not len(test):
        raise NotApplicable(
            f"needs {LEAST_ROWS} train vectors and a test vector, {column.name} has {len(train)} and {len(test)}"
        )
    draw = chance.generator(frame.seed, rule, column.name)
    most = max(2 * LEAST_ROWS, MOST_PRODUCTS // train.size)
    own = np.sort(draw.permutation(len(train))[: min(LOO, most // 2)])
    looked_at = np.sort(draw.permutation(len(test))[: most - len(own)])
    middle = train.mean(axis=0)
    points, queries = unit(train - middle), unit(test[looked_at] - middle)
    found = _likeness(queries, points, test[looked_at], train)
    judged = thresholds.judge(_likeness(points[own], points, train[own], train, own), found)
    rows, partners = of_test[looked_at[judged.hits]], of_train[found.partner[judged.hits]]
    hits = Hits(rows, partners, found.similarity[judged.hits])
    shown = zip(rows.tolist(), partners.tolist(), hits.similarity.tolist(), strict=True)
    pairs = tuple(
        Pair(Row("train", left), Row("test", right), alike, f"near by {column.name}") for right, left, alike in shown
    )
    measured = {
        "column": column.name,
        "test_looked_at": len(looked_at),
        "train_looked_at": len(train),
        "train_against_itself": len(own),
    }
    return telling_copies.outcome(rule, "sample", judged, hits, pairs[: telling_copies.SHOWN], measured, of=len(test))


def _vectors(part: Part, column: Column) -> tuple[Floats, Indices]:
    """Vectors that are there and finite, (n, length), and their positions on the side."""
    array = part.rows[column.name].combine_chunks() if column.name in part.rows.column_names else pa.nulls(0)
    there = np.flatnonzero(np.asarray(array.is_valid()))
    flat: Any = array.flatten().to_numpy(zero_copy_only=False) if len(there) else np.empty(0)
    values = flat.astype(np.float32).reshape(-1, *column.shape)
    finite = np.isfinite(values).all(axis=1)
    return values[finite], part.positions[there[finite]]


def _likeness(queries: Floats, points: Floats, raw: Floats, raw_points: Floats, own: Indices | None = None) -> Likeness:
    found = nearest(queries, points, own)
    same = equal(found, raw, raw_points)
    rest = np.flatnonzero(~same)
    aligned = Aligned(found.similarity[rest], np.zeros(found.points[rest].shape, np.int64))
    return liken(found, rest, aligned, same)

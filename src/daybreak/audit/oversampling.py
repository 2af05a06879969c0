"""Were samples made up between train and test rows? SMOTE and its kin (Chawla et al., 2002) put new points on segments between neighbours.

A point p lies between a and b where (p - a) / (b - a) is one and the same number u in all columns. In measured data that happens by
accident only on coarse grids, so it is counted only where the columns agree on u far beyond what their written digits let agree by
accident, and u is no simple fraction. Made up before the split, such points stand on the other side than an end of their segment.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Vector, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import MOST_PLACES, Finding, NotApplicable, Outcome, Pair, Row, answered
from daybreak.audit.prints.sides import digits

RULE = "oversampling"
MOST_POINTS = 4000  # of a side that are looked at
NEIGHBOURS = 16
MOST_COLUMNS = 60
LEAST_COLUMNS = 3
DISTINCT = 20
SAME = 0.999999  # correlation of columns that are one
OPPOSITE = -0.99  # cosine between the directions to the two ends of a segment
LUCK = 1e-2  # segments that agree by accident, expected over all that are looked at
SIMPLE = 16  # fractions with a denominator up to it are simple: grids make them
FEWEST, SHARE = 5, 0.002  # points and their share from which it is told
SHOWN = 6
CHUNK = 500


@dataclass(frozen=True)
class Segments:
    """Points that lie between two others: indices into train's rows followed by test's. `u`: where between a and b."""

    point: Codes
    a: Codes
    b: Codes
    u: Vector


def segments(frame: Frame) -> Outcome:
    """Points between rows of either side. Raises `NotApplicable` with fewer than three columns of measured numbers."""
    X, tolerance, names = _points(frame)
    train = len(frame.train.positions)
    asked = _asked(train, len(X) - train, frame.seed)
    found = _between(X, tolerance, asked)
    across = ((found.point >= train) & ((found.a < train) | (found.b < train))) | (
        (found.point < train) & ((found.a >= train) | (found.b >= train))
    )
    share = len(found.point) / max(len(asked), 1)
    measured = {
        "looked_at": len(asked),
        "between_rows": len(found.point),
        "across_the_split": int(across.sum()),
        "columns": len(names),
    }
    told = len(found.point) >= FEWEST and share >= SHARE and across.sum() >= FEWEST
    of_train = int((asked < train).sum())
    part = {"train": of_train, "test": len(asked) - of_train}
    findings = [_finding(frame, found, across, measured)] if told else []
    return answered(RULE, findings, measured=measured, looked_at=part)


def _points(frame: Frame) -> tuple[Vector, Vector, list[str]]:
    """Columns of numbers in units of their spread, (n + m, d), how precisely each was written, and their names."""
    kept: list[Vector] = []
    tolerances: list[float] = []
    names: list[str] = []
    for column in frame.about.typed("number", "integer"):
        values = np.concatenate([numbers(part.rows[column.name]) for part in (frame.train, frame.test)])
        spread = float(np.nanstd(values)) if not np.isnan(values).all() else 0.0
        if np.isnan(values).any() or spread == 0 or len(np.unique(values)) <= DISTINCT or len(names) == MOST_COLUMNS:
            continue
        scaled = (values - values.mean()) / spread
        if any(abs(float(np.mean(scaled * other))) > SAME for other in kept):
            continue  # the same in another unit
        kept.append(scaled)
        tolerances.append(_written(values) / spread)
        names.append(column.name)
    if len(names) < LEAST_COLUMNS:
        raise NotApplicable(
            f"needs at least {LEAST_COLUMNS} features that are measured numbers without gaps, got {len(names)}"
        )
    return np.column_stack(kept), np.array(tolerances), names


def _written(values: Vector) -> float:
    """Half of the last digit of a column: decimal places that it was written with, or those of a float32 or a float64."""
    single = bool((values == values.astype(np.float32)).all())
    binary = (6e-8 if single else 1e-14) * float(np.abs(values).max())
    return max(binary, 0.5 * 10.0 ** -digits(values))


def _asked(train: int, test: int, seed: int) -> Codes:
    rng = chance.generator(seed, RULE)
    sides = [
        np.arange(count) if count <= MOST_POINTS else rng.choice(count, MOST_POINTS, replace=False)
        for count in (train, test)
    ]
    return np.sort(np.concatenate([sides[0], train + sides[1]]))


def _between(X: Vector, tolerance: Vector, asked: Codes) -> Segments:
    """For each asked point the pair of its neighbours between which it lies, if there is one."""
    from sklearn.neighbors import NearestNeighbors

    many = min(NEIGHBOURS + 1, len(X))
    near = NearestNeighbors(n_neighbors=many, algorithm="brute").fit(X.astype(np.float32))
    left, right = np.triu_indices(many, 1)
    luck = LUCK / max(len(asked) * len(left), 1)
    parts: list[tuple[Any, ...]] = []
    for start in range(0, len(asked), CHUNK):
        points = asked[start : start + CHUNK]
        around = near.kneighbors(X[points].astype(np.float32), return_distance=False)
        hit, pair, u = _collinear(X, tolerance, points, around, left, right, luck)
        parts.append((points[hit], around[hit, left[pair]], around[hit, right[pair]], u))
    joined = [np.concatenate(values) for values in zip(*parts, strict=True)]
    return Segments(*joined)


def _collinear(
    X: Vector, tolerance: Vector, points: Codes, around: Codes, left: Codes, right: Codes, luck: float
) -> tuple[Codes, Codes, Vector]:
    """(which point, which pair, u): the first pair of each point between which it lies."""
    offset = X[around] - X[points][:, None]  # (p, k, d): neighbours, seen from the point
    square = np.einsum("pkd,pkd->pk", offset, offset)
    inner = np.einsum("pkd,pld->pkl", offset, offset)[:, left, right]
    cosine = inner / np.sqrt(np.maximum(square[:, left] * square[:, right], 1e-300))
    hits: list[int] = []
    pairs: list[int] = []
    places: list[float] = []
    for row, pair in zip(*np.nonzero(cosine < OPPOSITE), strict=True):
        if hits and hits[-1] == row:
            continue
        u = _agreed(offset[row, left[pair]], offset[row, right[pair]], tolerance, luck)
        if u is not None:
            hits.append(row)
            pairs.append(pair)
            places.append(u)
    return np.array(hits, np.int64), np.array(pairs, np.int64), np.array(places)


def _agreed(a: Vector, b: Vector, tolerance: Vector, luck: float) -> float | None:
    """Where between a and b the origin lies, if all columns say so; None where they may agree by accident, or at a simple fraction."""
    step = b - a
    moved = np.abs(step) > 8 * tolerance  # columns in which the two differ by more than their last digits
    if moved.sum() < LEAST_COLUMNS or (np.abs(a[~moved]) > 8 * tolerance[~moved]).any():
        return None
    each, slack = -a[moved] / step[moved], 3 * tolerance[moved] / np.abs(step[moved])
    best = int(np.argmin(slack))
    u = float(each[best])
    if not 0 < u < 1 or (np.abs(each - u) > slack + slack[best]).any():
        return None
    accident = np.prod(np.minimum(2 * (np.delete(slack, best) + slack[best]), 1.0))
    return None if accident > luck or _simple(u, float(slack[best])) else u


def _simple(u: float, slack: float) -> bool:
    return any(abs(u * unit - round(u * unit)) <= (slack + 1e-6) * unit for unit in range(1, SIMPLE + 1))


def _finding(frame: Frame, found: Segments, across: Any, measured: dict[str, Any]) -> Finding:
    train = len(frame.train.positions)
    points = found.point[across]
    of_test, of_train = points[points >= train] - train, points[points < train]
    looked, between, crossing = measured["looked_at"], measured["between_rows"], measured["across_the_split"]
    return Finding(
        RULE,
        "warning",
        f"Of {looked:,} rows that were looked at {between:,} lie exactly between two others, as made-up samples do (SMOTE), "
        f"and {crossing:,} of them between rows of the other side: the data was oversampled before the split.",
        "high",
        because=f"In {measured['columns']} columns they agree on one place between their ends; by accident fewer than {LUCK:g} "
        "such rows are expected.",
        matters="Test rows are mixtures of train rows, or train rows of test rows: the score is too good, "
        "and test has the wrong mix of classes.",
        advice="Split first, then oversample train alone; test keeps only rows that were measured.",
        rows={
            "train": tuple(frame.train.positions[of_train[:MOST_PLACES]].tolist()),
            "test": tuple(frame.test.positions[of_test[:MOST_PLACES]].tolist()),
        },
        pairs=_pairs(frame, found, across),
        measured=measured,
    )


def _pairs(frame: Frame, found: Segments, across: Any) -> tuple[Pair, ...]:
    """A few made-up points of one side, each with an end on the other."""
    train, pairs = len(frame.train.positions), []
    for index in np.flatnonzero(across)[:SHOWN]:
        point, a, b = (int(one[index]) for one in (found.point, found.a, found.b))
        end = a if (a < train) != (point < train) else b
        inner, outer = sorted((point, end))
        place = f"{100 * found.u[index]:.0f} % of the way between two rows, one of them this one"
        pairs.append(
            Pair(
                Row("train", int(frame.train.positions[inner])),
                Row("test", int(frame.test.positions[outer - train])),
                note=place,
            )
        )
    return tuple(pairs)

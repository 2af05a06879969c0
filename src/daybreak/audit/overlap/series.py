"""Windows of the test series that stand in train.

Each numeric column is cut into windows, each brought to mean 0 and length 1, so that level and scale make no difference, and compared
with the windows of train at every offset: the nearest by correlation, as a matrix profile finds them (Yeh et al., "Matrix profile I",
2016), here by blocked matrix products. Train's own windows are compared with train in the same way, trivial neighbours left out, which
is the null: a season or a daily course repeats in train, too, and what repeats everywhere stands out nowhere (`thresholds`). A series
repeats itself by nature, so what train does as often is no finding here; single windows are told only where they are ten times nearer
to train than any window of train is to another. Windows that are flat or hold few different values are not compared.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import Column
from daybreak.audit.encoding import category_codes, numbers
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import Hits, NotApplicable, Outcome, Pair, Row, answered
from daybreak.audit.overlap import telling_copies, thresholds
from daybreak.audit.overlap.likeness import Aligned, Likeness, liken
from daybreak.audit.overlap.projection import BLOCKS, Candidates, Floats, Indices
from daybreak.audit.overlap.thresholds import Judged

RULE = "overlap.near.series"
LONGEST, SHORTEST = 48, 16  # rows of a window
WINDOWS = 40  # of the shorter side, before windows become longer
FEWEST = 8  # windows that either side must hold
MOST_PAIRS = 3 * 10**8  # of windows in a column: a second on two cores
MOST_COLUMNS = 16
OVERLAP = 2  # train's windows against train start every half window
DISTINCT = 5  # values that a window must hold; and it changes from row to row half of the time
NEARER = 10  # times, than any two windows of train are to each other
EVERYWHERE = 1e-3  # 1 - correlation: windows to which most of train is nearer than this stand out by nothing
ROWS = 512


@dataclass(frozen=True)
class Series:
    """One side in the order of time, group after group. `order`: the rows' places in the sample. `group`: a number for each row."""

    part: Part
    order: Indices
    group: Indices


@dataclass(frozen=True)
class Found:
    """One column. `starts`: of test's windows, in the order of time; `likeness`: their best partners' starts in train."""

    column: Column
    width: int
    starts: Indices
    judged: Judged
    likeness: Likeness


def near(frame: Frame) -> Outcome:
    """Copied windows of a series. Raises `NotApplicable` where rows stand in no order, or are too few."""
    _check(frame)
    train, test = _series(frame)
    width = int(np.clip(min(len(train.order), len(test.order)) // WINDOWS, SHORTEST, LONGEST))
    columns = [c for c in frame.about.columns if c.type in {"number", "integer"} and c.purpose in {"feature", "target"}]
    found = [one for column in columns[:MOST_COLUMNS] if (one := _compared(train, test, column, width)) is not None]
    if not found:
        raise NotApplicable(
            f"needs a numeric column with {FEWEST} windows of {width} rows on either side that are not flat"
        )
    measured = {"window": width, "columns": [one.column.name for one in found]}
    hit = [one for one in found if len(one.judged.hits)]
    if not hit:
        return answered(
            RULE, measured=measured | {"test_near_copies": 0, "test_looked_at": sum(len(one.starts) for one in found)}
        )
    worst = max(hit, key=lambda one: (one.judged.rates.kind == "structural", one.judged.rates.z))
    told = [one for one in hit if one.judged.rates.kind == worst.judged.rates.kind]
    measured |= {
        "column": worst.column.name,
        "test_looked_at": len(worst.starts),
        "also": [one.column.name for one in told if one is not worst],
    }
    pairs = tuple(_pair(train, test, worst, hit) for hit in worst.judged.hits[: telling_copies.SHOWN])
    return telling_copies.outcome(RULE, "window", worst.judged, _hits(train, test, told), pairs, measured)


def _check(frame: Frame) -> None:
    if not (frame.about.task == "forecast" or frame.about.ordered or frame.about.having("time")):
        raise NotApplicable(
            "needs rows that stand in an order: name a column of times with --time, or declare --task forecast"
        )
    for side, part in (("train", frame.train), ("test", frame.test)):
        if not part.complete:
            raise NotApplicable(
                f"windows need all rows in a row: {side} has {part.total:,}, the sample {len(part.positions):,}; raise --rows"
            )


def _series(frame: Frame) -> tuple[Series, Series]:
    """Both sides by group and time; in the order of the file where there is no time."""
    parts, declared = (frame.train, frame.test), frame.about.having("group")
    groups = [np.zeros(len(part.positions), np.int64) for part in parts]
    for column in declared[:1]:
        first, second, _ = category_codes(frame.train.rows[column.name], frame.test.rows[column.name])
        groups = [np.asarray(first, np.int64), np.asarray(second, np.int64)]
    found = []
    for part, group in zip(parts, groups, strict=True):
        keys = {"group": pa.array(group)}
        order = [("group", "ascending")]
        for column in frame.about.having("time")[:1]:
            keys["time"] = part.rows[column.name].combine_chunks()
            order.append(("time", "ascending"))
        keys["place"] = pa.array(np.arange(len(group)))
        places = pc.sort_indices(pa.table(keys), sort_keys=[*order, ("place", "ascending")]).to_numpy().astype(np.int64)
        found.append(Series(part, places, group[places]))
    return found[0], found[1]


def _compared(train: Series, test: Series, column: Column, width: int) -> Found | None:
    """One column of both sides; None where too little of it can be compared."""
    own, windows = _windows(train, column, width)
    starts, queries = _windows(test, column, width)
    most = max(FEWEST * OVERLAP, MOST_PAIRS // max(1, len(own)))
    chosen, asked = _every(starts, width, most), _every(own, width // OVERLAP, most)
    if len(chosen) < FEWEST or len(asked) < FEWEST * OVERLAP:
        return None
    null = _likeness(windows[asked], windows, own, own[asked], width)
    found = _likeness(queries[chosen], windows, own)
    judged = thresholds.judge(null, found, OVERLAP)
    if judged.rates.kind != "structural":
        judged = thresholds.judge_at(null, found, min(thresholds.SURE, float(null.ratio.min()) / NEARER), OVERLAP)
    return Found(column, width, starts[chosen], judged, found)


def _windows(side: Series, column: Column, width: int) -> tuple[Indices, Floats]:
    """Starts and windows (n, width) of mean 0 and length 1 that lie in one group and are not flat, at every offset."""
    values = np.asarray(numbers(side.part.rows[column.name]), np.float64)[side.order]
    if len(values) < width:
        return np.empty(0, np.int64), np.empty((0, width), np.float32)
    finite = np.isfinite(values)
    values = np.where(finite, values, 0) - (values[finite].mean() if finite.any() else 0)
    views = np.lib.stride_tricks.sliding_window_view(values, width)
    whole = np.lib.stride_tricks.sliding_window_view(finite & np.isfinite(values), width).all(axis=1)
    usable = whole & (side.group[: len(views)] == side.group[width - 1 :])
    kept, parts = [np.empty(0, np.int64)], [np.empty((0, width), np.float32)]
    for first in range(0, len(views), ROWS * 8):
        rows = first + np.flatnonzero(usable[first : first + ROWS * 8])
        block = views[rows]
        centred = block - block.mean(axis=1, keepdims=True)
        length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
        distinct = 1 + (np.diff(np.sort(block, axis=1), axis=1) > 0).sum(axis=1)
        changes = (np.diff(block, axis=1) != 0).sum(axis=1)
        shows = (
            (distinct >= DISTINCT) & (changes >= width // 2) & (length[:, 0] > 1e-9 * (1 + np.abs(block).max(axis=1)))
        )
        kept.append(rows[shows])
        parts.append((centred[shows] / length[shows]).astype(np.float32))
    return np.concatenate(kept), np.concatenate(parts)


def _every(starts: Indices, step: int, most: int) -> Indices:
    """Places of windows that start at least `step` rows apart; spread over all where that are too many."""
    chosen, last = [], -step
    for place, start in enumerate(starts.tolist()):
        if start >= last + step:
            chosen.append(place)
            last = start
    found = np.array(chosen, np.int64)
    return found if len(found) <= most else found[np.linspace(0, len(found) - 1, most).astype(np.int64)]


def _likeness(
    queries: Floats, windows: Floats, starts: Indices, own: Indices | None = None, width: int = 0
) -> Likeness:
    """Each query's best window, and how it stands out of the best ones of 32 stretches of train. `own`: where queries start themselves."""
    blocks = np.array_split(np.arange(len(windows)), min(BLOCKS, max(1, len(windows) // 2)))
    points, similarity = (
        np.empty((len(queries), len(blocks)), np.int64),
        np.empty((len(queries), len(blocks)), np.float32),
    )
    for number, block in enumerate(blocks):
        for first in range(0, len(queries), ROWS):
            rows = slice(first, first + ROWS)
            products = queries[rows] @ windows[block[0] : block[-1] + 1].T
            if own is not None:
                _leave_out(products, starts[block], own[rows], width)
            best = products.argmax(axis=1)
            points[rows, number], similarity[rows, number] = block[0] + best, products[np.arange(len(best)), best]
    order = np.argsort(-similarity, axis=1, kind="stable")
    found = Candidates(np.take_along_axis(points, order, 1), np.take_along_axis(similarity, order, 1))
    aligned = Aligned(found.similarity, np.zeros(found.points.shape, np.int64))
    likeness = liken(found, np.arange(len(queries)), aligned, np.zeros(len(queries), bool))
    usual = 1 - np.quantile(found.similarity, 0.25, axis=1)
    likeness.ratio[usual < EVERYWHERE] = np.inf
    return Likeness(starts[likeness.partner], likeness.similarity, likeness.ratio, likeness.pose, likeness.same)


def _leave_out(products: Floats, starts: Indices, own: Indices, width: int) -> None:
    """A window's own neighbours, which it shares rows with."""
    low, high = np.searchsorted(starts, own - width + 1), np.searchsorted(starts, own + width)
    for row in np.flatnonzero(low < high):
        products[row, low[row] : high[row]] = -1


def _hits(train: Series, test: Series, found: list[Found]) -> Hits:
    """Row by row: each row of a copied window and the one that it copies."""
    pairs: dict[int, tuple[int, float]] = {}
    for one in found:
        for hit in one.judged.hits:
            rows = test.part.positions[test.order[one.starts[hit] + np.arange(one.width)]]
            partners = train.part.positions[train.order[one.likeness.partner[hit] + np.arange(one.width)]]
            for row, partner in zip(rows.tolist(), partners.tolist(), strict=True):
                pairs.setdefault(row, (partner, float(one.likeness.similarity[hit])))
    rows = sorted(pairs)
    partners, similarity = zip(*(pairs[row] for row in rows), strict=True)
    return Hits(np.array(rows, np.int64), np.array(partners, np.int64), np.array(similarity, np.float32))


def _pair(train: Series, test: Series, found: Found, hit: int) -> Pair:
    """For people: where the window begins on either side."""
    start, partner = found.starts[hit], found.likeness.partner[hit]
    left = Row("train", int(train.part.positions[train.order[partner]]))
    right = Row("test", int(test.part.positions[test.order[start]]))
    note = f"{found.column.name}: the {found.width} values from here on go alike"
    return Pair(left, right, float(found.likeness.similarity[hit]), note)

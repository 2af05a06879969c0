"""Test recordings that stand in train, cut at the ends, louder, recoded, with a little noise.

A recording is a grid of log-mel energies, frames by bands, averaged over time to a fixed number of frames. What is not the recording is
taken out first: its level (a gain adds to all logarithms), what lies more than 25 dB below its loudest energy (noise and codecs change
that), and what all recordings have in common (train's mean of each band). A cut recording covers a part of the original's time: its
grid is laid on the other stretched and moved along (*poses*), and correlated where both are. Train against itself says what counts
as a copy (`thresholds`). Recordings that are equal throughout are left to `overlap.exact`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.about import DIGEST, NAME, Column
from daybreak.audit.frame import Frame, Part, Positions
from daybreak.audit.outcome import Hits, NotApplicable, Outcome, Pair, Row
from daybreak.audit.overlap import telling_copies, thresholds
from daybreak.audit.overlap.alignment import correlations
from daybreak.audit.overlap.likeness import Aligned, Likeness, equal, liken, standing_out
from daybreak.audit.overlap.projection import Candidates, Floats, Indices, nearest, unit
from daybreak.audit.threads import one_thread

RULE = "overlap.near.audio"
DEPTH = 2.5  # log10 of energy, 25 dB, below the loudest: what lies deeper is noise
SPANS = (0.96, 0.92, 0.88, 0.84, 0.8, 0.76, 0.72)  # share of the longer recording's time that a cut one covers
STEP = 1 / 48  # of its length: how finely they are moved along
LEAST_COMMON = 0.75  # share of its time that two of one length must have in common
COMMON = 0.7  # share of what either varies by that must lie there
LAID, OTHERS = 12, 0.5  # candidates that are aligned in all poses; how near others are is their median
DIMENSIONS = 64
LOO, LEAST = 3000, 200  # train recordings that are compared with the rest of train, at most and at least
MOST_PAIRS = 3 * 10**8  # of recordings: some 20 seconds on two cores
PROMISING = 0.2  # share of train's own queries whose candidates stand out enough to be aligned, where there are many
LEAST_ROWS = 20
SILENT = 0.05  # standard deviation of log10 energies of a recording that holds nothing
ROWS = 64


class Stretch(NamedTuple):
    """How a test recording was laid on a train recording: it covers `span` of its time, from `start` (1: the whole length)."""

    start: float
    span: float


SEARCHED = (
    Stretch(0.0, 1.0),
    *(Stretch(start, 0.88) for start in (0.0, 0.06, 0.12)),
    *(Stretch(-start / 0.88, 1 / 0.88) for start in (0.0, 0.06, 0.12)),
    *(Stretch(start, 0.78) for start in (0.04, 0.11, 0.18)),
    *(Stretch(start, 1.0) for start in (-0.1, 0.1)),
)  # poses that candidates are looked for in: any other is near one of them


@dataclass(frozen=True)
class Recordings:
    """Recordings of one side that can be compared. `energies`: as read, (n, frames, bands)."""

    energies: Floats
    positions: Positions
    names: list[str]
    digests: "np.ndarray[Any, Any] | None"
    left_out: int


@one_thread()
def near(frame: Frame) -> Outcome:
    """Near copies of train recordings in test. Raises `NotApplicable` without recordings, or with too few of them."""
    column = _column(frame)
    train, test = _recordings(frame.train, column), _recordings(frame.test, column)
    if len(train.energies) < LEAST_ROWS or not len(test.energies):
        raise NotApplicable(
            f"needs {LEAST_ROWS} train recordings and a test recording that are not silent, got {len(train.energies)} and "
            f"{len(test.energies)} ({train.left_out} and {test.left_out} are missing or silent)"
        )
    draw = chance.generator(frame.seed, RULE)
    most = max(2 * LEAST, MOST_PAIRS // len(train.energies))
    own = np.sort(draw.permutation(len(train.energies))[: min(LOO, most // 2)])
    looked_at = np.sort(draw.permutation(len(test.energies))[: most - len(own)])
    hearing = _Hearing(train)
    null = hearing.compare(train, own, own=own)
    found = hearing.compare(test, looked_at)
    judged = thresholds.judge(null, found)
    measured = {
        "test_looked_at": len(looked_at),
        "train_looked_at": len(train.energies),
        "train_against_itself": len(own),
        "left_out": {"train": train.left_out, "test": test.left_out},
    }
    hits = Hits(
        test.positions[looked_at[judged.hits]],
        train.positions[found.partner[judged.hits]],
        found.similarity[judged.hits],
    )
    pairs = tuple(_pair(train, test, looked_at, found, hit) for hit in judged.hits[: telling_copies.SHOWN])
    return telling_copies.outcome(RULE, "recording", judged, hits, pairs, measured, of=len(test.energies))


def _column(frame: Frame) -> Column:
    for column in frame.about.typed("audio"):
        if len(column.shape) == 2:  # noqa: PLR2004 (frames, bands)
            return column
    raise NotApplicable("needs recordings")


def _recordings(part: Part, column: Column) -> Recordings:
    array = part.rows[column.name].combine_chunks() if column.name in part.rows.column_names else pa.nulls(0)
    there = np.flatnonzero(np.asarray(array.is_valid()))
    flat = array.flatten().to_numpy(zero_copy_only=False) if len(there) else np.empty(0, np.float32)
    energies = flat.astype(np.float32, copy=False).reshape(-1, *column.shape)
    sounds = np.isfinite(energies).all(axis=(1, 2)) & (energies.std(axis=(1, 2)) > SILENT)
    there, energies = there[sounds], energies[sounds]
    names = part.rows[NAME].take(pa.array(there)).to_pylist() if NAME in part.rows.column_names else []
    digests = None
    if DIGEST in part.rows.column_names:
        digests = np.array(part.rows[DIGEST].take(pa.array(there)).to_pylist(), dtype=object)
    return Recordings(energies, part.positions[there], names, digests, len(array) - len(there))


class _Hearing:
    """Train's recordings, ready to be compared with."""

    def __init__(self, train: Recordings) -> None:
        self._train = train
        level = _levelled(train.energies)
        self._usual = level.mean(axis=(0, 1))
        self._spread = level.std(axis=(0, 1)) + np.float32(0.05)
        self._grids = self._grid(train.energies)
        flat = self._grids.reshape(len(self._grids), -1)
        self._axes = _principal(flat)
        self._points = unit(flat @ self._axes)
        self._promising = np.inf

    def _grid(self, energies: Floats) -> Floats:
        return np.asarray((_levelled(energies) - self._usual) / self._spread, np.float32)

    def compare(self, side: Recordings, rows: Indices, own: Indices | None = None) -> Likeness:
        """Each of these rows and its best partner in train. `own`: it is train itself, row by row."""
        grids = self._grid(side.energies[rows])
        found = self._candidates(grids, own)
        if side.digests is not None and self._train.digests is not None:
            same = equal(found, side.digests[rows], self._train.digests)
        else:
            same = equal(found, side.energies[rows], self._train.energies)
        if own is not None and len(self._grids) > LOO:
            self._promising = float(np.quantile(standing_out(found), PROMISING))
        chosen = np.flatnonzero((standing_out(found) <= self._promising) & ~same)
        return liken(found, chosen, _align(grids[chosen], self._grids, found.points[chosen, :LAID]), same, OTHERS)

    def _candidates(self, grids: Floats, own: Indices | None) -> Candidates:
        """The best of each block in any of some poses."""
        flat = (_stretched(grids, stretch)[0].reshape(len(grids), -1) for stretch in SEARCHED)
        return nearest(np.stack([unit(pose @ self._axes) for pose in flat]), self._points, own)


def _levelled(energies: Floats) -> Floats:
    """Without gain and what lies deep, frames softened a little: a cut moves their borders. The mean of a recording is 0."""
    level = np.maximum(energies - energies.max(axis=(1, 2), keepdims=True), -DEPTH)
    level -= level.mean(axis=(1, 2), keepdims=True)
    around = np.pad(level, ((0, 0), (1, 1), (0, 0)), mode="edge")
    return np.asarray(level / 2 + (around[:, :-2] + around[:, 2:]) / 4, np.float32)


def _principal(flat: Floats) -> Floats:
    """(cells, dimensions): the axes along which train varies most (Pearson, 1901)."""
    some = flat[:: max(1, len(flat) // 4000)]
    values, axes = np.linalg.eigh(some.T @ some / len(some))
    return np.asarray(axes[:, np.argsort(values)[::-1][:DIMENSIONS]], np.float32)


@lru_cache(1)
def stretches() -> tuple[Stretch, ...]:
    """All poses, as it is first: moved along, covering a part of the train recording, covered in part by it."""
    found = [Stretch(0.0, 1.0)]
    for moved in np.arange(1, round((1 - LEAST_COMMON) / STEP) + 1) * STEP:
        found += [Stretch(float(moved), 1.0), Stretch(-float(moved), 1.0)]
    for span in SPANS:
        starts = np.arange(0, 1 - span + STEP / 2, STEP)
        found += [Stretch(float(start), span) for start in starts]
        found += [Stretch(float(-start / span), 1 / span) for start in starts]
    return tuple(found)


def _stretched(grids: Floats, stretch: Stretch) -> tuple[Floats, Floats]:
    """(n, frames, bands) in one pose, zero where it does not reach; and which frames it reaches, (frames,) of 0 and 1."""
    weights, inside = _weights(grids.shape[1], stretch)
    return np.asarray(weights @ grids, np.float32), inside


@lru_cache(256)
def _weights(frames: int, stretch: Stretch) -> tuple[Floats, Floats]:
    """(frames, frames): each frame of the train recording from two neighbouring ones of the test recording."""
    places = (((np.arange(frames) + 0.5) / frames - stretch.start) / stretch.span) * frames - 0.5
    inside = (places > -0.5) & (places < frames - 0.5)  # noqa: PLR2004 (half a frame)
    near_ones = np.maximum(0, 1 - np.abs(np.clip(places, 0, frames - 1)[:, None] - np.arange(frames)[None, :]))
    return (near_ones * inside[:, None]).astype(np.float32), inside.astype(np.float32)


def _align(queries: Floats, points: Floats, candidates: Indices) -> Aligned:
    """Lay each query (Q, frames, bands) on its candidates (Q, K) in all poses."""
    agreement, pose = np.empty(candidates.shape, np.float32), np.empty(candidates.shape, np.int64)
    for start in range(0, len(queries), ROWS):
        rows = slice(start, start + ROWS)
        posed = [_stretched(queries[rows], stretch) for stretch in stretches()]
        views = np.stack([view.reshape(len(view), -1) for view, _ in posed], axis=1)
        masks = np.stack([np.repeat(inside, queries.shape[2]) for _, inside in posed])
        others = points[candidates[rows]].reshape(len(views), candidates.shape[1], -1)
        found = correlations(views, masks, np.arange(len(masks)), others, COMMON)
        agreement[rows], pose[rows] = found.max(axis=1), found.argmax(axis=1)
    return Aligned(agreement, pose)


def _pair(train: Recordings, test: Recordings, rows: Indices, found: Likeness, hit: int) -> Pair:
    """For people: which recording copies which, and how."""
    row, partner = rows[hit], found.partner[hit]
    left = Row("train", int(train.positions[partner]), train.names[partner] if train.names else "")
    right = Row("test", int(test.positions[row]), test.names[row] if test.names else "")
    return Pair(left, right, float(found.similarity[hit]), told(stretches()[found.pose[hit]]))


def told(stretch: Stretch) -> str:
    """A pose for people."""
    if stretch.span < 1:
        return f"cut: about {stretch.span:.0%} of the train recording, from {stretch.start:.0%} on"
    if stretch.span > 1:
        return f"longer: the train recording is about {1 / stretch.span:.0%} of it"
    if stretch.start:
        return f"moved along by about {abs(stretch.start):.0%} of its length"
    return "the same length"

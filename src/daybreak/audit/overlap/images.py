"""Test pictures that stand in train but for small changes: shifted, mirrored, turned, recoded, brighter, cropped a little.

Candidates come from descriptors that none of these change (`spectrum`), compared by blocked matrix products (`projection`); promising
ones are laid on each other (`alignment`); and train against itself says how alike different pictures are (`thresholds`). Pictures that
are equal throughout are left to `overlap.exact`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.about import DIGEST, Column
from daybreak.audit.frame import Frame, Part, Positions
from daybreak.audit.outcome import Hits, NotApplicable, Outcome, Pair, Row
from daybreak.audit.overlap import alignment, embedding, telling_copies, thresholds
from daybreak.audit.overlap.alignment import FLAT
from daybreak.audit.overlap.likeness import Flags, Likeness, equal, liken, standing_out
from daybreak.audit.overlap.projection import Candidates, Floats, Indices, nearest
from daybreak.audit.overlap.spectrum import Spectrum
from daybreak.audit.threads import one_thread

RULE = "overlap.near.image"
LARGEST = 40  # pixels a side above which pictures are halved, thirded, ...
LOO = 4000  # train pictures that are compared with the rest of train
MOST_PAIRS = 3 * 10**9  # of descriptors: some 20 seconds on two cores
CHEAP = 2 * 10**10  # multiplications up to which all pairs are laid on each other
LAID = 16  # candidates of a query that are
PROMISING = 0.1  # share of train's own queries whose candidates stand out enough to be laid on each other
FEW = 3000  # queries up to which all are
BATCH = 2048  # pictures at a time: what is made of them stays in the processor's cache
SMALLEST = 4  # pixels a side
LEAST_ROWS = 20  # of train: with fewer nothing is known of how alike its pictures are
SAME_COLOURS = 0.8  # correlation over all channels, of a pair that agrees in grey
_BRIGHTER = 10.0  # grey levels of 256

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Pictures:
    """Pictures of one side that can be compared. `pixels`: (n, height, width, channels); `gray`: (n, height, width)."""

    pixels: Pixels
    gray: Pixels
    positions: Positions
    names: list[str]
    digests: "np.ndarray[Any, Any] | None"
    left_out: int  # missing, or of one shade


def near(frame: Frame) -> Outcome:
    """Near copies of train pictures in test; by an embedding where a column holds one and there are no pictures.

    Raises `NotApplicable` without pictures, or with too few of them.
    """
    column = _column(frame)
    if column.type == "vector":
        return embedding.near(frame, column, RULE)
    return _near(frame, column)


@one_thread()
def _near(frame: Frame, column: Column) -> Outcome:
    train, test = _pictures(frame.train, column), _pictures(frame.test, column)
    if len(train.gray) < LEAST_ROWS or not len(test.gray):
        raise NotApplicable(
            f"needs {LEAST_ROWS} train pictures and a test picture with something on them, "
            f"got {len(train.gray)} and {len(test.gray)} ({train.left_out} and {test.left_out} are missing or of one shade)"
        )
    draw = chance.generator(frame.seed, RULE)
    most = MOST_PAIRS // len(train.gray)
    own = np.sort(draw.permutation(len(train.gray))[: min(LOO, most // 2)])
    looked_at = np.sort(draw.permutation(len(test.gray))[: most - len(own)])
    seeing = _Seeing(train, len(own) + len(looked_at))
    null = seeing.against_itself(own)
    found = seeing.compare(test, looked_at)
    judged = thresholds.judge(null, found)
    measured = {
        "test_looked_at": len(looked_at),
        "train_looked_at": len(train.gray),
        "train_against_itself": len(own),
        "left_out": {"train": train.left_out, "test": test.left_out},
    }
    pairs = tuple(_pair(train, test, looked_at, found, hit) for hit in judged.hits[: telling_copies.SHOWN])
    train_rows, test_rows = train.positions, test.positions[looked_at]
    hits = Hits(test_rows[judged.hits], train_rows[found.partner[judged.hits]], found.similarity[judged.hits])
    return telling_copies.outcome(RULE, "picture", judged, hits, pairs, measured, of=len(test.gray))


def _column(frame: Frame) -> Column:
    for column in frame.about.typed("image"):
        if len(column.shape) == 3 and min(column.shape[:2]) >= SMALLEST:  # noqa: PLR2004 (height, width, channels)
            return column
    for column in frame.about.typed("vector"):
        if column.shape[0] >= embedding.SHORTEST:
            return column
    raise NotApplicable(
        f"needs pictures of at least {SMALLEST} pixels a side, or vectors of {embedding.SHORTEST} numbers"
    )


def _pictures(part: Part, column: Column) -> Pictures:
    """Pictures that are there and show something, at most 40 pixels a side."""
    array = part.rows[column.name].combine_chunks() if column.name in part.rows.column_names else pa.nulls(0)
    there = np.flatnonzero(np.asarray(array.is_valid()))
    flat = array.flatten().to_numpy() if len(there) else np.empty(0, np.uint8)
    pixels = _reduced(flat.reshape(-1, *column.shape))
    gray = _gray(pixels)
    shows = _contrast(gray) >= FLAT
    if not shows.all():
        there, pixels, gray = there[shows], pixels[shows], gray[shows]
    kept = there
    names = part.rows["@name"].take(pa.array(kept)).to_pylist() if "@name" in part.rows.column_names else []
    digests = None
    if DIGEST in part.rows.column_names:
        digests = np.array(part.rows[DIGEST].take(pa.array(kept)).to_pylist(), dtype=object)
    return Pictures(pixels, gray, part.positions[kept], names, digests, len(array) - len(kept))


def _gray(pixels: Pixels) -> Pixels:
    """(n, height, width, channels) -> (n, height, width): their mean."""
    if pixels.shape[3] == 1:
        return np.asarray(pixels[..., 0], np.uint8)
    total = pixels[..., 0].astype(np.uint16)
    for channel in range(1, pixels.shape[3]):
        total += pixels[..., channel]
    return np.asarray(total // pixels.shape[3], np.uint8)


def _contrast(gray: Pixels) -> Floats:
    """Standard deviation of each picture's grey levels."""
    found = [np.zeros(0, np.float32)]
    for start in range(0, len(gray), BATCH):
        flat = gray[start : start + BATCH].reshape(-1, gray[0].size).astype(np.float32)
        square = np.einsum("ij,ij->i", flat, flat) / flat.shape[1]
        found.append(
            np.sqrt(np.maximum(0, square - (flat @ np.full(flat.shape[1], 1 / flat.shape[1], np.float32)) ** 2))
        )
    return np.concatenate(found)


def _reduced(pixels: Pixels) -> Pixels:
    """(n, height, width, channels) with areas averaged until no side is longer than 40; dark sets stretched to 256 levels."""
    if not len(pixels):
        return pixels
    top = int(pixels.max())
    factor = -(-max(pixels.shape[1:3]) // LARGEST)
    if factor > 1:
        height, width = pixels.shape[1] // factor, pixels.shape[2] // factor
        cut = pixels[:, : height * factor, : width * factor]
        blocks = cut.reshape(len(cut), height, factor, width, factor, -1)
        pixels = np.concatenate([blocks[i : i + BATCH].mean(axis=(2, 4)) for i in range(0, len(blocks), BATCH)]).astype(
            np.uint8
        )
    return pixels if top > 127 or not top else (pixels * np.float32(255 / top)).astype(np.uint8)  # noqa: PLR2004


class _Seeing:
    """Train's pictures, ready to be compared with."""

    def __init__(self, train: Pictures, queries: int) -> None:
        self._train = train
        height, width = train.gray.shape[1:]
        self._poses = alignment.poses(height, width)
        self._few = queries <= FEW
        self._all = queries * len(train.gray) * len(self._poses) * height * width <= CHEAP
        self._spectrum = Spectrum(train.gray)
        self._points = self._spectrum.points
        self._promising = np.inf

    def against_itself(self, own: Indices) -> Likeness:
        """The null: train's pictures and the rest of train. Settles which candidates are promising."""
        found = (
            alignment.every(self._train.gray[own], self._train.gray, own)
            if self._all
            else nearest(self._points[own], self._points, own)
        )
        if not self._all and not self._few:
            self._promising = float(np.quantile(standing_out(found), PROMISING))
        return self._laid(self._train, own, found)

    def compare(self, side: Pictures, rows: Indices) -> Likeness:
        """Pictures of another side."""
        gray = side.gray[rows]
        found = (
            alignment.every(gray, self._train.gray)
            if self._all
            else nearest(self._spectrum.describe(gray), self._points)
        )
        return self._laid(side, rows, found)

    def _laid(self, side: Pictures, rows: Indices, found: Candidates) -> Likeness:
        if side.digests is not None and self._train.digests is not None:
            same = equal(found, side.digests[rows], self._train.digests)
        else:
            same = equal(found, side.pixels[rows], self._train.pixels)
        chosen = np.flatnonzero((standing_out(found) <= self._promising) & ~same)
        aligned = alignment.align(side.gray[rows[chosen]], self._train.gray, found.points[chosen, :LAID])
        likeness = liken(found, chosen, aligned, same)
        likeness.ratio[chosen[self._colours_differ(side, rows[chosen], likeness, chosen)]] = np.inf
        return likeness

    def _colours_differ(self, side: Pictures, rows: Indices, found: Likeness, chosen: Indices) -> Flags:
        """Whether pictures that agree in grey are of different colours: a red shirt is no copy of a blue one."""
        if side.pixels.shape[3] == 1:
            return np.zeros(len(rows), bool)
        alike = found.ratio[chosen] <= thresholds.WIDEST
        pairs = zip(rows, found.partner[chosen], found.pose[chosen], alike, strict=True)
        pixels, others, poses = side.pixels, self._train.pixels, self._poses
        return np.array(
            [one and alignment.colours(pixels[r], others[p], poses[n]) < SAME_COLOURS for r, p, n, one in pairs], bool
        )


def _pair(train: Pictures, test: Pictures, rows: Indices, found: Likeness, hit: int) -> Pair:
    """For people: which picture copies which, and how."""
    row, partner = rows[hit], found.partner[hit]
    left = Row("train", int(train.positions[partner]), train.names[partner] if train.names else "")
    right = Row("test", int(test.positions[row]), test.names[row] if test.names else "")
    pose = alignment.poses(*train.gray.shape[1:])[found.pose[hit]]
    says = [alignment.told(pose)] if alignment.told(pose) else []
    brighter = float(test.gray[row].mean() - train.gray[partner].mean())
    if abs(brighter) > _BRIGHTER and not (pose.down or pose.right):
        says.append("brighter" if brighter > 0 else "darker")
    return Pair(left, right, float(np.clip(found.similarity[hit], 0, 1)), ", ".join(says) or "small changes of pixels")

"""Two pictures laid on each other as well as they can be: mirrored, turned, shifted, a little enlarged; and how well they then agree.

Agreement is the normalised correlation over the pixels that both cover (Lewis, "Fast normalized cross-correlation", 1995): brightness and
contrast make no difference. All poses of one picture against its candidates are one small matrix product.

Pictures of 16 pixels a side and more are compared at half their sharpness, after the shift: copies agree as well, at a quarter of
the cost.

    Q queries   V poses   K candidates   M masks (one for each shift and size)   P pixels
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from daybreak.audit.overlap.likeness import Aligned
from daybreak.audit.overlap.projection import BLOCKS, Candidates, Floats, Indices
from daybreak.audit.overlap.spectrum import Pixels

TURNS = ((0, False), (0, True), (2, True), (2, False), (1, False), (3, False), (1, True), (3, True))
UPRIGHT = 2  # of them are tried at other sizes: as it is, and mirrored
SIZES = (0.92, 1.09)  # a copy cropped by some pixels, either way round
ROWS = 32  # queries posed at a time
PART = 256  # queries compared with all points at a time
FLAT = 2.0  # standard deviation of 256 levels below which a picture holds nothing to compare
SMALL = 16  # pixels a side below which pictures are shifted by one pixel at most
COMMON = 0.1  # share of what either varies by that must lie where both are: a black border holds much
_COVERED = 0.98  # a pixel that an enlarged or shrunken picture still covers


class Pose(NamedTuple):
    """How a test picture was laid on a train picture. `down`, `right`: pixels. `size`: below 1 it was shrunken."""

    quarter_turns: int = 0
    mirrored: bool = False
    down: int = 0
    right: int = 0
    size: float = 1.0


@lru_cache(8)
def poses(height: int, width: int) -> tuple[Pose, ...]:
    """All that are tried, sizes outermost, shifts innermost. Quarter turns for squares alone."""
    most = 1 if min(height, width) < SMALL else 2
    shifts = list(product(range(-most, most + 1), repeat=2))
    found = []
    for size in (1.0, *SIZES):
        for turns, mirrored in _turns(height, width, size):
            found += [Pose(turns, mirrored, down, right, size) for down, right in shifts]
    return tuple(found)


def _turns(height: int, width: int, size: float) -> list[tuple[int, bool]]:
    tried = TURNS if height == width else TURNS[:4]
    return list(tried if size == 1 else tried[:UPRIGHT])


def posed(pictures: Floats) -> tuple[Floats, Floats, Indices]:
    """Pictures (Q, height, width) in all poses (Q, V, P), zero where not covered; masks (M, P); and each pose's mask (V,)."""
    height, width = pictures.shape[1:]
    covers = np.ones((1, height, width), np.float32)
    masks: list[Floats] = []
    views: list[Floats] = []
    of_pose: list[int] = []
    for size in (1.0, *SIZES):
        resized, covered = _resized(pictures, size), _resized(covers, size) > _COVERED
        shifted = list(_shifted(covered.astype(np.float32)))
        for turns, mirrored in _turns(height, width, size):
            turned = np.rot90(resized * covered, turns, (1, 2))
            views += list(_shifted(turned[:, :, ::-1] if mirrored else turned))
            of_pose += range(len(masks), len(masks) + len(shifted))
        masks += [(one[0] > _COVERED).astype(np.float32) for one in shifted]
    inside = np.stack(masks)
    stacked = np.stack(views, axis=1)
    stacked *= inside[of_pose]  # areas that reach over the border
    return stacked, inside, np.array(of_pose, np.int64)


def _shifted(pictures: Floats) -> Iterator[Floats]:
    """(n, height, width) -> for each shift (n, P): shifted by whole pixels first, and averaged by twos where that is done."""
    height, width = pictures.shape[1:]
    most, by = (1, 1) if min(height, width) < SMALL else (2, 2)
    wide = _areas(np.pad(pictures, ((0, 0), (most, most), (most, most))), by)
    for down, right in product(range(-most, most + 1), repeat=2):
        top, left = most - down, most - right
        part = wide[:, top : top + height - by + 1 : by, left : left + width - by + 1 : by]
        yield np.ascontiguousarray(part).reshape(len(pictures), -1)


def _areas(pictures: Floats, by: int) -> Floats:
    """Averages of `by` x `by` pixels, at every offset."""
    if by == 1:
        return pictures
    rows = pictures[:, :-1] + pictures[:, 1:]
    return np.asarray((rows[:, :, :-1] + rows[:, :, 1:]) / 4, np.float32)


def _unshifted(pictures: Floats) -> Floats:
    """(n, height, width) as `posed` has them in place: (n, P)."""
    by = 1 if min(pictures.shape[1:]) < SMALL else 2
    return np.ascontiguousarray(_areas(pictures, by)[:, ::by, ::by]).reshape(len(pictures), -1)


def _resized(pictures: Floats, size: float) -> Floats:
    """About its middle, by linear interpolation; zero outside."""
    if size == 1:
        return pictures
    down, right = (_interpolation(length, size) for length in pictures.shape[1:])
    return np.asarray(down @ pictures @ right.T, np.float32)


@lru_cache(16)
def _interpolation(length: int, size: float) -> Floats:
    """(length, length): each row takes from two neighbouring pixels."""
    middle = (length - 1) / 2
    places = (np.arange(length) - middle) / size + middle
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(length)[None, :]))
    return np.asarray(weights, np.float32)


def align(queries: Pixels, points: Pixels, candidates: Indices) -> Aligned:
    """Lay each query (Q, height, width) on its candidates (Q, K) among `points` (n, height, width)."""
    shape = candidates.shape
    agreement, pose = np.empty(shape, np.float32), np.empty(shape, np.int64)
    for start in range(0, len(queries), ROWS):
        rows = slice(start, start + ROWS)
        views, masks, of_pose = posed(_centred(queries[rows]))
        others = _centred(points[candidates[rows]].reshape(-1, *points.shape[1:]))
        others = _unshifted(others).reshape(len(views), shape[1], -1)
        found = correlations(views, masks, of_pose, others, COMMON)
        pose[rows] = found.argmax(axis=1)
        agreement[rows] = found.max(axis=1)
    return Aligned(agreement, pose)


def correlations(views: Floats, masks: Floats, of_pose: Indices, others: Floats, common: float) -> Floats:
    """(Q, V, K) of views (Q, V, P) and others (Q, K, P) within each pose's mask.

    -1 where what lies there is less than the share `common` of what either varies by in all: two silences are no copies.
    """
    columns = others.transpose(0, 2, 1)
    count = masks.sum(axis=1)[of_pose][:, None]
    sums, squares = (masks @ columns)[:, of_pose], (masks @ np.square(columns))[:, of_pose]
    view_sums, view_squares = views.sum(axis=2)[..., None], np.einsum("qvp,qvp->qv", views, views)[..., None]
    varies, view_varies = squares - sums**2 / count, view_squares - view_sums**2 / count
    whole = np.square(columns - columns.mean(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
    enough = (varies > common * whole) & (view_varies > common * view_varies.max(axis=1, keepdims=True))
    found = (views @ columns - view_sums * sums / count) / np.sqrt(np.maximum(varies * view_varies, 1e-6))
    return np.where(enough, found, np.float32(-1))


def every(queries: Pixels, points: Pixels, own: Indices | None = None) -> Candidates:
    """The best points by the agreement itself in all poses at the same size: for sets so small that this is cheap.

    `own`: each query's own row in `points`, which is left out.
    """
    parts = [
        _every(queries[i : i + PART], points, None if own is None else own[i : i + PART])
        for i in range(0, len(queries), PART)
    ]
    return Candidates(
        np.concatenate([part.points for part in parts]), np.concatenate([part.similarity for part in parts])
    )


def _every(queries: Pixels, points: Pixels, own: Indices | None) -> Candidates:
    most = min(BLOCKS, len(points) - 1)
    tried = [index for index, pose in enumerate(poses(*queries.shape[1:])) if pose.size == 1]
    views, masks, of_pose = posed(_centred(queries))
    centred = _unshifted(_centred(points))
    best = np.full((len(queries), len(points)), -1, np.float32)
    for mask in np.unique(of_pose[tried]):
        pixels = np.flatnonzero(masks[mask])
        others = _standard(centred[:, pixels])
        for index in (index for index in tried if of_pose[index] == mask):
            np.maximum(best, _standard(views[:, index, pixels]) @ others.T, out=best)
    if own is not None:
        best[np.arange(len(own)), own] = -np.inf
    found = np.argpartition(-best, most - 1, axis=1)[:, :most]
    similarity = np.take_along_axis(best, found, 1)
    order = np.argsort(-similarity, axis=1, kind="stable")
    return Candidates(np.take_along_axis(found, order, 1), np.take_along_axis(similarity, order, 1))


def _centred(pictures: Pixels) -> Floats:
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    flat -= (flat @ np.full(flat.shape[1], 1 / flat.shape[1], np.float32))[:, None]
    return flat.reshape(pictures.shape)


def _standard(vectors: Floats) -> Floats:
    """Mean 0 and length 1; zeros where there is next to no contrast."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return np.asarray(
        np.where(length > FLAT / 2 * np.sqrt(vectors.shape[1]), centred / np.maximum(length, 1e-6), 0), np.float32
    )


def colours(query: Pixels, point: Pixels, pose: Pose) -> float:
    """Correlation over all channels of two pictures (height, width, channels) in one pose."""
    height, width = query.shape[:2]
    channels = np.ascontiguousarray(query.transpose(2, 0, 1), np.float32)
    covers = _posed_once(np.ones((1, height, width), np.float32), pose) > _COVERED
    first = _posed_once(channels, pose)[:, covers[0]]
    second = point.transpose(2, 0, 1).astype(np.float32)[:, covers[0]]
    first, second = (x - x.mean(axis=1, keepdims=True) for x in (first, second))
    return float((first * second).sum() / max(1e-6, float(np.sqrt((first**2).sum() * (second**2).sum()))))


def _posed_once(pictures: Floats, pose: Pose) -> Floats:
    """(n, height, width) in one pose."""
    height, width = pictures.shape[1:]
    turned = np.rot90(_resized(pictures, pose.size), pose.quarter_turns, (1, 2))
    turned = turned[:, :, ::-1] if pose.mirrored else turned
    most = max(abs(pose.down), abs(pose.right))
    wide = np.pad(turned, ((0, 0), (most, most), (most, most)))
    return wide[:, most - pose.down : most - pose.down + height, most - pose.right : most - pose.right + width]


def told(pose: Pose) -> str:
    """What was done to the train picture to make the test picture, for people: "shifted by (1, 0), mirrored"; "" where it lies as it was.

    (down, right), then mirrored left to right, and turned against the clock: the pose undone, step by step.
    """
    says = [f"shifted by ({-pose.down}, {-pose.right})"] if pose.down or pose.right else []
    if pose.mirrored and pose.quarter_turns == 2:  # noqa: PLR2004 (half a turn and mirrored)
        says.append("mirrored top to bottom")
    else:
        says += ["mirrored"] if pose.mirrored else []
        says += [f"turned by {90 * (4 - pose.quarter_turns)}°"] if pose.quarter_turns else []
    if pose.size != 1:
        says.append("cropped")
    return ", ".join(says)

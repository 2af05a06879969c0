"""Nearest neighbours by blocked matrix products: for each query the best point of each of some blocks of points.

One best of each block costs no more than one best of all, and gives what a calibrated decision needs: a few candidates to confirm, and how
near points usually are (the blocks that hold no copy), so that "far nearer than the others" can be said.
"""

from typing import Any, NamedTuple

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
Indices = np.ndarray[Any, np.dtype[np.int64]]

BLOCKS = 32
ROWS = 512  # queries at a time: with a block of points their products stay in the processor's cache


class Candidates(NamedTuple):
    """`points`: (queries, blocks) the best point of each block; `similarity`: the same shape, its scalar product. Best first."""

    points: Indices
    similarity: Floats

    def first(self, most: int) -> "Candidates":
        """The best few."""
        return Candidates(self.points[:, :most], self.similarity[:, :most])


def nearest(queries: Floats, points: Floats, own: Indices | None = None, blocks: int = BLOCKS) -> Candidates:
    """The best point of each block for each query, by scalar product. `own`: each query's own row in `points`, which is left out.

    `queries`: (n, k), or (poses, n, k), of which the best counts. `points`: (m, k), m >= 2.
    Points are dealt to blocks by turns, so that neighbours in a file part.
    """
    blocks = max(1, min(blocks, len(points) // 2))
    poses = queries if queries.ndim > 2 else queries[None]  # noqa: PLR2004
    count = poses.shape[1]
    found = np.empty((count, blocks), np.int64)
    similarity = np.empty((count, blocks), np.float32)
    for block in range(blocks):
        part = np.ascontiguousarray(points[block::blocks])
        for start in range(0, count, ROWS):
            rows = slice(start, min(start + ROWS, count))
            products = poses[0, rows] @ part.T
            for further in poses[1:, rows]:
                np.maximum(products, further @ part.T, out=products)
            if own is not None:
                _leave_out(products, own[rows], block, blocks)
            best = products.argmax(axis=1)
            found[rows, block] = best * blocks + block
            similarity[rows, block] = products[np.arange(len(best)), best]
    order = np.argsort(-similarity, axis=1, kind="stable")
    return Candidates(np.take_along_axis(found, order, 1), np.take_along_axis(similarity, order, 1))


def _leave_out(products: Floats, own: Indices, block: int, blocks: int) -> None:
    """A query that is a point itself is not its own neighbour."""
    rows = np.flatnonzero(own % blocks == block)
    products[rows, own[rows] // blocks] = -np.inf


def unit(vectors: Floats) -> Floats:
    """Each row at length 1; rows of zeros stay."""
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(length, np.float32(1e-12)), np.float32)

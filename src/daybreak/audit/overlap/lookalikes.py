"""Pairs of texts that may be alike, without comparing all with all.

MinHash (Broder, "On the resemblance and containment of documents", 1997) in bands (Leskovec, Rajaraman and Ullman, "Mining of massive
datasets", chapter 3), computed by rensa. Where rensa is missing, an index of rare sequences of eight characters: texts that share
one are candidates.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from daybreak.audit.overlap.shingles import Hashes, Indices, Shingles, mixed, once, shingles

BANDS, DEEP = 21, 3  # bands of three: 94 % of pairs with a similarity of 0.5 meet, 99.4 % at 0.6, 0.3 % at 0.05
SEED = 20_261_121
MOST_SHARED = 32  # texts of one key that a text is compared with
RARE = 64  # texts that may share an eight-gram that counts as rare
EIGHT = 8
MARGIN = 0.2  # by which a sketch's guess may be too low: more than three standard deviations
SKETCHED = 2**13  # texts sketched at a time

Sketches = np.ndarray[Any, np.dtype[np.uint32]]


class Keyed(NamedTuple):
    """Texts with the keys that they are found by. `sketches`: (n, bands * deep) where there are some."""

    rows: Indices
    keys: Hashes
    sketches: Sketches | None


def by_sketches(sets: Shingles) -> Keyed:
    """Keys are bands of MinHash sketches. Raises `ImportError` without rensa."""
    from rensa import RMinHash

    count = BANDS * DEEP
    sketches = np.empty((len(sets), count), np.uint32)
    for start in range(0, len(sets), SKETCHED):
        offsets = sets.offsets[start : start + SKETCHED + 1]
        hashes = mixed(sets.hashes[offsets[0] : offsets[-1]])
        found = RMinHash.digest_matrix_from_flat_token_hashes(
            hashes, (offsets - offsets[0]).astype(np.uint64), count, SEED
        )
        sketches[start : start + SKETCHED] = found.to_rows()
    keys = np.zeros((len(sets), BANDS), np.uint64)
    with np.errstate(over="ignore"):
        for i in range(DEEP):
            keys = mixed(keys * np.uint64(31) + sketches[:, i::DEEP] + np.arange(BANDS, dtype=np.uint64)[None] * 7919)
    return Keyed(np.repeat(np.arange(len(sets)), BANDS), keys.ravel(), sketches)


def by_rare_sequences(train: pa.Array, test: pa.Array) -> tuple[Keyed, Keyed]:
    """Keys are hashes of eight characters that few train texts hold."""
    sides = [shingles(side, EIGHT) for side in (train, test)]
    values, counts = np.unique(sides[0].hashes, return_counts=True)
    rare = values[counts <= RARE]
    found = []
    for side in sides:
        kept = np.isin(side.hashes, rare)
        found.append(Keyed(side.rows()[kept], side.hashes[kept], None))
    return found[0], found[1]


def candidates(queries: Keyed, points: Keyed, least: float, *, itself: bool = False) -> Indices:
    """(n, 2) pairs (query, point) that share a key, each once. `least`: similarity below which a sketch's guess drops a pair.

    `itself`: both are one list, a text is no candidate of its own.
    """
    found = []
    for left, right in _meeting(queries, points):
        if itself:
            other = left != right
            left, right = left[other], right[other]  # noqa: PLW2901
        codes = (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)
        found.append(_agreeing(queries, points, once(codes), least))
    codes = once(np.concatenate(found)) if found else np.empty(0, np.uint64)
    return np.stack([codes >> np.uint64(32), codes & np.uint64(2**32 - 1)], axis=1).astype(np.int64)


def _agreeing(queries: Keyed, points: Keyed, codes: Hashes, least: float) -> Hashes:
    """Pairs whose sketches agree nearly as often as `least`."""
    if queries.sketches is None or points.sketches is None:
        return codes
    kept = []
    for part in np.array_split(codes, max(1, len(codes) // 10**6)):
        left, right = (part >> np.uint64(32)).astype(np.int64), (part & np.uint64(2**32 - 1)).astype(np.int64)
        agree = (queries.sketches[left] == points.sketches[right]).mean(axis=1)
        kept.append(part[agree >= least - MARGIN])
    return np.concatenate(kept)


def _meeting(queries: Keyed, points: Keyed) -> Iterator[tuple[Indices, Indices]]:
    """Rows that share a key, by blocks of queries; of a key with many points the first few after the query's place."""
    order = np.argsort(points.keys, kind="stable")
    keys, rows = points.keys[order], points.rows[order]
    sorting = np.argsort(queries.keys, kind="stable")  # neighbours in memory are searched one after the other
    for start in range(0, len(queries.keys), 2**18):
        part = sorting[start : start + 2**18]
        wanted, asking = queries.keys[part], queries.rows[part]
        first = np.searchsorted(keys, wanted, "left")
        count = np.minimum(np.searchsorted(keys, wanted, "right") - first, MOST_SHARED)
        at = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
        yield np.repeat(asking, count), rows[at]

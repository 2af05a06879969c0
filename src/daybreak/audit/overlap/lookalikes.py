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
RARE, FEWEST_RARE = 64, 4  # texts that may share a sequence that counts as rare: one in a hundred, within these
EIGHT = 8
MARGIN = 0.2  # by which a sketch's guess may be too low: more than three standard deviations
SKETCHED = 2**13  # texts sketched at a time

BEST = 8  # candidates of a text that are compared in full
MANY = 10**6  # pairs looked at at a time

Sketches = np.ndarray[Any, np.dtype[np.uint32]]
Promise = np.ndarray[Any, np.dtype[np.float32]]
_NONE = np.empty(0, np.uint64)


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
    rare = values[counts <= min(RARE, max(FEWEST_RARE, len(train) // 100))]
    found = []
    for side in sides:
        kept = np.isin(side.hashes, rare)
        found.append(Keyed(side.rows()[kept], side.hashes[kept], None))
    return found[0], found[1]


def candidates(queries: Keyed, points: Keyed, least: float, *, itself: bool = False) -> Indices:
    """(n, 2) pairs (query, point) that share a key: of each query the few that promise most, each once.

    `least`: similarity below which a sketch's guess drops a pair. `itself`: both are one list, a text is no candidate of its own.
    """
    codes, promise = _NONE, np.empty(0, np.float32)
    for left, right in _meeting(queries, points):
        other = left != right if itself else np.ones(len(left), bool)
        met = np.sort((left[other].astype(np.uint64) << np.uint64(32)) | right[other].astype(np.uint64))
        found, promising = _promising(queries, points, met, least)
        codes, promise = np.concatenate([codes, found]), np.concatenate([promise, promising])
        if len(codes) > MANY:
            codes, promise = _best(codes, promise, BEST * BEST)
    codes, _ = _best(codes, promise, BEST)
    return np.stack(_split(codes), axis=1)


def _promising(queries: Keyed, points: Keyed, met: Hashes, least: float) -> tuple[Hashes, Promise]:
    """Different pairs, and how much each promises: sketches that agree, or the number of keys that are shared."""
    codes = once(met)
    if queries.sketches is None or points.sketches is None:
        return codes, np.diff(np.append(np.searchsorted(met, codes), len(met))).astype(np.float32)
    agree = np.empty(len(codes), np.float32)
    for start in range(0, len(codes), MANY):
        left, right = _split(codes[start : start + MANY])
        agree[start : start + MANY] = (queries.sketches[left] == points.sketches[right]).mean(axis=1)
    kept = agree >= least - MARGIN
    return codes[kept], agree[kept]


def _best(codes: Hashes, promise: Promise, most: int) -> tuple[Hashes, Promise]:
    """Of each query the pairs that promise most; what a pair promised at several times adds up, as far as it is counted."""
    order = np.argsort(codes, kind="stable")
    codes, promise = codes[order], promise[order]
    first = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])) if len(codes) else np.empty(0, np.int64)
    promise = np.add.reduceat(promise, first) if len(codes) else promise
    codes = codes[first]
    query = _split(codes)[0]
    order = np.lexsort((-promise, query))
    place = np.arange(len(order)) - np.searchsorted(query[order], query[order])
    kept = np.sort(order[place < most])
    return codes[kept], promise[kept]


def _split(codes: Hashes) -> tuple[Indices, Indices]:
    return (codes >> np.uint64(32)).astype(np.int64), (codes & np.uint64(2**32 - 1)).astype(np.int64)


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

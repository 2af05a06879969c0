"""Texts as sets of hashed character sequences, in numpy: what two texts share is what their sets share.

A text is normalised first (Unicode NFC, case folded, everything but letters and digits one space), so that punctuation, capitals and line
breaks make no difference. Of long texts a sample of the set is kept, by the value of the hash (FracMinHash: Irber et al., "Lightweight
compositional analysis of metagenomes with FracMinHash", 2022), which leaves the Jaccard similarity of two sets unbiased.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Indices = np.ndarray[Any, np.dtype[np.int64]]

LENGTH = 5  # characters in a row
FEWEST_BYTES = 18  # of a normalised text; shorter ones ("ok", "see you") are alike without being copies
FEWEST = 10  # characters, where one takes several bytes
LONG = 2048  # shingles from which half is kept, then a quarter, ...
BITS = 40  # of a hash; the row stands above them when sets are sorted
PAIR_BITS = 20  # pairs whose sets are joined at a time
AT_ONCE = 2**19  # characters hashed at a time: what fits a processor's cache
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Shingles:
    """Sets of hashes, sorted within each text. `offsets`: where each begins and the last ends. `level`: of n, 2**-level is kept."""

    hashes: Hashes
    offsets: Indices
    level: "np.ndarray[Any, np.dtype[np.int8]]"

    def __len__(self) -> int:
        return len(self.level)

    @property
    def sizes(self) -> Indices:
        """How many hashes each text has."""
        return np.diff(self.offsets)

    def rows(self) -> Indices:
        """The text of each hash."""
        return np.repeat(np.arange(len(self)), self.sizes)


def normalised(texts: pa.Array) -> pa.Array:
    """Lower case (full folding where a text is not ASCII), letters and digits, single spaces. Missing stays missing."""
    if not pc.all(pc.string_is_ascii(texts), min_count=0).as_py():
        folded = [
            None if text is None else text.casefold() for text in pc.utf8_normalize(texts, form="NFC").to_pylist()
        ]
        texts = pc.utf8_normalize(pa.array(folded, pa.string()), form="NFC")
    else:
        texts = pc.ascii_lower(texts)
    return pc.utf8_trim(pc.replace_substring_regex(texts, r"[^\pL\pN\pM]+", " "), " ")


def long_enough(texts: pa.Array) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which normalised texts say enough to be compared."""
    long = pc.greater_equal(pc.binary_length(texts).fill_null(0), FEWEST_BYTES)
    return np.asarray(pc.and_(long, pc.greater_equal(pc.utf8_length(texts).fill_null(0), FEWEST)))


def shingles(texts: pa.Array, length: int = LENGTH) -> Shingles:
    """The sets of normalised texts, none of them missing."""
    lengths = np.asarray(pc.utf8_length(texts), np.int64)
    ends = np.cumsum(lengths)
    parts, start = [], 0
    while start < len(texts):
        stop = max(start + 1, int(np.searchsorted(ends, (ends[start - 1] if start else 0) + AT_ONCE, "right")))
        parts.append(_hashed(texts[start:stop], lengths[start:stop], length))
        start = stop
    if not parts:
        return Shingles(np.empty(0, np.uint64), np.zeros(1, np.int64), np.empty(0, np.int8))
    sizes = np.concatenate([part.sizes for part in parts])
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Shingles(np.concatenate([p.hashes for p in parts]), offsets, np.concatenate([p.level for p in parts]))


def _hashed(texts: pa.Array, lengths: Indices, length: int) -> Shingles:
    """Rolling polynomial hashes of all windows at once, those over the end of a text left out."""
    joined = "".join(texts.to_pylist()) + " " * length
    letters = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.uint64)
    with np.errstate(over="ignore"):
        found = np.zeros(len(letters) - length, np.uint64)
        for i in range(length):
            found = found * _STEP + letters[i : i + len(found)]
        found = mixed(found)
    within = lengths - length + 1  # windows of each text; a shorter one has its only window reach into the next
    rows = np.repeat(np.arange(len(texts)), lengths)
    at = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    inside = at < np.maximum(within, 1)[rows]
    level = np.maximum(0, np.ceil(np.log2(np.maximum(within, 1) / LONG))).astype(np.int8)
    kept = found[inside] >> np.uint64(64 - BITS)
    rows = rows[inside]
    sampled = kept < (np.uint64(1 << BITS) >> level.astype(np.uint64)[rows])
    return _sets(rows[sampled], kept[sampled], level)


def _sets(rows: Indices, hashes: Hashes, level: "np.ndarray[Any, np.dtype[np.int8]]") -> Shingles:
    """Each text's hashes sorted, each once: the row is put above the hash, so that one sort does both."""
    keys = once((rows.astype(np.uint64) << np.uint64(BITS)) | hashes)
    counts = np.bincount((keys >> np.uint64(BITS)).astype(np.int64), minlength=len(level))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Shingles(keys & np.uint64((1 << BITS) - 1), offsets, level)


def once(values: Hashes) -> Hashes:
    """Different values, sorted. Ten times as fast as numpy's `unique`, which hashes."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if len(values) else values


def mixed(values: Hashes) -> Hashes:
    """The finaliser of splitmix64: every bit of the input moves every bit of the output."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(values ^ (values >> np.uint64(31)))


def jaccard(left: Shingles, right: Shingles, pairs: Indices) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """The true similarity of (n, 2) pairs of rows: what both sets hold by what either holds. Samples are cut to the smaller share."""
    found = np.empty(len(pairs), np.float32)
    sizes = left.sizes[pairs[:, 0]] + right.sizes[pairs[:, 1]]
    block = np.maximum(np.cumsum(sizes) // AT_ONCE, np.arange(len(pairs)) >> PAIR_BITS)
    for part in np.split(np.arange(len(pairs)), np.flatnonzero(np.diff(block)) + 1):
        level = np.maximum(left.level[pairs[part, 0]], right.level[pairs[part, 1]])
        one, other = _keys(left, pairs[part, 0], level), _keys(right, pairs[part, 1], level)
        at = np.minimum(np.searchsorted(other, one), max(0, len(other) - 1))
        shared = one[other[at] == one] if len(other) else one[:0]
        both, mine, theirs = (
            np.bincount((keys >> np.uint64(BITS)).astype(np.int64), minlength=len(part))
            for keys in (shared, one, other)
        )
        found[part] = both / np.maximum(mine + theirs - both, 1)
    return found


def _keys(side: Shingles, rows: Indices, level: "np.ndarray[Any, np.dtype[np.int8]]") -> Hashes:
    """The hashes of the texts of pairs, each with the pair's number above it: sorted. Only hashes that a sample of that level holds."""
    sizes = side.sizes[rows]
    at = np.repeat(side.offsets[rows] - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    pair = np.repeat(np.arange(len(rows)), sizes)
    hashes = side.hashes[at]
    kept = hashes < (np.uint64(1 << BITS) >> level.astype(np.uint64)[pair])
    return np.asarray((pair[kept].astype(np.uint64) << np.uint64(BITS)) | hashes[kept])

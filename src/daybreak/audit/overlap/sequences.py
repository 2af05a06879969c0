"""Texts as runs of words, hashed: which of them stand in how many texts of train.

Words become numbers, runs of them rolling hashes; of more than 30 million runs a sample is kept, by the value of the hash.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.canonical import plain
from daybreak.audit.frame import Part
from daybreak.audit.overlap.shingles import Hashes, Indices, mixed, normalised

MOST = 3 * 10**7  # runs kept of train

Bools = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Texts:
    """Different texts of one side as sequences of words. `rows`: the first row of each, on its side."""

    texts: pa.Array
    rows: Indices
    words: Hashes
    offsets: Indices

    @property
    def lengths(self) -> Indices:
        """Words of each."""
        return np.diff(self.offsets)


def different(part: Part, name: str, fewest: int) -> tuple[pa.Array, Indices]:
    """Different normalised texts of a column of at least so many words, and the first row of each."""
    encoded = normalised(plain(part.rows.column(name))).dictionary_encode()
    codes = np.asarray(encoded.indices.fill_null(-1), np.int64)
    first = np.zeros(len(encoded.dictionary), np.int64)
    there = np.flatnonzero(codes >= 0)[::-1]
    first[codes[there]] = there
    enough = np.asarray(pc.greater_equal(pc.count_substring(encoded.dictionary, " "), fewest - 1))
    return encoded.dictionary.filter(pa.array(enough)), first[enough]


def in_words(train: tuple[pa.Array, Indices], test: tuple[pa.Array, Indices]) -> tuple[Texts, Texts]:
    """Both sides' texts as numbers of words, the same word the same number."""
    lists = [pc.split_pattern(texts, " ") for texts, _ in (train, test)]
    words = pa.concat_arrays([pc.list_flatten(each) for each in lists]).dictionary_encode()
    codes = mixed(np.asarray(words.indices, np.uint64) + np.uint64(1))
    cut = len(lists[0].flatten())
    found = []
    for (texts, rows), listed, part in zip((train, test), lists, (codes[:cut], codes[cut:]), strict=True):
        lengths = np.asarray(pc.list_value_length(listed), np.int64)
        found.append(Texts(texts, rows, part, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)))
    return found[0], found[1]


class Sequences(NamedTuple):
    """Runs of words of one side: their hashes, the text of each, and the word it starts with."""

    hashes: Hashes
    rows: Indices
    starts: Indices

    def where(self, chosen: Bools) -> "Sequences":
        """Some of them."""
        return Sequences(self.hashes[chosen], self.rows[chosen], self.starts[chosen])


class Counted(NamedTuple):
    """Different runs: their hashes, sorted; in how many texts each stands, and the first of these. `of`: run of the side -> which."""

    values: Hashes
    texts: Indices
    first: Indices
    of: Indices


class Index:
    """Runs of so many words on both sides, and in how many texts each stands."""

    def __init__(self, train: Texts, test: Texts, length: int, most: int) -> None:
        mine, theirs = _sequences(train, length), _sequences(test, length)
        sampled = np.uint64(2**64 - 1) // np.uint64(max(1, -(-len(mine.hashes) // MOST)))
        self.length, self._most, self._counts = length, most, (len(train.texts), len(test.texts))
        self._sides = tuple(side.where(side.hashes <= sampled) for side in (mine, theirs))
        self._counted = tuple(_counted(side) for side in self._sides)

    def boilerplate(self, words: int, *, test: bool) -> Bools:
        """Which words of a side belong to runs that many texts of either side hold."""
        side, mine, other = self._sides[test], self._counted[test], self._counted[not test]
        often = (mine.texts > self._most) | (_looked_up(mine.values, other, other.texts) > self._most)
        starts = side.starts[often[mine.of]]
        edges = np.bincount(starts, minlength=words + 1) - np.bincount(starts + self.length, minlength=words + 1)
        return np.asarray(np.cumsum(edges)[:words] > 0)

    def shared(self, dull: Bools, *, test: bool) -> tuple[Floats, Indices]:
        """Of each text: the share of its runs that (another) train text holds, and one that does.

        `dull`: words that are boilerplate; a run that is so for more than half does not count.
        """
        side, mine, train = self._sides[test], self._counted[test], self._counted[0]
        texts = _looked_up(mine.values, train, train.texts) if test else mine.texts
        first = _looked_up(mine.values, train, train.first) if test else mine.first
        before = np.concatenate([[0], np.cumsum(dull)])
        plain = before[side.starts + self.length] - before[side.starts] <= self.length // 2
        held = ((texts > (0 if test else 1)) & (texts <= self._most))[mine.of] & plain
        return _by_text(side.rows, held, first[mine.of], self._counts[test])


def _sequences(side: Texts, length: int) -> Sequences:
    """All runs of so many words within a text."""
    count = max(0, len(side.words) - length + 1)
    with np.errstate(over="ignore"):
        found = np.zeros(count, np.uint64)
        for i in range(length):
            found = found * np.uint64(0x9E3779B97F4A7C15) + side.words[i : i + count]
    rows = np.repeat(np.arange(len(side.texts)), side.lengths)[:count]
    starts = np.arange(count)
    return Sequences(mixed(found), rows, starts).where(starts + length <= side.offsets[1:][rows])


def _counted(side: Sequences) -> Counted:
    order = np.argsort(side.hashes, kind="stable")  # rows stay ascending within a value
    hashes, rows = side.hashes[order], side.rows[order]
    new = np.ones(len(hashes), bool)
    new[1:] = hashes[1:] != hashes[:-1]
    another = new.copy()
    another[1:] |= rows[1:] != rows[:-1]
    starts, of = np.flatnonzero(new), np.empty(len(hashes), np.int64)
    of[order] = np.cumsum(new) - 1
    texts = np.add.reduceat(another.astype(np.int64), starts) if len(starts) else starts
    return Counted(hashes[starts], texts, rows[starts], of)


def _looked_up(wanted: Hashes, among: Counted, told: Indices) -> Indices:
    """What is told of those that stand among others; 0 of the rest. `wanted`: sorted."""
    if not len(among.values):
        return np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(among.values, wanted), len(among.values) - 1)
    return np.where(among.values[at] == wanted, told[at], 0)


def _by_text(rows: Indices, held: Bools, first: Indices, count: int) -> tuple[Floats, Indices]:
    """Share of each text's sequences that are held, and the text that holds the first of them."""
    whole, part = np.bincount(rows, minlength=count), np.bincount(rows[held], minlength=count)
    partner = np.full(count, -1, np.int64)
    partner[rows[held][::-1]] = first[held][::-1]
    return np.asarray(part / np.maximum(whole, 1), np.float32), partner

"""The order of samples: f(seed, epoch, position), a keyed permutation of [0, n) that is evaluated where it is needed.

A Feistel network (Luby & Rackoff, 1988) on Z_a x Z_b with a = ceil(sqrt(n)) and b = ceil(n / a) (Black & Rogaway, 2002). A position x
is taken apart, l = x mod a, r = x div a; then in turn l = (l + F0[r]) mod a, r = (r + F1[l]) mod b, l = (l + F2[r]) mod a, ..., for
16 rounds; the result is l + a r, and where that is not below n it goes round once more. The round functions are tables of about
sqrt(n) words of the named stream (seed, "order", epoch), reduced modulo a or b: blake3, not a generator whose numbers change between
versions, so that the order is the same on every machine. It holds 128 sqrt(n) bytes, costs nothing to start in the middle, and a few
tens of nanoseconds per index.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from daybreak.base.errors import UsageError
from daybreak.base.streams import Stream

Indices = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

ROUNDS = 16  # with 8, the 120 orders of five samples are visibly not equally likely
LARGEST = 2**40  # samples: the tables take 128 MiB
CHUNK = 4096  # positions at a time: what the rounds work on stays in the nearest cache


class Permutation:
    """One epoch's order of `n` samples. Raises `UsageError` for n outside [0, 2**40]."""

    def __init__(self, n: int, *, seed: int, epoch: int) -> None:
        if not 0 <= n <= LARGEST:
            raise UsageError(f"0 <= n <= 2**40 samples must hold, got n={n}")
        self._n = n
        self._a = max(1, math.isqrt(max(n, 1) - 1) + 1)
        self._b = max(1, -(-n // self._a))
        stream = Stream(seed, "order", epoch)
        self._tables = [self._table(stream, number) for number in range(ROUNDS)]

    def __len__(self) -> int:
        return self._n

    def __call__(self, positions: Any) -> Indices:
        """The sample at each position; any integers in [0, n), in an array of one dimension. Raises `UsageError`."""
        asked = np.asarray(positions, dtype=np.int64)
        if len(asked) and not (asked.min() >= 0 and asked.max() < self._n):
            raise UsageError(f"0 <= position < {self._n} must hold, got {asked.min()} to {asked.max()}")
        return self._evaluate(asked.astype(np.uint64))

    def span(self, start: int, stop: int) -> Indices:
        """The samples at positions start, start + 1, ..., stop - 1; 0 <= start <= stop <= n."""
        if not 0 <= start <= stop <= self._n:
            raise UsageError(f"0 <= start <= stop <= {self._n} must hold, got start={start}, stop={stop}")
        return self._evaluate(np.arange(start, stop, dtype=np.uint64))

    def _table(self, stream: Stream, number: int) -> Words:
        modulus, size = (self._a, self._b) if number % 2 == 0 else (self._b, self._a)
        words = np.frombuffer(stream.words(size), dtype="<u8").astype(np.uint64)
        words %= np.uint64(modulus)
        return words

    def _evaluate(self, words: Words) -> Indices:
        for start in range(0, len(words), CHUNK):
            part = words[start : start + CHUNK]
            part[:] = self._once(part)
            while (outside := np.flatnonzero(part >= self._n)).size:  # the way round ends: x itself lies inside
                part[outside] = self._once(part[outside])
        return words.view(np.int64)

    def _once(self, words: Words) -> Words:
        a, b = np.uint64(self._a), np.uint64(self._b)
        right = words // a
        left = words - right * a
        drawn = np.empty_like(left)
        for number, table in enumerate(self._tables):
            np.take(table, right.view(np.int64), out=drawn, mode="clip")  # they are inside: "clip" saves the check
            np.add(left, drawn, out=left)
            np.subtract(left, a if number % 2 == 0 else b, out=drawn)
            np.minimum(left, drawn, out=left)  # what was below the modulus has wrapped round to something huge
            left, right = right, left
        left += right * a
        return left


def order(n: int, *, seed: int, epoch: int = 0) -> Indices:
    """All samples 0, 1, ..., n - 1 in the order of this epoch, shape (n,), int64. Raises `UsageError`."""
    return Permutation(n, seed=seed, epoch=epoch).span(0, n)


class Cut:
    """How an epoch of `n` samples is cut into batches of `size`, and each batch into shards.

    The last batch may be smaller; `drop_last` leaves it out. `shard=(k, S)` gives the k-th of S parts of every batch of m samples,
    those at m k // S up to m (k + 1) // S: the parts of a batch, joined in order, are the batch whatever S is. Raises `UsageError`.
    """

    def __init__(self, n: int, size: int, *, drop_last: bool = False, shard: tuple[int, int] = (0, 1)) -> None:
        if size < 1:
            raise UsageError(f"a batch must hold at least one sample, got {size}")
        if not 0 <= shard[0] < shard[1]:
            raise UsageError(f"shard=(k, S) needs 0 <= k < S, got k={shard[0]}, S={shard[1]}")
        self.n = n
        self.size = size
        self._drop_last = drop_last
        self._shard = shard
        self._stop = n - size + 1 if drop_last else n  # no batch begins there or later

    def ended(self, position: int) -> bool:
        """Whether no batch is left from `position` on."""
        return position >= self._stop

    def count(self) -> int:
        """How many batches an epoch has."""
        return self.n // self.size if self._drop_last else -(-self.n // self.size)

    def spans(self, start: int = 0) -> Iterator[tuple[int, int]]:
        """The positions [first, last) of each batch's part, from position `start` on."""
        index, count = self._shard
        for first in range(start, self._stop, self.size):
            rows = min(self.size, self.n - first)
            yield first + rows * index // count, first + rows * (index + 1) // count


def batches(
    n: int,
    size: int,
    *,
    seed: int,
    epoch: int = 0,
    start: int = 0,
    drop_last: bool = False,
    shard: tuple[int, int] = (0, 1),
) -> Iterator[Indices]:
    """The samples of each batch of this epoch, int64 arrays of shape (size,), from position `start` (in samples) on.

    The last batch may be smaller; `drop_last` leaves it out. `shard=(k, S)` gives the k-th of S parts of every batch, see `Cut`.
    Raises `UsageError`.
    """
    if start < 0:
        raise UsageError(f"start >= 0 must hold, got start={start}")
    permutation = Permutation(n, seed=seed, epoch=epoch)
    spans = Cut(n, size, drop_last=drop_last, shard=shard).spans(start)
    return (permutation.span(first, last) for first, last in spans)

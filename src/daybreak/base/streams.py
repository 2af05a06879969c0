"""Named random streams: one seed, one sequence, on every machine and in every process.

A draw is a function of (seed, names) alone: `Stream(7, "space", 12, "lr")` gives the same numbers whoever
asks, in whatever order. There is no global state. The bits are blake3 in extendable-output mode
(O'Connor et al., 2020); a float is the top 53 bits of a 64-bit word.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

from blake3 import blake3

T = TypeVar("T")

_BLOCK = 512


class Stream:
    """An endless sequence of numbers named by a seed and a path."""

    __slots__ = ("_block", "_hasher", "_position")

    def __init__(self, seed: int, *names: str | int) -> None:
        path = "\x1f".join(f"{type(name).__name__}:{name}" for name in names)
        self._hasher = blake3(f"{seed}\x1e{path}".encode())
        self._position = 0
        self._block = b""

    def word(self) -> int:
        """The next 64 bits as an integer in [0, 2**64)."""
        offset = self._position % _BLOCK
        if offset == 0:
            self._block = self._hasher.digest(_BLOCK, seek=self._position)
        self._position += 8
        return int.from_bytes(self._block[offset : offset + 8], "little")

    def words(self, count: int) -> bytes:
        """The next `count` words at once, 8 bytes each, little-endian; begins and ends a block of its own."""
        start = -(-self._position // _BLOCK) * _BLOCK
        self._position = start + -(-8 * count // _BLOCK) * _BLOCK
        return self._hasher.digest(8 * count, seek=start)

    def uniform(self) -> float:
        """A float in [0, 1)."""
        return (self.word() >> 11) * 2.0**-53

    def below(self, bound: int) -> int:
        """An integer in [0, bound), without modulo bias. Raises `ValueError` unless bound > 0."""
        if bound <= 0:
            raise ValueError(f"bound must be positive, got {bound}")
        limit = 2**64 - 2**64 % bound
        while (word := self.word()) >= limit:
            pass
        return word % bound

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, each as likely."""
        return options[self.below(len(options))]

    def normal(self) -> float:
        """A standard normal draw (inverse of the distribution function)."""
        return NormalDist().inv_cdf(self.uniform() * (1 - 2.0**-53) + 2.0**-54)


def derive_seed(seed: int, *names: str | int, bits: int = 32) -> int:
    """A seed for somebody else's generator, in [0, 2**bits); bits <= 64."""
    return Stream(seed, *names).word() >> (64 - bits)

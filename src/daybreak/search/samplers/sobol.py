"""Sobol points, scrambled by the seed: random search that leaves fewer holes.

Direction numbers: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections" (2008), file new-joe-kuo-6.21201.
Scrambling: Owen's, by hashing (Burley, "Practical Hash-based Owen Scrambling", JCGT 2020; Laine and Karras, 2011).
"""

from collections.abc import Iterator
from functools import cache

from daybreak.base.streams import Stream, derive_seed
from daybreak.search.samplers.fresh import TRIES, Fresh
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment

BITS = 32
APART = 1 << 20  # in the sequence, between a trial's point and the one that stands in for it when that cannot be taken
_MASK = (1 << BITS) - 1

# From the second dimension on: (primitive polynomial with all its bits, initial direction numbers).
_JOE_KUO: tuple[tuple[int, tuple[int, ...]], ...] = (
    (3, (1,)),
    (7, (1, 3)),
    (11, (1, 3, 1)),
    (13, (1, 1, 1)),
    (19, (1, 1, 3, 3)),
    (25, (1, 3, 5, 13)),
    (37, (1, 1, 5, 5, 17)),
    (41, (1, 1, 5, 5, 5)),
    (47, (1, 1, 7, 11, 19)),
    (55, (1, 1, 5, 1, 1)),
    (59, (1, 1, 1, 3, 11)),
    (61, (1, 3, 5, 5, 31)),
    (67, (1, 3, 3, 9, 7, 49)),
    (91, (1, 1, 1, 15, 21, 21)),
    (97, (1, 3, 1, 13, 27, 49)),
    (103, (1, 1, 1, 15, 7, 5)),
    (109, (1, 3, 1, 15, 13, 25)),
    (115, (1, 1, 5, 5, 19, 61)),
    (131, (1, 3, 7, 11, 23, 15, 103)),
    (137, (1, 3, 7, 13, 13, 15, 69)),
    (143, (1, 1, 3, 13, 7, 35, 63)),
    (145, (1, 3, 5, 9, 1, 25, 53)),
    (157, (1, 3, 1, 13, 9, 35, 107)),
    (167, (1, 3, 1, 5, 27, 61, 31)),
    (171, (1, 1, 5, 11, 19, 41, 61)),
    (185, (1, 3, 5, 3, 3, 13, 69)),
    (191, (1, 1, 7, 13, 1, 19, 1)),
    (193, (1, 3, 7, 5, 13, 19, 59)),
    (203, (1, 1, 3, 9, 25, 29, 41)),
    (211, (1, 3, 5, 13, 23, 1, 55)),
    (213, (1, 3, 7, 3, 13, 59, 17)),
    (229, (1, 3, 1, 3, 5, 53, 69)),
    (239, (1, 1, 5, 5, 23, 33, 13)),
    (241, (1, 1, 7, 7, 1, 61, 123)),
    (247, (1, 1, 7, 9, 13, 61, 49)),
    (253, (1, 3, 3, 5, 3, 55, 33)),
    (285, (1, 3, 1, 15, 31, 13, 49, 245)),
    (299, (1, 3, 5, 15, 31, 59, 63, 97)),
    (301, (1, 3, 1, 11, 11, 11, 77, 249)),
    (333, (1, 3, 1, 11, 27, 43, 71, 9)),
    (351, (1, 1, 7, 15, 21, 11, 81, 45)),
    (355, (1, 3, 7, 3, 25, 31, 65, 79)),
    (357, (1, 3, 1, 1, 19, 11, 3, 205)),
    (361, (1, 1, 5, 9, 19, 21, 29, 157)),
    (369, (1, 3, 7, 11, 1, 33, 89, 185)),
    (391, (1, 3, 3, 3, 15, 9, 79, 71)),
    (397, (1, 3, 7, 11, 15, 39, 119, 27)),
    (425, (1, 1, 3, 1, 11, 31, 97, 225)),
    (451, (1, 1, 1, 3, 23, 43, 57, 177)),
    (463, (1, 3, 7, 7, 17, 17, 37, 71)),
    (487, (1, 3, 1, 5, 27, 63, 123, 213)),
    (501, (1, 1, 3, 5, 11, 43, 53, 133)),
    (529, (1, 3, 5, 5, 29, 17, 47, 173, 479)),
    (539, (1, 3, 3, 11, 3, 1, 109, 9, 69)),
    (545, (1, 1, 1, 5, 17, 39, 23, 5, 343)),
    (557, (1, 3, 1, 5, 25, 15, 31, 103, 499)),
    (563, (1, 1, 1, 11, 11, 17, 63, 105, 183)),
    (601, (1, 1, 5, 11, 9, 29, 97, 231, 363)),
    (607, (1, 1, 5, 15, 19, 45, 41, 7, 383)),
    (617, (1, 3, 7, 7, 31, 19, 83, 137, 221)),
    (623, (1, 1, 1, 3, 23, 15, 111, 223, 83)),
    (631, (1, 1, 5, 13, 31, 15, 55, 25, 161)),
    (637, (1, 1, 3, 13, 25, 47, 39, 87, 257)),
)
DIMENSIONS = len(_JOE_KUO) + 1


class SobolSampler:
    """Trial t takes point t - 1 of the scrambled sequence; columns beyond `DIMENSIONS` are drawn at random."""

    def __init__(self, spec: Experiment) -> None:
        self._seed, self._space = spec.seed, Space.from_spec(spec)
        self._fresh = Fresh(self._space, spec.seed)
        self._place = {name: place for place, name in enumerate(self._space.columns)}
        self._scramble = [derive_seed(spec.seed, "sobol", place) for place in range(DIMENSIONS)]

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:  # noqa: ARG002 (it learns nothing)
        """The point exists."""
        self._fresh.saw(point)

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """The trial's point; None when every point was proposed. Raises `UsageError` for a space without a valid point."""
        return self._fresh.first(trial, self._proposals(trial), pending)

    def _proposals(self, trial: int) -> Iterator[Point]:
        for attempt in range(TRIES // 2):
            index = (trial - 1 + attempt * APART) & _MASK
            point = self._space.point(lambda name, index=index: self._coordinate(name, index))  # type: ignore[misc]
            if self._space.broken(point) is None:
                yield point
        yield from self._space.draws(self._seed, trial)

    def _coordinate(self, name: str, index: int) -> float:
        place = self._place.get(name)
        if place is None:
            return 0.5  # a constant
        if place >= DIMENSIONS:
            return Stream(self._seed, "sobol", index, name).uniform()
        return scrambled(sobol(place, index), self._scramble[place]) * 2.0**-BITS


def sobol(dimension: int, index: int) -> int:
    """Coordinate of a point of the unscrambled sequence, times 2**32. Dimensions count from 0 to `DIMENSIONS` - 1."""
    value, gray, directions = 0, index ^ (index >> 1), _directions(dimension)
    for direction in directions:
        if gray & 1:
            value ^= direction
        gray >>= 1
    return value


def scrambled(value: int, seed: int) -> int:
    """Owen scrambling of a 32-bit fraction: each digit is flipped or not as the digits above it and the seed say."""
    x = (_reversed(value) + seed) & _MASK
    for factor in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6):
        x ^= (x * factor) & _MASK
    return _reversed(x)


def _reversed(value: int) -> int:
    return int(f"{value:032b}"[::-1], 2)


@cache
def _directions(dimension: int) -> tuple[int, ...]:
    if dimension == 0:
        return tuple(1 << (BITS - 1 - k) for k in range(BITS))
    polynomial, initial = _JOE_KUO[dimension - 1]
    degree = polynomial.bit_length() - 1
    directions = [m << (BITS - 1 - k) for k, m in enumerate(initial)]
    for k in range(degree, BITS):
        value = directions[k - degree] ^ (directions[k - degree] >> degree)
        for j in range(1, degree):
            if (polynomial >> (degree - j)) & 1:
                value ^= directions[k - j]
        directions.append(value)
    return tuple(directions)

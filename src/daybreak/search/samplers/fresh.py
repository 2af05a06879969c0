"""Keeps a sampler from proposing the same point twice while there are others."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from daybreak.base.streams import Stream
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point

SMALL = 4096  # spaces with at most so many points are known point by point
TRIES = 64  # proposals looked at before a small space is searched for what is left


class Fresh:
    """What was already proposed: points told, points asked for, and the pending ones given with each question."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed
        self._all = space.all_points(SMALL)
        self._seen: set[tuple[Any, ...]] = set()
        self._known: set[int] = set()  # pending trials already looked at: with many workers most are, each time
        self._looked: Mapping[int, Point] = {}
        self._count = 0

    def saw(self, point: Point) -> None:
        """This point exists."""
        self._seen.add(self._space.key(point))

    def first(self, trial: int, proposals: Iterator[Point], pending: Mapping[int, Point]) -> Point | None:
        """The first new one of the proposals, else any new point of a small space; None when a small space is used up.

        A large space may repeat itself after `TRIES` proposals: its last one is taken.
        """
        self._look(pending)
        if self._all is not None and len(self._seen) >= len(self._all) and not self._left():
            return None
        point = self._new(proposals)
        if point is None:
            left = self._left()
            point = Stream(self._seed, "left", trial).choice(left) if left else None
        if point is not None:
            self.saw(point)
        return point

    def _look(self, pending: Mapping[int, Point]) -> None:
        """Those of one request are given the same mapping, which grows by our own answers: nothing to look for."""
        grown = pending is self._looked and len(pending) <= self._count + 1
        self._looked, self._count = pending, len(pending)
        if grown:
            return
        for number in pending.keys() - self._known:
            self._known.add(number)
            self.saw(pending[number])

    def _left(self) -> list[Point]:
        return [point for point in self._all or () if self._space.key(point) not in self._seen]

    def _new(self, proposals: Iterator[Point]) -> Point | None:
        """A new proposal, or the last of `TRIES` where the space is large."""
        point: Point | None = None
        for point in islice(proposals, TRIES):
            if self._space.key(point) not in self._seen:
                return point
        return point if self._all is None else None

"""Simulated time: a heap of calls. Nothing waits, decisions take no time, and what happens is a function of the seed alone."""

import heapq
from collections.abc import Callable
from itertools import count

from daybreak.controller.intake import Intake
from daybreak.controller.reactor import DueCall
from daybreak.ports.reactor import HasFileno


class SimulatedReactor(Intake):
    """The `Loop` of a simulation. Calls of one instant are made in the order they were put off, then their events make one batch."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self._heap: list[tuple[float, int, DueCall]] = []
        self._order = count()

    def now(self) -> float:
        """Simulated seconds since 1970."""
        return self._now

    def not_before(self, at: float) -> None:
        """Simulated time goes on from there."""
        self._now = max(self._now, at)

    def was_set(self) -> float:
        """Nobody sets it."""
        return 0.0

    def watch(self, source: HasFileno, ready: Callable[[], None]) -> None:  # noqa: ARG002
        """There is nothing to watch in a simulation: raises `RuntimeError`."""
        raise RuntimeError(f"a simulation watches no sockets, got {source!r}: ask samplers inline")

    def forget(self, source: HasFileno) -> None:
        """Nothing is watched."""

    def later(self, seconds: float, call: Callable[[], None]) -> DueCall:
        """Call once, so many simulated seconds from now."""
        due = DueCall(call)
        heapq.heappush(self._heap, (self._now + max(0.0, seconds), next(self._order), due))
        return due

    def turn(self, timeout: float | None = None) -> bool:
        """Go on to the next instant at which something happens; False when nothing ever will, or no time may pass."""
        if timeout == 0:
            return False
        heap = self._heap
        while heap and heap[0][2].call is None:
            heapq.heappop(heap)
        if not heap:
            return False
        self._now = instant = heap[0][0]
        while heap and heap[0][0] == instant:
            call = heapq.heappop(heap)[2].call
            if call is not None:
                call()
        return True

    def close(self) -> None:
        """Forget all calls."""
        self._heap.clear()

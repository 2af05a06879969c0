"""The controller's clock: seconds since 1970 that never go back and never leap, whatever is done to the machine's.

It takes the machine's time once, and goes on by the steady clock (the one that also counts while the machine sleeps, where there
is one). So budgets and timers stay what they were when somebody sets the machine's clock; the difference is told.
"""

import time
from collections.abc import Callable

NOTICED = 2.0  # seconds; clocks that are kept right by small steps are no news

Seconds = Callable[[], float]


def steady() -> float:
    """Seconds of a clock that nobody sets."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class SteadyClock:
    """`wall` is the machine's time, `ticks` what it goes on by."""

    def __init__(self, wall: Seconds = time.time, ticks: Seconds = steady) -> None:
        self._wall = wall
        self._ticks = ticks
        self._base = self._wall() - ticks()
        self._known = 0.0  # how far the machine's clock was from ours when that was last told

    def now(self) -> float:
        """Seconds since 1970."""
        return self._base + self._ticks()

    def not_before(self, at: float) -> None:
        """Go on from there, if it is later: the machine's clock was set back since."""
        self._base += max(at - self.now(), 0.0)

    def was_set(self) -> float:
        """By how many seconds the machine's clock was set since this was last asked; 0.0: it was not."""
        away = self._wall() - self.now()
        change = away - self._known
        if abs(change) < NOTICED:
            return 0.0
        self._known = away
        return change

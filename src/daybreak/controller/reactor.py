"""The real loop's eyes and clock: one selector, one heap of timers, one queue. See `ports.reactor` for what guests may expect."""

import heapq
import select
import selectors
import time
from collections.abc import Callable
from itertools import count

from daybreak.controller.clock import SteadyClock
from daybreak.controller.company import Company
from daybreak.controller.intake import Batch, Intake
from daybreak.ports.reactor import HasFileno

Fault = Callable[[str, Exception], None]

_TOLERATED = 3  # a source whose callback raises so many times in a row is no longer watched: it would spin the loop


class DueCall:
    """A call that was put off; cancelled ones stay in the heap until their time and are skipped then."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do not make it. Idempotent."""
        self.call = None


class _Watched:
    __slots__ = ("faults", "forgotten", "ready")

    def __init__(self, ready: Callable[[], None]) -> None:
        self.ready = ready
        self.faults = 0
        self.forgotten = False  # by another callback of the same turn


class SelectorReactor(Intake):
    """The `Reactor` of a real controller. `fault(what, error)` is told of a guest's callback that raised."""

    def __init__(self, fault: Fault | None = None, clock: SteadyClock | None = None) -> None:
        super().__init__()
        self._clock = clock or SteadyClock()
        self.now = self._clock.now  # seconds since 1970
        self.not_before = self._clock.not_before
        self.was_set = self._clock.was_set
        self._fault = fault or _ignore
        self._selector = selectors.DefaultSelector()
        self._heap: list[tuple[float, int, DueCall]] = []
        self._order = count()
        self._company = Company()

    def watch(self, source: HasFileno, ready: Callable[[], None]) -> None:
        """Call `ready` whenever the source can be read; a second `watch` replaces the first."""
        watched = _Watched(ready)
        try:
            self._selector.register(source, selectors.EVENT_READ, watched)
        except KeyError:
            self._selector.modify(source, selectors.EVENT_READ, watched)

    def forget(self, source: HasFileno) -> None:
        """Stop watching. Idempotent, also for a source that was closed meanwhile."""
        try:
            self._selector.unregister(source).data.forgotten = True
        except (KeyError, ValueError):
            return

    def later(self, seconds: float, call: Callable[[], None]) -> DueCall:
        """Call once, so many seconds from now (measured by the monotonic clock)."""
        due = DueCall(call)
        heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), due))
        return due

    def turn(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds for a source or a timer and call who is due; False when nothing was."""
        self._company.back(time.monotonic())
        busy = self._wake_all(self._patience(timeout))
        busy = self._ring() or busy
        if self._next:
            self._linger()
        return busy

    def take(self) -> Batch:
        """All that is queued; the queue is empty then."""
        self._company.taken(time.monotonic(), len(self._next))
        return super().take()

    def close(self) -> None:
        """Let go of the selector."""
        self._selector.close()

    def _patience(self, timeout: float | None) -> float | None:
        while self._heap and self._heap[0][2].call is None:
            heapq.heappop(self._heap)
        if not self._heap:
            return timeout
        due_in = max(0.0, self._heap[0][0] - time.monotonic())
        return due_in if timeout is None else min(timeout, due_in)

    def _linger(self) -> None:
        """Let a small batch grow while that is likely to pay; see `company`."""
        began, size = time.monotonic(), len(self._next)
        patience = self._company.patience(size)
        left = patience
        while left > 0 and len(self._next) < self._company.expected:
            # epoll waits whole milliseconds; its own descriptor can be waited for in microseconds.
            if select.select([self._selector], [], [], left)[0]:
                self._wake_all(0)
            left = began + patience - time.monotonic()
        if patience:
            self._company.waited(gained=len(self._next) > size)

    def _wake_all(self, timeout: float | None) -> bool:
        ready = self._selector.select(timeout)
        for key, _ in ready:
            self._wake(key)
        return bool(ready)

    def _wake(self, key: selectors.SelectorKey) -> None:
        watched: _Watched = key.data
        if watched.forgotten:
            return
        try:
            watched.ready()
        except Exception as error:  # noqa: BLE001 (one guest's fault must not end everybody's loop)
            self._fault("a callback of a watched source", error)
            watched.faults += 1
            if watched.faults >= _TOLERATED:
                self.forget(key.fileobj)  # type: ignore[arg-type]
        else:
            watched.faults = 0

    def _ring(self) -> bool:
        rang = False
        now = time.monotonic()
        while self._heap and self._heap[0][0] <= now:
            call = heapq.heappop(self._heap)[2].call
            if call is None:
                continue
            rang = True
            try:
                call()
            except Exception as error:  # noqa: BLE001
                self._fault("a timer's call", error)
        return rang


def _ignore(what: str, error: Exception) -> None:
    del what, error

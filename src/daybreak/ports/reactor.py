"""What the controller's loop offers to those who live on its thread. Implemented by `controller`, real and simulated."""

from collections.abc import Callable
from typing import Protocol

from daybreak.lifecycle.events import AnyEvent
from daybreak.ports.ledger import PointBatch


class HasFileno(Protocol):
    """A socket, pipe or file descriptor holder."""

    def fileno(self) -> int:
        """The file descriptor."""
        ...


class Timer(Protocol):
    """A call that was put off."""

    def cancel(self) -> None:
        """Do not make it. Idempotent."""
        ...


class Reactor(Protocol):
    """The loop, as its guests see it. Callbacks run on the loop's thread, between batches, and must be brief."""

    def now(self) -> float:
        """Seconds since 1970 (simulated time in a simulation)."""
        ...

    def watch(self, source: HasFileno, ready: Callable[[], None]) -> None:
        """Call `ready` whenever the source can be read."""
        ...

    def forget(self, source: HasFileno) -> None:
        """Stop watching. Idempotent."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call once, so many seconds from now."""
        ...

    def post(self, event: AnyEvent, committed: Callable[[], None] | None = None) -> None:
        """Queue an event for the next batch; `committed` is called after its commit, before the commands of its step are sent."""
        ...

    def log(self, batch: PointBatch, committed: Callable[[], None] | None = None) -> None:
        """Queue metric points for the next commit."""
        ...

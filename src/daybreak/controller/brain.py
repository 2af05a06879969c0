"""The state and its one entrance, fenced: one experiment's fault fails that experiment and not the loop.

A step that raises is followed by a step of `PrepareFailed(kind="internal")` for its experiment. That event is derived, not
logged: a replay meets the same fault at the same entry and contains it in the same way.
"""

from collections.abc import Callable, Sequence
from typing import Any

from daybreak.base.errors import InvariantBroken
from daybreak.controller.core import Core
from daybreak.lifecycle.commands import AnyCommand
from daybreak.lifecycle.events import AnyEvent, Imported, PrepareFailed, Submitted
from daybreak.wire.worker import Failure

Fault = Callable[[str, Exception], None]


class Brain:
    """Applies events in the order of the log."""

    def __init__(self, core: Core, fault: Fault, *, check: bool = False) -> None:
        self._core = core
        self._step = core.step
        self._fault = fault
        self._check = check  # invariants after every event: for tests, it costs more than the step
        self._broken: set[int] = set()
        self.state = core.new_state()
        self.newest = 0  # the highest experiment number submitted
        self.at = 0.0  # of the last event

    def memory(self) -> Any:
        """All that it knows, to be pickled at once."""
        return self.state, self.newest, self.at, self._broken

    def remember(self, memory: Any) -> None:
        """Know what `memory` told, instead of all that was known."""
        self.state, self.newest, self.at, self._broken = memory

    def apply(self, at: float, event: AnyEvent) -> Sequence[AnyCommand]:
        """Step one event; what is to be done now."""
        self.at = at
        if isinstance(event, Submitted | Imported):
            self.newest = max(self.newest, event.experiment)
        try:
            commands = self._step(self.state, at, event)
            if self._check:
                self._core.check(self.state)
        except Exception as error:  # noqa: BLE001 (whatever it is, the other experiments go on)
            return self._contain(at, event, error)
        return commands

    def _contain(self, at: float, event: AnyEvent, error: Exception) -> Sequence[AnyCommand]:
        self._fault(f"the step of {event!r}", error)
        if isinstance(error, InvariantBroken) and self._check:
            raise error
        experiment = experiment_of(event)
        if experiment is None or experiment in self._broken:
            return ()
        self._broken.add(experiment)
        failure = Failure(kind="internal", message=f"a fault of Daybreak's own: {type(error).__name__}: {error}")
        try:
            return self._step(self.state, at, PrepareFailed(experiment, failure))
        except Exception as second:  # noqa: BLE001
            self._fault(f"failing experiment {experiment}", second)
            return ()


def experiment_of(event: AnyEvent) -> int | None:
    """The experiment an event belongs to; None for those of machines."""
    attempt = getattr(event, "attempt", None)
    number = getattr(event, "experiment", None) if attempt is None else attempt.experiment
    return number if isinstance(number, int) else None

"""Which executor an order goes to: the one that offered the machine, then the one that holds the attempt."""

from collections.abc import Callable, Sequence
from functools import partial

from daybreak.base.ids import AttemptKey, TrialKey
from daybreak.lifecycle.commands import DeleteCheckpoint, Freeze, Kill, Launch, Verdict
from daybreak.lifecycle.events import AnyEvent, SlotsOffered
from daybreak.ports.executor import Executor, Order
from daybreak.ports.reactor import Reactor


class Seat:
    """The reactor as one executor sees it; notes which machines that executor offers."""

    def __init__(self, reactor: Reactor, offered: Callable[[str], None]) -> None:
        self.now = reactor.now
        self.watch = reactor.watch
        self.forget = reactor.forget
        self.later = reactor.later
        self.log = reactor.log
        self._post = reactor.post
        self._offered = offered

    def post(self, event: AnyEvent, committed: Callable[[], None] | None = None) -> None:
        """Queue an event for the next batch."""
        if type(event) is SlotsOffered:
            self._offered(event.machine)
        self._post(event, committed)


class Router:
    """Sends orders; an order whose owner is not known goes to every executor, where it does no harm."""

    def __init__(self, executors: Sequence[Executor], reactor: Reactor) -> None:
        self._executors = tuple(executors)
        self._reactor = reactor
        self._machines: dict[str, Executor] = {}
        self._trials: dict[TrialKey, Executor] = {}

    def start(self) -> None:
        """Start every executor."""
        for executor in self._executors:
            executor.start(Seat(self._reactor, partial(self._offered, executor)))

    def inventory(self) -> list[AttemptKey]:
        """Every attempt that is alive anywhere."""
        alive: list[AttemptKey] = []
        for executor in self._executors:
            for attempt in executor.inventory():
                self._trials[attempt.of] = executor
                alive.append(attempt)
        return alive

    def send(self, order: Order) -> None:
        """Carry out an order where it belongs."""
        if len(self._executors) == 1:
            self._executors[0].execute(order)
            return
        owner = self._owner(order)
        for executor in (owner,) if owner is not None else self._executors:
            executor.execute(order)

    def close(self, grace: float) -> None:
        """Close every executor."""
        for executor in self._executors:
            executor.close(grace)

    def _offered(self, executor: Executor, machine: str) -> None:
        self._machines[machine] = executor

    def _owner(self, order: Order) -> Executor | None:
        if isinstance(order, Launch):
            owner = self._machines.get(order.machine)
            if owner is not None:
                self._trials[order.attempt.of] = owner
            return owner
        if isinstance(order, Verdict | Freeze | Kill):
            return self._trials.get(order.attempt.of)
        if isinstance(order, DeleteCheckpoint):
            return self._trials.get(TrialKey(order.experiment, order.trial))
        return None

"""Where processes run, as the controller sees it. Implemented by `executors.local` and `executors.simulated`."""

from typing import Protocol

from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.commands import DeleteCheckpoint, Freeze, Kill, Launch, Prepare, Release, Verdict
from daybreak.ports.reactor import Reactor

Order = Prepare | Launch | Verdict | Freeze | Kill | DeleteCheckpoint | Release


class Executor(Protocol):
    """A machine's agent. All calls come from the loop's thread; none may block for long.

    What happens is told through the reactor: `post` for events, `log` for metric points. A repeated order is harmless. A `Prepare` is
    answered by `Prepared` as soon as attempts can be started without waiting (again, when it is repeated), or by `PrepareFailed`.
    """

    def start(self, reactor: Reactor) -> None:
        """Begin: post `SlotsOffered`, watch sockets."""
        ...

    def execute(self, order: Order) -> None:
        """Carry out an order; its outcome comes as an event. Never raises for what user code or a process did."""
        ...

    def inventory(self) -> list[AttemptKey]:
        """The attempts whose processes are alive now."""
        ...

    def close(self, grace: float) -> None:
        """End every process, the whole group of each, waiting at most `grace` seconds for them."""
        ...

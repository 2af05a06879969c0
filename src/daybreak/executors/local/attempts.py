"""What every attempt has, whatever its processes are: a key, a grant, standing, and exactly one end."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from daybreak.base.home import Home
from daybreak.executors.local.aside import Aside
from daybreak.executors.local.credentials import Credentials
from daybreak.executors.local.memory import kills_for_want_of_memory
from daybreak.executors.local.policies import judged
from daybreak.executors.local.processes import end_groups
from daybreak.executors.local.watchdog import Watchdog
from daybreak.lifecycle.commands import Freeze, Launch, Verdict
from daybreak.lifecycle.events import AttemptEnded, EndReason, Slot
from daybreak.ports.reactor import Reactor, Timer
from daybreak.spec.models import Experiment
from daybreak.wire.worker import Failure

PATIENCE = 5.0  # seconds after which a condemned attempt is over, whether its processes' end was seen or not


@dataclass(frozen=True)
class Site:
    """What attempts need of their agent."""

    reactor: Reactor
    home: Home
    watchdog: Watchdog
    ended: Callable[["Attempt"], None]
    credentials: Credentials
    aside: Aside


class Doom(NamedTuple):
    """Why we end an attempt ourselves."""

    reason: EndReason
    failure: Failure | None


class Attempt(ABC):
    """One stay of a trial on slots. All methods are called on the loop's thread."""

    def __init__(self, site: Site, launch: Launch, spec: Experiment, slots: Sequence[Slot]) -> None:
        self.site = site
        self.launch = launch
        self.key = launch.attempt
        self.spec = spec
        self.slots = list(slots)
        self.units = launch.units
        self.metrics: dict[str, float] = {}
        self.best = dict(launch.best)
        self.objectives: dict[str, str] = {one.metric: one.direction for one in spec.objectives}
        self.over = False
        self.doom: Doom | None = None
        self.granted = time.monotonic()
        self.heard = self.granted  # when the attempt last told something
        self.waits = False  # for us: its warm parent, or a verdict
        self.credentials = site.credentials.variables(spec)
        self._timers: list[Timer] = []
        self._kills_before = kills_for_want_of_memory()

    @property
    def seconds(self) -> float:
        """Since the grant."""
        return time.monotonic() - self.granted

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.site.home.log(self.key)

    @abstractmethod
    def begin(self) -> None:
        """Start, or wait for what is needed to start."""

    @abstractmethod
    def verdict(self, order: Verdict) -> None:
        """Answer the report that waits; an answer to any other is dropped."""

    @abstractmethod
    def freeze(self, order: Freeze) -> None:
        """Save and end."""

    @abstractmethod
    def groups(self) -> list[int]:
        """Process groups that are alive."""

    def terminate(self) -> None:
        """Ask its groups to end. For closing down only."""
        end_groups(self.groups(), signal.SIGTERM)

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Block until its processes have ended, at most so long; then kill them. For closing down only."""

    def condemn(self, reason: EndReason, failure: Failure | None = None) -> None:
        """Kill its groups; it ends as told when they are gone. The first call counts."""
        if self.over or self.doom is not None:
            return
        self.doom = Doom(reason, failure)
        if groups := self.groups():
            end_groups(groups)
        self.later(PATIENCE, self._give_up)

    def logs(self) -> list[Path]:
        """The output of each of its processes, by rank."""
        return [self.log]

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call then, unless the attempt is over by then."""
        self._timers.append(self.site.reactor.later(seconds, call))

    def end(self, reason: EndReason, failure: Failure | None = None, **measured: Any) -> None:
        """Post the end, once; the slots are free from now on."""
        if self.over:
            return
        self.over = True
        if failure is not None and reason == "crashed":
            failure = judged(failure, self.spec.log_policies, self.logs())
        for timer in self._timers:
            timer.cancel()
        if failure is not None and self.credentials:  # it goes into the log of events
            redactor = self.site.credentials.redactor(self.spec)
            told, output = redactor.text(failure.message), redactor.text(failure.tail)
            failure = structs.replace(failure, message=told, tail=output)
        self.site.reactor.post(
            AttemptEnded(
                attempt=self.key,
                reason=reason,
                units=self.units,
                slot_seconds=self.seconds * max(1, len(self.launch.slots)),
                metrics=self.metrics,
                best=self.best,
                failure=failure,
                **measured,
            )
        )
        self.site.ended(self)

    def memory_ran_out(self) -> bool:
        """True when the kernel has killed somebody for want of memory since this attempt began."""
        return kills_for_want_of_memory() > self._kills_before

    def _give_up(self) -> None:
        if not self.over and self.doom is not None:
            self.end(*self.doom)

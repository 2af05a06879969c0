"""Scripts frozen by suspending them. They cost memory, not time; when memory gets short, those that lose least go first."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from daybreak.base.ids import TrialKey
from daybreak.executors.local.memory import Gauge, in_words, resident, room
from daybreak.executors.local.metrics import MetricReader
from daybreak.executors.local.scripts import Script

SPARE = 0.15  # share of the machine's memory that is kept free of suspended processes
MOST = 200  # suspended at once: each holds three file descriptors

Lost = Callable[[TrialKey, str, str], None]


@dataclass(eq=False)
class Sleeper:
    """A suspended script and where its trial stands."""

    trial: TrialKey
    script: Script
    reader: MetricReader
    metrics: dict[str, float]
    best: dict[str, float]
    devices: tuple[str, ...]
    since: float = field(default_factory=time.monotonic)

    @property
    def digest(self) -> str:
        """The name of its checkpoint."""
        return f"process:{self.script.pid}"


class Suspended:
    """The suspended scripts of one agent, by trial. `lost(trial, digest, why)` is told of each that goes unasked."""

    def __init__(self, lost: Lost, cap: int | None = None, gauge: Gauge = room) -> None:
        self._lost = lost
        self._cap = gauge().total // 2 if cap is None else cap
        self._gauge = gauge
        self._sleepers: dict[TrialKey, Sleeper] = {}

    def __len__(self) -> int:
        return len(self._sleepers)

    def keep(self, sleeper: Sleeper) -> None:
        """From now on the script is ours; one that the trial already has here is ended."""
        self.drop(sleeper.trial)
        self._sleepers[sleeper.trial] = sleeper
        sleeper.script.heard = lambda: self._stirred(sleeper)
        self.relieve()

    def take(self, trial: TrialKey, digest: str, devices: tuple[str, ...]) -> Sleeper | None:
        """Hand a trial's script over; None, and whatever the trial has here is ended, unless it is this one on these devices."""
        sleeper = self._sleepers.get(trial)
        if sleeper is not None and (sleeper.digest, sleeper.devices) == (digest, devices):
            return self._sleepers.pop(trial)
        self.drop(trial)
        return None

    def drop(self, trial: TrialKey, digest: str | None = None) -> None:
        """End a trial's script without a word (a given digest must be its own). Idempotent."""
        sleeper = self._sleepers.get(trial)
        if sleeper is not None and digest in (None, sleeper.digest):
            del self._sleepers[trial]
            _end(sleeper)

    def release(self, experiment: int) -> None:
        """End all of an experiment."""
        for trial in [trial for trial in self._sleepers if trial.experiment == experiment]:
            self.drop(trial)

    def clear(self) -> list[Script]:
        """Kill all; those that are to be waited for."""
        sleepers = list(self._sleepers.values())
        self._sleepers.clear()
        for sleeper in sleepers:
            _end(sleeper)
        return [sleeper.script for sleeper in sleepers]

    def relieve(self) -> None:
        """End suspended scripts while memory is short: fewest units first, for they lose least, then the oldest."""
        if not self._sleepers:
            return
        sizes = resident([sleeper.script.pid for sleeper in self._sleepers.values()])
        held, (free, total) = sum(sizes.values()), self._gauge()
        for sleeper in sorted(self._sleepers.values(), key=lambda one: (one.reader.units, one.since)):
            why = self._shortage(held, free, total)
            if not why:
                return
            size = sizes[sleeper.script.pid]
            held, free = held - size, free + size
            self._give_up(sleeper, f"{why}; its process with {in_words(size)} was ended")

    def _shortage(self, held: int, free: int, total: int) -> str:
        if free < SPARE * total:
            return f"{in_words(free)} of {in_words(total)} of memory were free, {SPARE:.0%} are kept free"
        if held > self._cap:
            return f"suspended processes held {in_words(held)}, they may hold {in_words(self._cap)}"
        if len(self._sleepers) > MOST:
            return f"{len(self._sleepers)} processes were suspended, at most {MOST} are"
        return ""

    def _stirred(self, sleeper: Sleeper) -> None:
        """A suspended script has ended: somebody else has killed it."""
        if sleeper.script.status is not None and self._sleepers.get(sleeper.trial) is sleeper:
            self._give_up(sleeper, f"the suspended process ended with status {sleeper.script.status}")

    def _give_up(self, sleeper: Sleeper, why: str) -> None:
        del self._sleepers[sleeper.trial]
        _end(sleeper)
        self._lost(sleeper.trial, sleeper.digest, why)


def _end(sleeper: Sleeper) -> None:
    sleeper.script.heard = lambda: None
    sleeper.script.kill()

"""One experiment on simulated workers and a simulated clock: the real controller and the real decisions."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import daybreak.lifecycle as core
from daybreak.base.errors import InvariantBroken
from daybreak.bootstrap.aside import make
from daybreak.bootstrap.jobs import Progress
from daybreak.controller.controller import Controller
from daybreak.controller.simulated import SimulatedReactor
from daybreak.executors.simulated.curves.curve import Curves
from daybreak.executors.simulated.executor import SimulatedExecutor
from daybreak.executors.simulated.machine import Machine
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.events import AnyEvent, AttemptEnded, RungReported
from daybreak.spec.models import Experiment
from daybreak.wire.api import Status

EXPERIMENT = 1
_TELL = 1.0  # real seconds between lines of progress
_LOOK = 64  # one batch in about so many looks at the clock


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulated search came to. Times are simulated seconds."""

    status: Status
    workers: int
    incumbents: list[tuple[float, float]]  # (when, best value of the first objective from then on)
    events: int
    digest: str  # of the whole log
    trained: float  # slot-seconds inside training

    def reached(self, value: float) -> float | None:
        """When the best value was first as good as this; None: never."""
        maximise = self.status.direction == "maximize"
        return next((at for at, best in self.incumbents if (best >= value if maximise else best <= value)), None)

    def plain(self) -> dict[str, Any]:
        """As plain JSON data."""
        status = self.status
        wall = status.wall_seconds
        money = status.budget.get("money")
        return {
            "state": status.state,
            "why": status.why,
            "best": {"trial": status.best_trial, "score": status.best, "units": status.best_units}
            | {"point": status.best_point},
            "seconds": wall,
            "trials": sum(status.states.values()),
            "states": status.states,
            "units": status.units,
            "slot_hours": status.slot_seconds / 3600,
            "utilisation": status.slot_seconds / (wall * self.workers) if wall else 0.0,
            "idle": max(1 - self.trained / (wall * self.workers), 0.0) if wall else 0.0,
            "money": money[0] if money else None,
            "rungs": [{"units": rung.units, "reported": rung.reported, "best": rung.best} for rung in status.rungs],
            "incumbents": self.incumbents,
            "events": self.events,
            "digest": self.digest,
        }


@dataclass(slots=True)
class _Incumbent:
    """Follows the best value of the first objective as it is reported, and the time that was spent in training."""

    metric: str
    maximise: bool
    width: int  # slots of an attempt
    trained: float = 0.0
    steps: list[tuple[float, float]] = field(default_factory=list)

    def hear(self, at: float, events: Sequence[AnyEvent]) -> None:
        for event in events:
            if isinstance(event, AttemptEnded):
                self.trained += event.user_seconds * self.width
            if isinstance(event, RungReported | AttemptEnded) and event.attempt.trial:
                self._note(at, event.best.get(self.metric))

    def _note(self, at: float, value: float | None) -> None:
        if value is None:
            return
        best = self.steps[-1][1] if self.steps else None
        if best is None or (value > best if self.maximise else value < best):
            self.steps.append((at, value))


def run(
    spec: Experiment,
    machine: Machine,
    curves: Callable[[Experiment], Curves],
    progress: Progress | None = None,
    ledger: MemoryLedger | None = None,
    *,
    check: bool = False,
) -> Outcome:
    """Simulate until nothing will ever happen again. Raises `InvariantBroken` for a fault of ours, `UsageError` for bad curves."""
    first = spec.objectives[0]
    incumbent = _Incumbent(first.metric, first.direction == "maximize", spec.resources.slots)
    log = ledger or MemoryLedger(keep=False)
    log.listen = incumbent.hear
    source = curves(spec)
    executor = SimulatedExecutor(machine, lambda _: source)
    controller = Controller(
        log,
        [executor],
        SimulatedReactor(),
        core,
        make,
        _raise,
        inline_sampling=True,
        check=check,
        project_every=None,
    )
    controller.start()
    controller.submit(spec.model_dump(mode="json"))
    _turn(controller, log, progress)
    status = controller.status(EXPERIMENT)
    return Outcome(status, machine.slots, incumbent.steps, log.appended, log.digest(), incumbent.trained)


def _turn(controller: Controller, log: MemoryLedger, progress: Progress | None) -> None:
    told = time.monotonic()
    while controller.turn():
        if progress is None or log.appended % _LOOK or time.monotonic() - told < _TELL:
            continue
        told = time.monotonic()
        progress(_line(controller.status(EXPERIMENT), log.appended))


def _line(status: Status, events: int) -> dict[str, Any]:
    trials = sum(status.states.values())
    return {"events": events, "trials": trials, "units": status.units, "seconds": status.wall_seconds} | {
        "best": status.best
    }


def _raise(what: str, error: Exception) -> None:
    raise InvariantBroken(f"{what}: {error}") from error

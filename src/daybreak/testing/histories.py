"""Random histories for the pure core: a fake world that answers commands with whatever can happen, in any order that can be.

A `World` is seeded, so that a history is a function of its `Plan`: hypothesis varies and shrinks plans (`testing.plans`). Its
troubles (crashes, losses, duplicates, late events, restarts, pauses, machines that come and go) last for the first `troubled`
events; after that it behaves, so that every experiment must come to its end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from daybreak.base.ids import AttemptKey
from daybreak.base.streams import Stream
from daybreak.lifecycle.commands import (
    AnyCommand,
    DeleteCheckpoint,
    Freeze,
    Kill,
    Launch,
    Prepare,
    Propose,
    SetTimer,
    Verdict,
)
from daybreak.lifecycle.events import (
    AnyEvent,
    Asked,
    AttemptEnded,
    AttemptStarted,
    CheckpointDamaged,
    CheckpointSaved,
    Prepared,
    Proposed,
    RungReported,
    SealedOpened,
    SealedScored,
    Slot,
    SlotsLost,
    SlotsOffered,
    Submitted,
    TimerDue,
)
from daybreak.spec.models import Experiment
from daybreak.testing.disk import Disk
from daybreak.testing.people import People
from daybreak.wire.worker import Failure

METRIC = "accuracy"
UNIT_SECONDS = 2.0


@dataclass(frozen=True)
class Plan:
    """What a history is a function of. `faults` is the chance that an event is preceded by some trouble."""

    specs: tuple[Experiment, ...]
    machines: tuple[int, ...] = (2,)  # slots of each
    seed: int = 0
    faults: float = 0.0
    troubled: int = 0
    natural_end: int = 40  # units after which a trial completes by itself
    fails: int = 0  # every so many-th trial fails whenever it comes to FAILS_AT units; 0: none
    harmless: bool = False  # only troubles that a deterministic search must not notice
    pins: float = 0.0  # chance that an event is preceded by somebody who pins or unpins a checkpoint
    looks: float = 0.0  # chance that an event is preceded by a look at sealed data, or by what one gave
    contents: int | None = None  # how many different states there are per number of units; None: none is like another


KINDS: tuple[str, ...] = (
    "crash",
    "lost",
    "repeat",
    "stale",
    "pause",
    "damage",
    "machine",
    "checkpoint",
    "priority",
    "resume",
    "stop",
)
KINDS += ("extend", "extend", "widen")
FAILS_AT = 2  # units
HARMLESS = ("lost", "lost", "repeat", "stale", "pause", "machine", "checkpoint", "priority", "resume", "widen")
Draw = Callable[[int, int], dict[str, Any]]  # (experiment, trial) -> its point


@dataclass
class _Process:
    """One attempt as the world sees it: what it will still say, in order."""

    launch: Launch
    granted: float
    units: int
    target: int | None
    outbox: list[AnyEvent] = field(default_factory=list)
    number: int = 0
    waits: bool = False  # for a verdict
    freezing: bool = False


class World:
    """An executor, a sampler and people, all fake. `tick` gives the next event, `obey` takes what the step answered."""

    def __init__(self, plan: Plan, draw: Draw | None = None) -> None:
        self.plan = plan
        self._point = draw or self._any_point
        self.at = 1_000_000.0
        self.told = 0
        self.processes: dict[AttemptKey, _Process] = {}
        self._disk = Disk()
        self._stream = Stream(plan.seed, "world")
        self._people = People(plan.specs, plan.seed, plan.pins)
        self._lookers = Stream(plan.seed, "looks")
        self._known: set[AttemptKey] = set()
        self._inbox: list[AnyEvent | Propose] = [
            SlotsOffered(f"m{i}", tuple(Slot(n) for n in range(count))) for i, count in enumerate(plan.machines)
        ]
        self._inbox += [Submitted(i, spec.model_dump(mode="json")) for i, spec in enumerate(plan.specs, 1)]
        self._timers: dict[tuple[int, str], float] = {}
        self._past: list[AnyEvent] = []
        self._away: set[int] = set()

    @property
    def files(self) -> dict[str, float]:
        """What is on the disk, by digest, and when it was written."""
        return self._disk.files

    @property
    def troubled(self) -> bool:
        """Whether things still go wrong."""
        return self.told < self.plan.troubled

    def tick(self) -> tuple[float, AnyEvent] | None:
        """The next event and its time; None when nothing will ever happen again."""
        event = self._trouble() if self.troubled and self._stream.uniform() < self.plan.faults else None
        event = event or self._pinned() or self._looked() or self._behave()
        if event is None:
            return None
        self.told += 1
        self._disk.pass_on(event)
        self._past.append(event)
        return self.at, event

    def obey(self, commands: Sequence[AnyCommand]) -> None:
        """Carry orders out; their outcomes come as later events. Repeats are nothing."""
        for command in commands:
            if isinstance(command, Propose):
                self._inbox.append(command)
            elif isinstance(command, Prepare):
                self._prepare(command)
            elif isinstance(command, Launch):
                self._launch(command)
            elif isinstance(command, Verdict):
                self._verdict(command)
            elif isinstance(command, Freeze | Kill):
                self._leave(command)
            elif isinstance(command, DeleteCheckpoint):
                self._disk.deletions[command] = False
            elif isinstance(command, SetTimer):
                self._timers[command.experiment, command.name] = command.at

    def crash(self) -> None:
        """The controller died, and every process with it; machines offer their slots again, submissions are repeated."""
        self.processes.clear()
        self._disk.deletions.clear()
        self._timers.clear()
        submitted = [event for event in self._inbox if isinstance(event, Submitted)]
        offered = [self._offer(i) for i in range(len(self.plan.machines)) if i not in self._away]
        self._inbox = [*offered, *submitted]

    def _pinned(self) -> AnyEvent | None:
        return self._people.pin(self._disk.saved) if self.troubled else None

    def _looked(self) -> AnyEvent | None:
        """By an attempt, now and then one that is over; some say it twice, some tell scores of what they never opened."""
        if not (self.troubled and self._known) or self._lookers.uniform() >= self.plan.looks:
            return None
        those = self.processes if self.processes and self._lookers.below(4) else self._known
        key, number = self._lookers.choice(sorted(those)), 1 + self._lookers.below(2)
        if self._lookers.below(2):
            return SealedScored(key, number, {METRIC: self._lookers.uniform()})
        return SealedOpened(key, number, "test", "cd" * 32, self._lookers.below(9))

    # what goes well

    def _behave(self) -> AnyEvent | None:
        if self._inbox:
            first = self._inbox.pop(0)
            return self._drawn(first) if isinstance(first, Propose) else first
        if self._disk.deletions and self._stream.below(8) == 0:
            return self._disk.delete(self._on_their_way())
        if not self.troubled and (event := self._make_up()):
            return event
        busy = [process for process in self.processes.values() if not process.waits or process.outbox]
        if busy:
            self.at += self._stream.uniform()
            return self._advance(self._stream.choice(busy))
        if self._disk.deletions:
            return self._disk.delete(self._on_their_way())
        return self._due() or self._make_up()

    def _make_up(self) -> AnyEvent | None:
        """People resume what they paused, machines come back."""
        asked = self._people.resume()
        return asked or (self._offer(self._away.pop()) if self._away else None)

    def _due(self) -> AnyEvent | None:
        if not self._timers:
            return None
        experiment, name = min(self._timers, key=lambda key: (self._timers[key], key))
        self.at = max(self.at, self._timers.pop((experiment, name)))
        return TimerDue(experiment, name)

    def _advance(self, process: _Process) -> AnyEvent:
        if not process.outbox:
            self._train(process)
        event = process.outbox.pop(0)
        if isinstance(event, AttemptEnded):
            self.processes.pop(event.attempt, None)
            seconds = max(self.at - process.granted, 0.0) * len(process.launch.slots)
            event = _with(event, slot_seconds=seconds, user_seconds=0.9 * seconds / len(process.launch.slots))
        if isinstance(event, RungReported):
            process.waits = True
        return event

    def _train(self, process: _Process) -> None:
        key = process.launch.attempt
        if process.freezing:
            self._save_and_end(process, "preempted")
            return
        end = self._end(key)
        target = process.target if process.target is not None else end
        if self._fails(key) and process.units < FAILS_AT <= min(target, end):
            process.units = FAILS_AT
            failure = Failure("ValueError", "boom", "tail", "print")
            process.outbox.append(AttemptEnded(key, "crashed", process.units, 0.0, failure=failure))
            return
        trained = max(min(target, end) - process.units, 0)
        self.at += UNIT_SECONDS * trained
        process.units += trained
        if process.target is None or process.units < process.target:
            process.outbox.append(
                AttemptEnded(key, "completed", process.units, 0.0, self._metrics(process), unit_seconds=UNIT_SECONDS)
            )
            return
        process.number += 1
        report = RungReported(
            key, process.number, process.units, self._metrics(process), {}, UNIT_SECONDS if trained else None
        )
        process.outbox.append(report)

    def _fails(self, key: AttemptKey) -> bool:
        return bool(self.plan.fails and key.trial) and key.trial % self.plan.fails == 0

    def _end(self, key: AttemptKey) -> int:
        """Units after which a trial ends by itself."""
        return self.plan.natural_end - key.trial % 3 if key.trial else 1

    def _metrics(self, process: _Process) -> dict[str, float]:
        if self.troubled and not self.plan.harmless and self._stream.uniform() < self.plan.faults / 4:
            return self._stream.choice([{}, {"accurracy": 0.5}, {METRIC: float("nan")}])
        return self._values(process)

    def _values(self, process: _Process) -> dict[str, float]:
        launch = process.launch
        noise = Stream(launch.seed, "noise", process.units).uniform()
        return {METRIC: launch.point.get("lr", 0.3) * (1 - 0.5 ** (process.units + 1)) + 0.05 * noise}

    def _save_and_end(self, process: _Process, reason: Any) -> None:
        key = process.launch.attempt
        saved = self._checkpoint(process)
        ended = AttemptEnded(key, reason, process.units, 0.0, freeze_seconds=0.2, resume_seconds=0.1)
        process.outbox += [saved, ended]

    def _drawn(self, order: Propose) -> Proposed:
        """The answer, drawn as late as can be: what happened since it was asked for must not matter."""
        trials = range(order.first, order.first + order.count)
        points = tuple(self._point(order.experiment, trial) for trial in trials)
        return Proposed(order.experiment, order.request, points, "random")

    def _any_point(self, experiment: int, trial: int) -> dict[str, Any]:
        return {"lr": Stream(self.plan.seed, "point", experiment, trial).uniform()}

    def _prepare(self, order: Prepare) -> None:
        """Each machine is ready some time later, in any order."""
        for machine in range(len(self.plan.machines)):
            if machine not in self._away:
                place = self._stream.below(len(self._inbox) + 1)
                self._inbox.insert(place, Prepared(order.experiment, f"m{machine}", "fork", "", 2.0))

    def _launch(self, order: Launch) -> None:
        if order.attempt in self._known:
            return
        self._known.add(order.attempt)
        process = _Process(order, self.at, order.units, order.target)
        process.outbox.append(AttemptStarted(order.attempt, 1000 + len(self._known), "fork", 0.05))
        self.processes[order.attempt] = process

    def _on_their_way(self) -> set[str]:
        said = [event for process in self.processes.values() for event in process.outbox]
        return {event.digest for event in said if isinstance(event, CheckpointSaved)}

    def _verdict(self, verdict: Verdict) -> None:
        process = self.processes.get(verdict.attempt)
        if process is None or not process.waits or verdict.number != process.number:
            return
        process.waits = False
        if verdict.action == "go":
            process.target = verdict.target
            if verdict.save:
                process.outbox.append(self._checkpoint(process))
        elif verdict.action == "stop":
            process.outbox.append(AttemptEnded(verdict.attempt, "stopped", process.units, 0.0))
        else:
            self._save_and_end(process, "frozen" if verdict.action == "freeze" else "reached")

    def _checkpoint(self, process: _Process) -> CheckpointSaved:
        key, contents = process.launch.attempt, self.plan.contents
        content = str(key) if contents is None else f"s{self._stream.below(contents)}"
        saved = CheckpointSaved(key, process.units, f"{content}@{process.units}", 10, metrics=self._values(process))
        self.at += 0.001  # no two files are written at the same moment
        self._disk.save(saved, self.at)
        return saved

    def _leave(self, order: Freeze | Kill) -> None:
        process = self.processes.get(order.attempt)
        if process is None:
            return
        if isinstance(order, Kill):
            process.outbox = [AttemptEnded(order.attempt, "lost", process.units, 0.0)]
            process.waits = False
        else:
            process.freezing = True

    # what goes wrong

    def _trouble(self) -> AnyEvent | None:
        harmless = HARMLESS if self.plan.fails else ("crash", *HARMLESS)
        kind = self._stream.choice(harmless if self.plan.harmless else KINDS)
        running = [process for process in self.processes.values() if not process.outbox]
        if kind in ("crash", "lost", "checkpoint"):
            return self._fault_of(self._stream.choice(running), kind) if running else None
        if kind == "repeat" and self._past:
            event = self._stream.choice(self._past)
            return None if isinstance(event, Asked | Prepared | SlotsLost | SlotsOffered) else event
        if kind == "stale":
            return AttemptEnded(AttemptKey(1, 1 + self._stream.below(5), 99), "crashed", 3, 1.0)
        if kind == "damage" and self._disk.saved:
            return CheckpointDamaged(*self._stream.choice(self._disk.saved))
        if kind == "machine":
            return self._machine()
        return self._people.ask(kind, self._stream)

    def _fault_of(self, process: _Process, kind: str) -> AnyEvent:
        key = process.launch.attempt
        done = process.units + (self._stream.below(3) if not process.waits else 0)
        process.units = done if process.target is None else min(done, process.target)
        if self.plan.harmless:  # no trial trains beyond its end
            process.units = min(process.units, max(self._end(key), process.launch.units))
            if self._fails(key):
                process.units = min(process.units, FAILS_AT - 1)
        if kind == "checkpoint":
            return self._checkpoint(process)
        del self.processes[key]
        seconds = max(self.at - process.granted, 0.0) * len(process.launch.slots)
        if kind == "lost":
            return AttemptEnded(key, "lost", process.units, seconds)
        failure = Failure("ValueError", f"boom {self._stream.below(2)}", "tail", f"print{self._stream.below(2)}")
        return AttemptEnded(key, "crashed", process.units, seconds, failure=failure)

    def _machine(self) -> AnyEvent:
        machine = self._stream.below(len(self.plan.machines))
        if machine in self._away:
            self._away.discard(machine)
            return self._offer(machine)
        self._away.add(machine)
        return SlotsLost(f"m{machine}")

    def _offer(self, machine: int) -> SlotsOffered:
        return SlotsOffered(f"m{machine}", tuple(Slot(n) for n in range(self.plan.machines[machine])))


def _with(event: AttemptEnded, **changes: float) -> AttemptEnded:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return AttemptEnded(**(fields | changes))

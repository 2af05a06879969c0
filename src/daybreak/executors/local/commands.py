"""Attempts of unedited scripts: their metrics are read from what they print, and they are frozen by suspending them."""

import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from daybreak.executors.local.attempts import Attempt, Doom, Site
from daybreak.executors.local.captured import CapturedCode
from daybreak.executors.local.environment import hyperparameters, on_slots
from daybreak.executors.local.failures import FROM_OUTSIDE, exit_failure, make_failure
from daybreak.executors.local.interpreters import inherited, interpreter, program
from daybreak.executors.local.metrics import MetricReader, Observation, improved
from daybreak.executors.local.processes import tail
from daybreak.executors.local.scripts import Script
from daybreak.executors.local.suspended import Sleeper, Suspended
from daybreak.lifecycle.commands import Freeze, Launch, Verdict
from daybreak.lifecycle.events import (
    AttemptStarted,
    CheckpointDamaged,
    CheckpointSaved,
    EndReason,
    RungReported,
    Slot,
)
from daybreak.ports.ledger import PointBatch
from daybreak.provenance.data.given import paths, sealed_variables, variables
from daybreak.spec.commands import fill
from daybreak.spec.models import Experiment
from daybreak.wire.worker import Failure

MOMENT = 1.0  # seconds a script has to end by itself at the horizon; then it is asked to
GRACE = 5.0  # seconds after which one that was asked to is killed


class Mark(NamedTuple):
    """When a unit ended, by the script's own stopwatch."""

    units: int
    seconds: float


class CommandAttempt(Attempt):
    """One attempt of a command: one process on all the slots of its grant.

    `from_zero` holds the experiments whose scripts count their units from 0; it is shared by the attempts of an agent.
    """

    def __init__(
        self,
        site: Site,
        launch: Launch,
        spec: Experiment,
        slots: Sequence[Slot],
        code: CapturedCode,
        suspended: Suspended,
        from_zero: set[int],
    ) -> None:
        super().__init__(site, launch, spec, slots)
        self._code = code
        self._suspended = suspended
        self._from_zero = from_zero
        self._target = launch.target
        self._number = 0  # of the last report
        self._finishing = False
        self._script: Script | None = None
        self._resumed = False
        self._program = ""
        self._seconds_before = 0.0  # of the script, when this attempt took it over
        self._timed: list[Mark] = []  # the first and the last unit that were seen to end
        self._reader = MetricReader(spec.objectives[0].metric, spec.metrics, 0, self.key.experiment in from_zero)

    def begin(self) -> None:
        """Continue the trial's suspended process, else start the script."""
        checkpoint = self.launch.checkpoint
        sleeper = self._suspended.take(self.key.of, checkpoint.digest if checkpoint else "", self._devices())
        if sleeper is not None:
            self._continue(sleeper)
            return
        if checkpoint is not None:
            why = "the suspended process is gone, or lives on another device: the script starts again"
            self.site.reactor.post(CheckpointDamaged(self.key.experiment, self.key.trial, checkpoint.digest, why))
        self._start()

    def verdict(self, order: Verdict) -> None:
        """Let the script go on, keep it suspended, or end it."""
        if not self.waits or order.number != self._number or self._script is None:
            return
        self.waits = False
        if order.action == "stop":
            self.condemn("stopped")
        elif order.action == "finish":
            self._finish(self._script)
        elif order.action == "freeze" and self._script.alive:
            self._sleep(self._script, "frozen")
        else:  # go; and a script that has ended by itself cannot be frozen: its rest is read, and it is complete
            self._target = order.target if order.action == "go" else None
            self.heard = time.monotonic()
            self._advance()

    def freeze(self, order: Freeze) -> None:  # noqa: ARG002
        """Suspend at once; the grace is not needed."""
        if self._script is not None and self._script.alive and not self._finishing and self.doom is None:
            self._script.suspend()
            self._sleep(self._script, "preempted")

    def groups(self) -> list[int]:
        """The script's group."""
        return [self._script.pid] if self._script is not None and self._script.alive else []

    def condemn(self, reason: EndReason, failure: Failure | None = None) -> None:
        """Also when the script has already ended and its report waits."""
        super().condemn(reason, failure)
        if self._script is not None and not self._script.alive and self.doom is not None:
            self.end(*self.doom)

    def wait(self, seconds: float) -> None:
        """Block until the script has ended."""
        if self._script is not None and not self._script.wait(seconds):
            self._script.kill()
            self._script.wait(GRACE)

    def _start(self) -> None:
        home, key = self.site.home, self.key
        home.scratch(key.of).mkdir(parents=True, exist_ok=True)
        self.units = 0  # nothing but its own checkpoint folder survives a script: what it prints tells where it stands
        environment = self._environment()
        words = self._words(environment)
        folder = Path(self.spec.folder)
        redactor = self.site.credentials.redactor(self.spec)
        try:
            script = Script(
                self.site.reactor, self.site.watchdog, words, environment, folder, self.log, self._advance, redactor
            )
        except OSError as error:
            self.end("crashed", make_failure("exit", f"cannot start {words[0]!r} in {folder}: {error.strerror}"))
            return
        self._script = script
        self.site.reactor.post(AttemptStarted(key, script.pid, "command", self.seconds))

    def _continue(self, sleeper: Sleeper) -> None:
        self._script, self._reader = sleeper.script, sleeper.reader
        self.units, self.metrics, self.best = sleeper.reader.units, sleeper.metrics, sleeper.best
        self._seconds_before = self._script.seconds()
        self._timed = [Mark(self.units, self._seconds_before)]
        self._resumed = True
        self._script.heard = self._advance
        self._script.write_to(self.log)
        self.site.reactor.post(AttemptStarted(self.key, self._script.pid, "continued", self.seconds))
        self._advance()

    def _words(self, environment: dict[str, str]) -> list[str]:
        words = list(fill([self._code.word(word) for word in self.spec.run], self.launch.point))
        words[0] = program(words[0], self.spec, environment)
        self._program = shutil.which(words[0], path=environment.get("PATH")) or ""
        return words

    def _environment(self) -> dict[str, str]:
        own = {
            "DAYBREAK_SEED": str(self.launch.seed),
            "DAYBREAK_TRIAL": str(self.key.of),
            "DAYBREAK_CHECKPOINT_DIR": str(self.site.home.scratch(self.key.of)),
            "PYTHONUNBUFFERED": "1",
        }
        withheld = self.site.credentials.withheld() | sealed_variables(self.spec)
        ours = inherited(self.spec.environment, withheld)
        given = ours | on_slots(self.slots, self.spec.environment, deterministic=self.spec.deterministic)
        code = self._code.folder()
        if code != Path(self.spec.folder):
            own["PYTHONPATH"] = os.pathsep.join([str(code), *filter(None, [given.get("PYTHONPATH")])])
        data = variables(paths(self.site.home, self.spec))
        return given | hyperparameters(self.launch.point) | data | self.credentials | own

    def _devices(self) -> tuple[str, ...]:
        return tuple(slot.device for slot in self.slots if slot.device)

    def _advance(self) -> None:
        """Read on until the target, or the end of what there is."""
        script = self._script
        if script is None or self.over:
            return
        if self.doom is not None and script.status is not None:
            self.end(*self.doom)
        if self.waits or self.doom is not None:
            return
        points: dict[str, dict[int, float]] = {}
        while script.lines and not self.waits and not self._finishing:
            line = script.lines.popleft()
            seen = self._reader.read_json(line.text) if line.told else self._reader.read(line.text)
            if seen is not None:
                self._take(seen, points)
                self.waits = seen.units is not None and self._target is not None and seen.units >= self._target
        if points:
            series = {name: (sorted(of), [of[step] for step in sorted(of)]) for name, of in points.items()}
            self.site.reactor.log(PointBatch(self.key, series))
        if self.waits:
            self._report(script)
        elif script.status is not None:
            self._ended(script.status)
        else:
            script.proceed()

    def _take(self, seen: Observation, points: dict[str, dict[int, float]]) -> None:
        self.heard = time.monotonic()
        self.metrics = self.metrics | seen.values
        self.best = improved(self.best, seen.values, self.objectives)
        for name, value in seen.values.items():
            points.setdefault(name, {})[seen.step] = value
        if seen.units is not None:
            self.units = seen.units
            if self._script is not None:
                self._timed = [*self._timed[:1], Mark(seen.units, self._script.seconds())]
            if self._reader.zero_based:
                self._from_zero.add(self.key.experiment)

    def _report(self, script: Script) -> None:
        """Stop the script where it stands, and ask."""
        script.suspend()
        self._number += 1
        self.site.reactor.post(
            RungReported(self.key, self._number, self.units, self.metrics, self.best, self._unit_seconds())
        )

    def end(self, reason: EndReason, failure: Failure | None = None, **measured: Any) -> None:
        """Post the end, once, with how long the script ran; suspending and continuing a process costs nothing worth measuring."""
        if self._script is not None:
            measured |= {
                "user_seconds": self._script.seconds() - self._seconds_before,
                "unit_seconds": self._unit_seconds(),
                "resume_seconds": 0.0 if self._resumed else None,
                "freeze_seconds": 0.0 if reason in ("frozen", "preempted") else None,
            }
        super().end(reason, failure, **measured)

    def _unit_seconds(self) -> float | None:
        """Mean wall time of this attempt's units, without the script's start and while it was suspended; None before it is known."""
        if not self._timed or self._timed[0].units == self._timed[-1].units:
            return None
        first, last = self._timed[0], self._timed[-1]
        return (last.seconds - first.seconds) / (last.units - first.units) or None

    def _sleep(self, script: Script, reason: EndReason) -> None:
        sleeper = Sleeper(self.key.of, script, self._reader, self.metrics, self.best, self._devices())
        saved = CheckpointSaved(self.key, self.units, sleeper.digest, script.size(), best=self.best)
        self.site.reactor.post(saved)
        self.end(reason)
        self._suspended.keep(sleeper)

    def _finish(self, script: Script) -> None:
        """Nothing is left to do: the script may end by itself within a moment."""
        self._finishing = True
        if script.status is not None:
            self._ended(script.status)
            return
        script.proceed()
        self.later(MOMENT, script.terminate)
        self.later(MOMENT + GRACE, script.kill)

    def _ended(self, status: int) -> None:
        if self._finishing:
            self.end("reached")
        elif status == 0:
            self.end("completed")
        else:
            self.end(*self._crash(status))

    def _crash(self, status: int) -> Doom:
        output = tail(self.log)
        if status == -signal.SIGKILL and self.memory_ran_out():
            return Doom("crashed", make_failure("memory", "the system ended it because memory ran out", output))
        failure = exit_failure(status, output)
        if failure.kind in ("ModuleNotFoundError", "ImportError") and (
            other := _other_python(self._program, interpreter(self.spec))
        ):
            failure = structs.replace(failure, message=f"{failure.message} ({other})")
        return Doom("lost" if -status in FROM_OUTSIDE else "crashed", failure)


def _other_python(found: str, own: str) -> str:
    """For a command that misses a module: it may run in another environment than Daybreak does."""
    path = Path(found)
    if not path.name.startswith("python") or path.parent == Path(own).parent:
        return ""
    return f"the command ran in {found}, Daybreak runs in {own}: activate the environment you mean, or name its python"

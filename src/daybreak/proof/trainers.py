"""One process that trains segments for a proof, and the talk with a gang of them (`wire.segment`)."""

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from daybreak.base.errors import UserCodeError
from daybreak.proof.recording import Curves
from daybreak.wire import segment as wire
from daybreak.wire.worker import Failure

CHUNK = 2**16

Heard = Callable[[int], None]  # told the units that are done


@dataclass
class Outcome:
    """What training a segment again gave. `stood`: units -> state there."""

    points: Curves = field(default_factory=dict)
    stood: dict[int, wire.Stood] = field(default_factory=dict)
    units: int = 0
    failure: Failure | None = None
    trained: wire.Trained | None = None

    @property
    def latest(self) -> wire.Stood | None:
        """The state it ended in, None where nothing is kept."""
        return self.stood[max(self.stood)] if self.stood else None

    def take(self, line: wire.FromSegment) -> None:
        """One line of the process that speaks for the trial."""
        match line:
            case wire.Told(series=series):
                for name, (steps, values) in series.items():
                    points = self.points.setdefault(name, {})
                    for step, value in zip(steps, values, strict=True):
                        points.setdefault(
                            step, float.fromhex(value)
                        )  # of two in one attempt the first holds, as in the ledger
                        self.units = max(self.units, step)
            case wire.Stood(units=units):
                self.stood[units] = line
                self.units = max(self.units, units)
            case wire.Trained(units=units, failure=failure):
                self.units, self.failure, self.trained = units, failure, line
            case wire.Unfit(failure=failure):
                self.failure = failure
            case _:
                pass


class Listener(Protocol):
    """Who knows what a process printed."""

    def clean(self, text: str) -> str:
        """Without the values of credentials."""

    def last_words(self) -> str:
        """The end of what it printed."""


class Trainer:
    """One process. `again`: it can train another segment."""

    def __init__(self, python: str, environment: Mapping[str, str], log: Path) -> None:
        self.python = python
        self.again = False
        self._rest = b""
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [python, "-P", "-m", "daybreak.train.segment"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=dict(environment), start_new_session=True,
            )  # fmt: skip

    def set_up(self, setup: wire.Setup, listener: Listener) -> None:
        """Wait until user code is loaded. Raises `UserCodeError` when it cannot be."""
        self.tell(setup)
        lines = self.read()
        answer = lines[0] if lines else None
        if isinstance(answer, wire.Ready):
            self.again = answer.how == "fork"
            return
        self.close()
        why = answer.failure.tail or answer.failure.message if isinstance(answer, wire.Unfit) else listener.last_words()
        raise UserCodeError(
            f"{setup.run} cannot be loaded from {setup.code} with {self.python}:\n{listener.clean(why)}"
        )

    def tell(self, line: wire.Line) -> None:
        """Hand it a line; what it does not take, its end tells."""
        assert self.process.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(wire.encode(line) + b"\n")
            self.process.stdin.flush()

    def read(self) -> list[wire.FromSegment]:
        """The lines that have come, at least one; none: it has ended."""
        assert self.process.stdout is not None  # noqa: S101
        while data := os.read(self.process.stdout.fileno(), CHUNK):
            *lines, self._rest = (self._rest + data).split(b"\n")
            if lines:
                return [wire.decode_from_segment(line) for line in lines]
        return []

    def end(self) -> None:
        """Kill it and what it forked: whoever reads from it reads the end. From any thread."""
        self.again = False
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a group of zombies
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it, by the thread that reads from it or once there is none. Idempotent."""
        self.end()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def converse(trainers: list[Trainer], gang: list[wire.Segment], outcome: Outcome, heard: Heard) -> None:
    """Hand out the segments and listen until each has said its last line; when one fails the others are ended."""
    for trainer, segment in zip(trainers, gang, strict=True):
        trainer.tell(segment)
    with selectors.DefaultSelector() as selector:
        for rank, trainer in enumerate(trainers):
            assert trainer.process.stdout is not None  # noqa: S101
            selector.register(trainer.process.stdout, selectors.EVENT_READ, rank)
        while selector.get_map():
            for key, _ in selector.select():
                rank = key.data
                lines = trainers[rank].read()
                last = next((line for line in lines if isinstance(line, wire.Trained)), None)
                for line in lines if rank == 0 else []:
                    outcome.take(line)
                heard(outcome.units)
                if last is not None or not lines:
                    selector.unregister(key.fileobj)
                failed = last.failure if last is not None else None if lines else _gone(trainers[rank])
                if failed is not None:
                    outcome.failure = outcome.failure or failed
                    for other in trainers if len(trainers) > 1 else [trainers[rank]] if not lines else []:
                        other.close()
                    return


def _gone(trainer: Trainer) -> Failure:
    return Failure(
        "signal", f"the process ended with status {trainer.process.wait()} before it said how the training went"
    )

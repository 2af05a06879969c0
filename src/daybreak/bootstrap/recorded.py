"""`python -m daybreak.bootstrap.recorded --home FOLDER --experiment N`: step the log, tell the attempts as they were ordered.

What a trial was told to do stands in no event: it comes out of the step. So the log is stepped once more through the same core, which
decides the same again, and the orders are written down.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

import daybreak.lifecycle as core
from daybreak.base.errors import DaybreakError
from daybreak.base.home import Home
from daybreak.base.ids import AttemptKey
from daybreak.controller.brain import Brain
from daybreak.executors.local.environment import THREAD_POOLS, on_slots
from daybreak.ledger import records
from daybreak.ledger.database import Place
from daybreak.ledger.faults import told
from daybreak.ledger.schema import require
from daybreak.lifecycle.commands import AnyCommand, Launch
from daybreak.lifecycle.events import (
    AnyEvent,
    AttemptEnded,
    AttemptStarted,
    CheckpointDamaged,
    CheckpointSaved,
    Imported,
    Slot,
    SlotsOffered,
    Submitted,
)
from daybreak.spec.models import Experiment
from daybreak.wire.recorded import Attempt, Recorded
from daybreak.wire.worker import CheckpointRef


class _Recorder:
    """Takes down what one experiment's attempts were told to do and did."""

    def __init__(self, experiment: int) -> None:
        self._number = experiment
        self._spec: Experiment | None = None
        self._slots: dict[str, dict[int, Slot]] = {}
        self._launches: dict[AttemptKey, Launch] = {}
        self.attempts: dict[AttemptKey, Attempt] = {}

    def heard(self, event: AnyEvent) -> None:
        """Before it is stepped."""
        match event:
            case SlotsOffered(machine=machine, slots=slots):
                self._slots[machine] = {slot.number: slot for slot in slots}
            case Submitted(experiment=number) if number == self._number:
                self._spec = Experiment.model_validate(event.spec)
            case AttemptStarted() if found := self.attempts.get(event.attempt):
                found.how = event.how
            case CheckpointSaved() if found := self.attempts.get(event.attempt):
                found.saved = [*found.saved, CheckpointRef(event.digest, event.units, event.size)]
            case AttemptEnded() if found := self.attempts.get(event.attempt):
                found.units, found.reason = event.units, event.reason
            case CheckpointDamaged(experiment=number) if number == self._number:
                self._damaged(event)
            case _:
                pass

    def ordered(self, commands: list[AnyCommand]) -> None:
        """What came of a step."""
        for command in commands:
            if not isinstance(command, Launch) or command.attempt.experiment != self._number or self._spec is None:
                continue
            if command.run is None and command.attempt not in self.attempts:  # not the baseline, not once more
                self._launches[command.attempt] = command
                self.attempts[command.attempt] = self._attempt(command, self._spec)

    def _attempt(self, launch: Launch, spec: Experiment) -> Attempt:
        there = self._slots.get(launch.machine, {})
        slots = [there.get(number, Slot(number)) for number in launch.slots]
        grants = [slots] if spec.is_command else [[slot] for slot in slots]
        return Attempt(
            trial=launch.attempt.trial,
            epoch=launch.attempt.epoch,
            machine=launch.machine,
            kind=slots[0].kind if slots else "cpu",
            point=launch.point,
            seed=launch.seed,
            horizon=launch.horizon,
            environments=[on_slots(grant, spec.environment, deterministic=spec.deterministic) for grant in grants],
            start=launch.checkpoint,
            units=launch.units,
        )

    def _damaged(self, event: CheckpointDamaged) -> None:
        """A living attempt that was to start from it used the one before."""
        for key, attempt in self.attempts.items():
            if attempt.reason or key.trial != event.trial or attempt.start is None:
                continue
            if attempt.start.digest == event.digest:
                previous = self._launches[key].previous
                attempt.start = previous if previous is not None and previous.digest != event.digest else None


def gather(place: Place, experiment: int) -> Recorded:
    """Step the whole log. Raises `LedgerError` and those below it."""
    brain, recorder, events = Brain(core, lambda _what, _error: None), _Recorder(experiment), 0
    connection = place.connect_to_snapshot()
    try:
        with told("read the ledger", str(place)):
            require(connection, str(place))
            for entry in records.replay(connection):
                if isinstance(entry.event, Imported) and entry.event.experiment == experiment:
                    return msgspec.convert(entry.event.recorded, Recorded)
                recorder.heard(entry.event)
                recorder.ordered(list(brain.apply(entry.at, entry.event)))
                events = entry.seq
    finally:
        connection.close()
    return Recorded(experiment, events, list(THREAD_POOLS), list(recorder.attempts.values()))


def main(words: list[str] | None = None) -> None:
    """Answer `{"result": Recorded}`, or `{"error", "message"}`."""
    parser = argparse.ArgumentParser(prog="python -m daybreak.bootstrap.recorded", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--experiment", type=int, required=True)
    parser.add_argument("--ledger", default=os.environ.get("DAYBREAK_LEDGER"))
    options = parser.parse_args(words)
    answer: dict[str, Any]
    try:
        place = Place.existing(options.ledger or Home(options.home).ledger)
        answer = {"result": gather(place, options.experiment)}
    except DaybreakError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")


if __name__ == "__main__":
    main()

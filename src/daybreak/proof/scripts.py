"""Verify an unedited command: run it again with the words, environment and seed it had; compare what it prints and what it saved.

There is no checkpoint to look into, so the highest level is `rerun`, and it says what was seen: the printed numbers, and files of the
checkpoint folder where the command ended by itself.
"""

import shutil
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_file
from daybreak.base.ids import TrialKey
from daybreak.client.jobs import run_job
from daybreak.proof import pinning
from daybreak.proof.certificate import Cause, Certificate, Check, Parting, State
from daybreak.proof.comparing import PointsCompared, compare_points
from daybreak.proof.recording import Curves, Recording
from daybreak.proof.suspects import suspects
from daybreak.proof.verifying import Progress, Wish
from daybreak.provenance import machine
from daybreak.wire.rows import TrialRow
from daybreak.wire.script import Again, Printed

MOMENT = 10.0  # seconds that a command whose units are done has to end by itself
NOTE = (
    "a command's training state is not known to Daybreak: the numbers it printed were compared, and the files it left in "
    "DAYBREAK_CHECKPOINT_DIR where it ended by itself; higher levels need a function with run.keep"
)

UNKNOWN = (
    "nothing that was captured is different: the record was altered, or the script depends on what is not captured"
)


def verify_command(
    recording: Recording, trial: TrialRow, recorded: Curves, wish: Wish, progress: Progress
) -> Certificate:
    """Run it again. Raises `UsageError` where it never got anywhere, `UserCodeError` where it cannot be started."""
    key = TrialKey(trial.experiment, trial.trial)
    stays = [attempt for attempt in recording.recorded.attempts if attempt.trial == trial.trial and attempt.how]
    if not stays or trial.units == 0:
        raise UsageError(f"trial {key} has reported nothing: there is nothing to verify")
    wanted = trial.units if wish.everything or wish.steps is None else min(trial.units, wish.steps)
    whole = stays[-1].reason in ("completed", "reached") and wanted == trial.units
    first, began = _Again(recording, key, wanted, progress, MOMENT if whole else 0.0), time.monotonic()
    printed, files = first.once("rerun from nothing", wanted)
    compared = compare_points(recorded, _curves(printed), 0, wanted)
    ended = whole and printed.status is not None
    states = _states(recording.home.scratch(key), files, wanted) if ended else ()
    check = Check(
        level="rerun",
        what="from nothing, as a command",
        begin=0,
        until=wanted,
        world_size=1,
        threads=stays[0].threads,
        points=compared.points,
        apart=tuple(compared.apart),
        largest=compared.largest,
        states=states,
        failure=_failure(printed, wanted),
        seconds=round(time.monotonic() - began, 3),
    )
    parting, cause = (None, None) if check.same or not wish.explain else _why(recording, first, compared, check, wanted)
    return Certificate(
        experiment=key.experiment,
        trial=key.trial,
        name=recording.row.name,
        at=time.time(),
        daybreak=version("daybreak"),
        level="rerun" if check.same else "none",
        asked=("rerun",),
        sha256="",
        units=wanted,
        of=trial.units,
        pinned=pinning.pinned(recording, stays[-1]),
        observed={"machine": machine.facts()},
        checks=(check,),
        notes=(NOTE, *(str(one) for one in pinning.elsewhere(recording, recording.python))),
        parting=parting,
        cause=cause,
    )


class _Again:
    """Runs one trial's command, each time in a fresh folder."""

    def __init__(self, recording: Recording, key: TrialKey, until: int, progress: Progress, moment: float) -> None:
        self._recording = recording
        self._key = key
        self._until = until
        self._progress = progress
        self._moment = moment
        self._attempt = next(one for one in recording.recorded.attempts if one.trial == key.trial)

    def once(self, what: str, of: int) -> tuple[Printed, dict[str, str]]:
        """What it printed, and the files it left."""
        scratch = Path(tempfile.mkdtemp(prefix="daybreak-proof-"))
        again = Again(
            spec=self._recording.row.spec,
            home=str(self._recording.home.path),
            trial=str(self._key),
            point=self._attempt.point,
            seed=self._attempt.seed,
            environment=self._attempt.environments[0],
            scratch=str(scratch / "checkpoints"),
            until=self._until,
            moment=self._moment,
        )
        try:
            found = run_job(
                "script", [], msgspec.to_builtins(again), lambda told: self._progress(what, told["units"], of)
            )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        printed = msgspec.convert(found, Printed)
        return printed, printed.files


def _curves(printed: Printed) -> Curves:
    return {
        name: {step: float.fromhex(value) for step, value in zip(steps, values, strict=True)}
        for name, (steps, values) in printed.series.items()
    }


def _states(recorded: Path, files: dict[str, str], units: int) -> tuple[State, ...]:
    """The checkpoint folder, as one state; () where nothing was saved."""
    before = {
        str(path.relative_to(recorded)): hash_file(path) for path in sorted(recorded.rglob("*")) if path.is_file()
    }
    if not before and not files:
        return ()
    differing = tuple(sorted(name for name in {**before, **files} if before.get(name) != files.get(name)))
    return (State(units, "differs" if differing else "same file", "", parts=differing[:8], differing=len(differing)),)


def _failure(printed: Printed, wanted: int) -> str:
    if printed.status:
        return f"the command ended with status {printed.status}: {printed.tail}"
    return f"the command ended after {printed.units} of {wanted} units" if printed.units < wanted else ""


def _why(
    recording: Recording, again: _Again, compared: PointsCompared, check: Check, units: int
) -> tuple[Parting, Cause]:
    """Once more: two runs here that differ tell that the script is not deterministic."""
    first = compared.apart[0] if compared.apart else None
    files = ", ".join(check.states[0].parts) if check.states and check.states[0].standing == "differs" else ""
    parting = Parting(
        first.step if first else units, first.metric if first else "", files, first.size if first else None
    )
    if check.failure:
        return parting, Cause("failure", check.failure)
    one, files_of_one = again.once("once more", units)
    other, files_of_other = again.once("and once more", units)
    if not compare_points(_curves(one), _curves(other), 0, units).apart and files_of_one == files_of_other:
        there = pinning.elsewhere(recording, recording.python)
        evidence = ("run twice here: the two print the same", *(str(one) for one in there))
        return parting, Cause(there[0].kind, str(there[0]), evidence) if there else Cause("unknown", UNKNOWN, evidence)
    folder = Path(recording.spec.folder)
    lines = suspects(folder, [path.name for path in folder.glob("*.py") if path.name in " ".join(recording.spec.run)])
    evidence = ("run twice here: the two differ", *(str(line) for line in lines))
    if not lines:
        return parting, Cause(
            "code", "the script is not deterministic, and no file that its words name says why", evidence
        )
    told = f"the script depends on {lines[0].what}, at {lines[0].place}: seed it from DAYBREAK_SEED"
    return parting, Cause(lines[0].kind, told, evidence)

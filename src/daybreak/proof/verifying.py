"""Verify: train a trial again, hold every point and state against the record, and say how far the bits agree.

Rerun: from nothing, without the interruptions there were. Resume: from a checkpoint in a fresh process. Elastic: on other numbers of
processes, where the code cuts its batches in logical shards. A level holds when all its checks do, and those below it.
"""

import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import UsageError
from daybreak.proof import certificate, pinning
from daybreak.proof.causes import find_cause
from daybreak.proof.certificate import Certificate, Check, Level, State
from daybreak.proof.comparing import compare_points
from daybreak.proof.recording import Curves, Recording
from daybreak.proof.segments import Stretch, cut, joined, path
from daybreak.proof.states import against_outcome, against_record
from daybreak.proof.trainers import Outcome
from daybreak.proof.training import Bench
from daybreak.wire.rows import TrialRow
from daybreak.wire.worker import CheckpointRef

PATIENCE = 120.0  # seconds of training that are done again unless more is asked for
WORLD_SIZES = (1, 2, 4)
TOO_MANY = "TooManyWorkers"  # of a failure: code that is cut into fewer shards than there are processes says so, and nothing is wrong

Progress = Callable[[str, int, int], None]  # what is done, units so far, units in all


class Wish(msgspec.Struct, frozen=True):
    """What to verify. `steps`: units to train again, None for as many as fit in two minutes; `levels` in order."""

    levels: tuple[Level, ...] = ("rerun", "resume", "elastic")
    steps: int | None = None
    everything: bool = False
    explain: bool = True


def verify(
    recording: Recording, trial: TrialRow, recorded: Curves, wish: Wish, bench: Bench, progress: Progress
) -> Certificate:
    """Do it. Raises `UsageError` where there is nothing to train again, `UserCodeError` where the code cannot be loaded."""
    whole = joined(path(recording.recorded, trial.trial))
    if not whole:
        raise UsageError(
            f"trial {trial.experiment}.{trial.trial} has trained nothing that lasts: there is nothing to verify"
        )
    work = _Verification(recording, trial, recorded, bench, progress, whole)
    work.notes += [str(one) for one in pinning.elsewhere(recording, bench.python)]
    return work.certificate(wish)


class _Verification:
    """One verification of one trial."""

    def __init__(
        self,
        recording: Recording,
        trial: TrialRow,
        recorded: Curves,
        bench: Bench,
        progress: Progress,
        whole: list[Stretch],
    ) -> None:
        self._recording = recording
        self._trial = trial
        self._recorded = recorded
        self._bench = bench
        self._progress = progress
        self._whole = whole
        self._checks: list[Check] = []
        self._last: Outcome | None = None  # of the rerun
        self._limits: dict[str, None] = {}
        self.notes: list[str] = []

    def certificate(self, wish: Wish) -> Certificate:
        """Check level by level; a level above one that does not hold is not tried."""
        units = self._units(wish)
        stretches = cut(self._whole, units)
        levels = [level for level in certificate.LEVELS[1:] if level in wish.levels]
        for level in levels:
            done = {"rerun": self._rerun, "resume": self._resume, "elastic": self._elastic}[level](stretches)
            self._checks += done
            if not all(check.same for check in done):
                break
        return self._certificate(stretches, levels, wish)

    def _units(self, wish: Wish) -> int:
        of = self._whole[-1].until
        if wish.everything:
            return of
        if wish.steps is not None:
            return min(of, self._whole[0].begin + wish.steps)
        seconds = self._recording.unit_seconds(self._trial.trial)
        if not seconds or seconds * of <= PATIENCE:
            return of
        units = max(1, int(PATIENCE / seconds))
        self.notes.append(
            f"{units} of {of} units were trained again, which takes about {PATIENCE:.0f} s; --all trains all"
        )
        return min(of, units)

    def _rerun(self, stretches: list[Stretch]) -> list[Check]:
        """From nothing (or from where a fork began) to the end, each stretch from the state that the one before ended in."""
        found: list[Check] = []
        start: CheckpointRef | None = None
        if stretches[0].start is not None:
            self._bench.admit(stretches[0].start)
            start = stretches[0].start
        for stretch in stretches:
            half = (stretch.begin + stretch.until) // 2
            outcome, check = self._train(
                "rerun", "from nothing" if start is None else "on", stretch, start, save_at=(half,)
            )
            found.append(check)
            self._last = outcome
            start = _end_of(outcome)
            if not check.same or start is None:
                break
        return found

    def _resume(self, stretches: list[Stretch]) -> list[Check]:
        """From a recorded checkpoint where one is kept before the end, and from one of the rerun's own, half way."""
        last = stretches[-1]
        kept = [at for at, digest in last.saves.items() if at < last.until and self._recording.checkpoint(digest)]
        found = []
        if kept:
            ref = CheckpointRef(last.saves[max(kept)], max(kept))
            self._bench.admit(ref)
            found.append(self._train("resume", f"from the recorded checkpoint at {ref.units}", last, ref)[1])
        if (ref_ := self._half(last)) is not None:
            outcome, check = self._train("resume", f"from a checkpoint of the rerun at {ref_.units}", last, ref_)
            found.append(self._also_like_rerun(check, outcome))
        if not found:
            self.notes.append(
                "resume: not tried, nothing is kept between the trial's units (run.keep), or there is one unit only"
            )
        return found

    def _half(self, last: Stretch) -> CheckpointRef | None:
        """A checkpoint of the rerun before its end."""
        stood = self._last.stood if self._last is not None else {}
        inside = [one for at, one in stood.items() if last.begin < at < last.until and one.digest]
        middle = (last.begin + last.until) / 2
        best = min(inside, key=lambda one: abs(one.units - middle), default=None)
        return CheckpointRef(best.digest, best.units, best.size) if best else None

    def _also_like_rerun(self, check: Check, outcome: Outcome) -> Check:
        """The end of the resumed training against the end of the rerun: the record may have nothing there."""
        if self._last is None or self._last.latest is None or outcome.latest is None:
            return check
        state = against_outcome(self._bench, self._last.latest, outcome.latest)
        return msgspec.structs.replace(check, states=(*check.states, state))

    def _elastic(self, stretches: list[Stretch]) -> list[Check]:
        last, before = stretches[-1], self._last
        if before is None or before.trained is None or not before.trained.sharded:
            self.notes.append(
                "elastic: not tried, the code does not cut its batches in logical shards (daybreak.sharded)"
            )
            return []
        found = []
        for size in WORLD_SIZES:
            if size == len(last.environments):
                continue
            outcome, check = self._train("elastic", f"on {size} processes", last, last.start, world_size=size)
            if outcome.failure is not None and outcome.failure.kind == TOO_MANY:
                self.notes.append(f"elastic: not on {size} processes: {check.failure}")
            else:
                found.append(check if check.failure else self._also_like_rerun(check, outcome))
        return found

    def _train(
        self,
        level: Level,
        what: str,
        stretch: Stretch,
        start: CheckpointRef | None,
        *,
        save_at: tuple[int, ...] = (),
        world_size: int | None = None,
    ) -> tuple[Outcome, Check]:
        begin, began = start.units if start else 0, time.monotonic()
        told = f"{level} {what}"
        outcome = self._bench.train(
            stretch,
            start,
            save_at=tuple(at for at in save_at if begin < at < stretch.until),
            world_size=world_size,
            heard=lambda units: self._progress(told, max(0, units - begin), stretch.until - begin),
        )
        self._limits |= {limit: None for one in outcome.stood.values() for limit in one.limits}
        compared = compare_points(self._recorded_of(stretch), outcome.points, begin, stretch.until)
        check = Check(
            level=level,
            what=what,
            begin=begin,
            until=stretch.until,
            world_size=world_size or len(stretch.environments),
            threads=stretch.threads,
            points=compared.points,
            apart=tuple(compared.apart),
            largest=compared.largest,
            states=tuple(self._states(stretch, outcome, begin)),
            failure=outcome.failure.message if outcome.failure else "",
            seconds=round(time.monotonic() - began, 3),
        )
        return outcome, check

    def _recorded_of(self, stretch: Stretch) -> Curves:
        """Before a clone, the points are its source's; those are compared where the source is verified."""
        return self._recorded if stretch.trial == self._trial.trial else {}

    def _states(self, stretch: Stretch, outcome: Outcome, begin: int) -> Sequence[State]:
        held = [(at, digest) for at, digest in sorted(stretch.saves.items()) if at > begin and at in outcome.stood]
        return [against_record(self._bench, digest, outcome.stood[at]) for at, digest in held]

    def _certificate(self, stretches: list[Stretch], levels: Sequence[Level], wish: Wish) -> Certificate:
        bad = next((check for check in self._checks if not check.same), None)
        parting, cause = None, None
        if bad is not None and wish.explain:
            self._progress("looking for the cause", 0, 0)
            parting, cause = find_cause(self._recording, self._trial, self._recorded, self._bench, stretches, bad)
        latest = self._last.latest if self._last is not None else None
        return Certificate(
            experiment=self._trial.experiment,
            trial=self._trial.trial,
            name=self._recording.row.name,
            at=time.time(),
            daybreak=version("daybreak"),
            level=certificate.level_of(self._checks),
            asked=tuple(levels),
            sha256=latest.fingerprint.model if latest else "",
            units=stretches[-1].until,
            of=self._whole[-1].until,
            observed=self._observed(),
            pinned=pinning.pinned(self._recording, stretches[-1]),
            checks=tuple(self._checks),
            limits=tuple(self._limits),
            notes=tuple(self.notes),
            parting=parting,
            cause=cause,
        )

    def _observed(self) -> dict[str, Any]:
        trained = self._last.trained if self._last is not None else None
        return {"libraries": trained.libraries, "machine": trained.machine} if trained is not None else {}


def _end_of(outcome: Outcome) -> CheckpointRef | None:
    latest = outcome.latest
    return CheckpointRef(latest.digest, latest.units, latest.size) if latest and latest.digest else None


def stored(recording: Recording, made: Certificate) -> Path:
    """Keep it beside the run."""
    return certificate.store(recording.home, made)

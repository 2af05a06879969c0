"""The past of a trial as segments: what one process trained from one checkpoint to the next, through clones back to nothing. Pure.

Only what the trial's present state rests on is in its path: what a lost attempt trained beyond its last checkpoint was trained again.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from daybreak.wire.recorded import Attempt, Recorded
from daybreak.wire.segment import End
from daybreak.wire.worker import CheckpointRef

FROZEN = ("frozen", "preempted")


class Stretch(msgspec.Struct, frozen=True):
    """One segment of a path. `trial`: under whose number its points are recorded."""

    trial: int
    epochs: tuple[int, ...]  # the attempts that trained it
    point: dict[str, Any]
    seed: int
    horizon: int | None
    start: CheckpointRef | None
    until: int
    end: End
    saves: dict[int, str]  # units -> recorded digest
    environments: list[dict[str, str]]  # one a process
    threads: int
    fresh: bool  # its processes were not forked from a warm parent
    source: tuple[int, int] | None = (
        None  # trial and epoch of the attempt that saved its start; None: a checkpoint from elsewhere
    )

    @property
    def begin(self) -> int:
        """Units it starts from."""
        return self.start.units if self.start else 0

    @property
    def units(self) -> int:
        """How many it trains."""
        return self.until - self.begin


def path(recorded: Recorded, trial: int) -> list[Stretch]:
    """The segments that a trial's present state rests on, oldest first; empty where it never got anywhere."""
    own = [attempt for attempt in recorded.attempts if attempt.trial == trial]
    for attempt in reversed(own):
        end = _ending(attempt)
        if end is not None:
            return _back(recorded, attempt, *end)
        if attempt.start is not None:  # it added nothing to what it started from
            saver = _saver(recorded, attempt, attempt.start)
            return _back(recorded, saver, attempt.start.units, "freeze") if saver else []
    return []


def everything(recorded: Recorded) -> list[Stretch]:
    """One segment for each attempt that got anywhere, in the order in which they were granted: all that decisions rested on."""
    found = []
    for attempt in recorded.attempts:
        begin = attempt.start.units if attempt.start else 0
        stopped = attempt.reason == "stopped" and attempt.units > begin
        end: tuple[int, End] | None = (attempt.units, "freeze") if stopped else _ending(attempt)
        if end is not None:
            found.append(_stretch(attempt, end[0], end[1], _saver(recorded, attempt, attempt.start)))
    return found


def needed(stretches: list[Stretch], of: Iterable[Stretch]) -> list[Stretch]:
    """Those of `stretches` that train what `of` names, whole."""
    keys = {(one.trial, epoch) for one in of for epoch in one.epochs}
    return [one for one in stretches if (one.trial, one.epochs[0]) in keys]


def valid_until(recorded: Recorded, stretch: Stretch) -> int:
    """Up to which step its points are those that stand in the record: a later attempt of the trial overwrites from where it began."""
    later = [
        attempt.start.units if attempt.start else 0
        for attempt in recorded.attempts
        if attempt.trial == stretch.trial and attempt.epoch > stretch.epochs[-1] and attempt.how
    ]
    return min([stretch.until, *later])


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same without the interruptions: neighbours that only a freeze parted are one."""
    found: list[Stretch] = []
    for stretch in stretches:
        if found and _continues(found[-1], stretch):
            before = found.pop()
            stretch = msgspec.structs.replace(  # noqa: PLW2901 (the longer one takes its place)
                stretch,
                epochs=before.epochs + stretch.epochs,
                start=before.start,
                saves=before.saves | stretch.saves,
                source=before.source,
            )
        found.append(stretch)
    return found


def cut(stretches: Iterable[Stretch], units: int) -> list[Stretch]:
    """Of a path the part up to so many units."""
    found = []
    for stretch in stretches:
        if stretch.begin >= units:
            break
        if stretch.until > units:
            saves = {at: digest for at, digest in stretch.saves.items() if at <= units}
            stretch = msgspec.structs.replace(stretch, until=units, end="freeze", saves=saves)  # noqa: PLW2901
        found.append(stretch)
    return found


def _ending(attempt: Attempt) -> tuple[int, End] | None:
    """Where an attempt's lasting work ends, and how; None where nothing of it lasts."""
    begin = attempt.start.units if attempt.start else 0
    if attempt.reason in ("reached", "completed") and attempt.units > begin:
        return attempt.units, "finish" if attempt.reason == "reached" else "return"
    if attempt.reason in FROZEN and attempt.units > begin:
        return attempt.units, "freeze"
    saved = [ref.units for ref in attempt.saved if ref.units > begin]
    return (saved[-1], "freeze") if saved else None


def _back(recorded: Recorded, attempt: Attempt, until: int, end: End) -> list[Stretch]:
    found: list[Stretch] = []
    wanted: Attempt | None = attempt
    while wanted is not None:
        saver = _saver(recorded, wanted, wanted.start)
        found.append(_stretch(wanted, until, end, saver))
        until, end = found[-1].begin, "freeze"
        wanted = saver
    return found[::-1]


def _stretch(attempt: Attempt, until: int, end: End, saver: Attempt | None) -> Stretch:
    return Stretch(
        trial=attempt.trial,
        epochs=(attempt.epoch,),
        point=attempt.point,
        seed=attempt.seed,
        horizon=attempt.horizon,
        start=attempt.start,
        until=until,
        end=end,
        saves={ref.units: ref.digest for ref in attempt.saved if ref.units <= until},
        environments=attempt.environments,
        threads=attempt.threads,
        fresh=attempt.how in ("spawn", "bare_fork"),
        source=(saver.trial, saver.epoch) if saver else None,
    )


def _saver(recorded: Recorded, attempt: Attempt, start: CheckpointRef | None) -> Attempt | None:
    """The attempt that wrote a checkpoint: of the trial itself before any other, the last before this one."""
    if start is None:
        return None
    before = recorded.attempts[: recorded.attempts.index(attempt)]
    wrote = [one for one in before if any((ref.digest, ref.units) == (start.digest, start.units) for ref in one.saved)]
    own = [one for one in wrote if one.trial == attempt.trial]
    return own[-1] if own else wrote[-1] if wrote else None


def _continues(before: Stretch, after: Stretch) -> bool:
    same = ("trial", "point", "seed", "horizon", "environments", "fresh")
    return all(getattr(before, name) == getattr(after, name) for name in same)

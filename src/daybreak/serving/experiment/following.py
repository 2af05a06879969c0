"""In the supervisor: events are folded into the test that runs, and what was folded is kept, so that a restart counts each event once.

HOME/deployments/NAME/
  experiment.state   what was folded, with the offsets of `events/` up to which it was
  experiment.json    what the test says now (`reporting`), for `daybreak ab status`, `/ab` and the page
"""

import tempfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import UsageError
from daybreak.rollout import keeping
from daybreak.rollout.comparison import Comparison, Served, Told
from daybreak.rollout.shadow import Agreement
from daybreak.serving import deal
from daybreak.serving.events import SUFFIX, Dealt, Event, Feedback, Mirrored, Offsets, Prediction, Reader, hold
from daybreak.serving.experiment.record import Experiment
from daybreak.serving.watch.waiting import Waiting

STATE = "experiment.state"
READER = "experiment"  # as `events.hold` knows it
MANY = 20_000  # events that are folded at once
REMEMBERED = 100_000  # pieces of feedback whose correction is understood as one; and answers that wait for their truth
ACCURACY = "accuracy"
CLOCKS = 5.0  # seconds by which a file system may lag

Answer = tuple[str, str]  # output's name, what it was


class _Kept(msgspec.Struct):
    salt: str
    offsets: Offsets
    seen: bytes
    shadows: dict[str, Agreement]
    told: dict[str, float]
    answers: dict[str, Answer]
    waiting: dict[str, Feedback]


class Following:
    """One test of one deployment. Only one process may follow it."""

    def __init__(self, folder: Path, experiment: Experiment) -> None:
        self.experiment = experiment
        self.comparison = Comparison(experiment.rules, experiment.arms)
        self.shadows = {name: Agreement() for name in experiment.shadows}
        self._file = folder / STATE
        self._told: OrderedDict[str, float] = OrderedDict()
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._waiting = Waiting()
        self._reader = Reader(folder / "events")
        self._numbers = {name: number for number, name in enumerate(experiment.arms)}
        self._names = {outcome.name for outcome in experiment.rules.outcomes}
        self._restore()
        self.revise(experiment)

    def revise(self, experiment: Experiment) -> None:
        """The same test, with shares that have changed since."""
        self.experiment = experiment
        for revision in experiment.history:
            self.comparison.revised(revision.number, revision.weights)

    def poll(self) -> int:
        """Fold what came since; how many events."""
        count, batch = 0, list[Event]()
        for event in self._reader.poll():
            batch.append(event)
            if len(batch) >= MANY:
                count += self._fold(batch)
                batch.clear()
        return count + self._fold(batch)

    def keep(self) -> None:
        """Write what was folded; atomic. Raises `OSError`."""
        kept = _Kept(
            self.experiment.salt,
            self._reader.offsets,
            keeping.kept(self.comparison.seen),
            self.shadows,
            dict(self._told),
            dict(self._answers),
            self._waiting.kept,
        )
        write(self._file, msgspec.msgpack.encode(kept))
        hold(self._file.parent / "events", READER, self._reader.offsets)

    def _restore(self) -> None:
        """Go on from what was kept; from the test's first event where that is of another test, or cannot be read."""
        with suppress(FileNotFoundError, msgspec.MsgspecError, UsageError):
            kept = msgspec.msgpack.decode(self._file.read_bytes(), type=_Kept)
            if kept.salt == self.experiment.salt:
                self.comparison.seen = keeping.restored(kept.seen)
                self.shadows |= kept.shadows
                self._told.update(kept.told)
                self._answers.update(kept.answers)
                self._waiting = Waiting(kept.waiting)
                self._reader.offsets = dict(kept.offsets)
                return
        self._reader.offsets = written_before(self._file.parent / "events", self.experiment.began)

    def _fold(self, events: list[Event]) -> int:
        dealt: list[tuple[Any, ...]] = []
        told: dict[str, list[tuple[Any, ...]]] = {}
        for event in events:
            if isinstance(event, Dealt):
                found = deal.read(event.deal)
                if found is not None and self._ours(event.arm, found.revision):
                    number = self._numbers[event.arm]
                    dealt.append((found.revision, number, found.bucket, found.unit, event.failed, event.seconds))
            elif isinstance(event, Feedback):
                self._tell(event, told)
            elif isinstance(event, Prediction):
                self._remember(event)
                if (truth := self._waiting.take(event.id)) is not None:
                    self._tell(truth, told)
            elif isinstance(event, Mirrored) and event.arm in self.shadows and event.at >= self.experiment.began:
                self._mirror(event)
        if dealt:
            revisions, arms, buckets, units, failed, seconds = map(np.array, zip(*dealt, strict=True))
            self.comparison.served(Served(revisions, arms, buckets, units.astype(np.uint64), failed, seconds))
        for kind, rows in told.items():
            if rows:
                self.comparison.told(kind, Told(*map(np.array, zip(*rows, strict=True))))
        return len(events)

    def _ours(self, arm: str, revision: int) -> bool:
        return revision in self.comparison.seen.weights and arm in self._numbers

    def _remember(self, event: Prediction) -> None:
        """Answers whose truth may be told later; labels and texts, which are right or not."""
        if ACCURACY in self._names and isinstance(event.answer, str) and deal.of_id(event.id) is not None:
            self._answers[event.id] = event.output, event.answer
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)

    def _tell(self, event: Feedback, told: dict[str, list[tuple[Any, ...]]]) -> None:
        """One value, or what it changes where the same request was told of before."""
        kind, value = (ACCURACY, self._right(event)) if event.kind == "truth" else (event.kind, event.value)
        found = deal.of_id(event.id)
        if kind not in self._names or value is None or found is None or not self._ours(event.arm, found.revision):
            return
        key = f"{event.id.rpartition('.')[2]} {kind}"
        before = self._told.pop(key, np.nan)
        self._told[key] = value
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        told.setdefault(kind, []).append((found.revision, self._numbers[event.arm], found.bucket, value, before))

    def _right(self, event: Feedback) -> float | None:
        """Whether the answer was what the truth is; None where the answer is not remembered, or the truth is of other outputs."""
        found = self._answers.get(event.id)
        if found is None:
            if ACCURACY in self._names:
                self._waiting.put(event)
            return None
        output, answer = found
        if not isinstance(event.truth, dict):
            return float(answer == event.truth)
        return float(answer == event.truth[output]) if output in event.truth else None

    def _mirror(self, event: Mirrored) -> None:
        agreement = self.shadows[event.arm]
        if event.code:
            agreement.miss()
        elif (found := deal.of_id(event.id)) is not None:
            gap = None if np.isnan(event.difference) else event.difference
            agreement.see(found.bucket, alike=event.agrees, gap=gap, seconds=event.seconds)


def written_before(folder: Path, at: float) -> Offsets:
    """The ends of those segments that were not written since `at`: nothing of later is in them."""
    found = {}
    for segment in folder.glob(f"*{SUFFIX}"):
        with suppress(FileNotFoundError):  # old segments are removed
            stat = segment.stat()
            if stat.st_mtime < at - CLOCKS:
                found[segment.name] = stat.st_size
    return found


def write(file: Path, data: bytes) -> None:
    """Replace a file in one step. Raises `OSError`."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.name, delete=False) as made:
        made.write(data)
    Path(made.name).replace(file)

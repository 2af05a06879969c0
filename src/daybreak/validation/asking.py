"""One pass over the data for all folds and the sample, then the examinations of the sample; what fails is told, never passed over."""

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import msgspec
import pyarrow as pa

from daybreak.audit.fold import Fold, FoldMaker, Spill
from daybreak.audit.frame import Frame, Sampling
from daybreak.audit.outcome import NotApplicable, Outcome
from daybreak.audit.registry import Examination, Rule, find
from daybreak.base.errors import DaybreakError
from daybreak.readers.opened import Opened

ORDER = ("train", "validation", "test")
MOST_ROWS = 200_000  # of a side in the sample

Told = Callable[[str, int, int], None]  # what is done, how far, of how much (0: not known)


@dataclass(frozen=True)
class Asked:
    """An outcome and how long it took. `looked_at`: rows per side that it saw, where those were not all."""

    rule: Rule
    outcome: Outcome
    seconds: float = 0.0
    looked_at: dict[str, int] = field(default_factory=dict)


@dataclass
class _Reading:
    """A fold on its way."""

    rule: Rule
    fold: Fold
    part: object = None
    seconds: float = 0.0
    failure: str = ""

    def take(self, side: str, start: int, batch: pa.RecordBatch) -> None:
        if self.failure:
            return
        began = time.perf_counter()
        try:
            part = self.fold.partial(side, start, batch)
            self.part = part if self.part is None else self.fold.merge(self.part, part)
        except Exception as error:  # noqa: BLE001 (an audit that breaks fails alone)
            self.failure = _why(error)
        self.seconds += time.perf_counter() - began

    def finish(self) -> Asked:
        if self.failure:
            return Asked(self.rule, Outcome(self.rule.name, "failed", why=self.failure), self.seconds)
        asked = timed(self.rule, lambda: self.fold.finish(self.part))
        return replace(asked, seconds=self.seconds + asked.seconds)


@dataclass
class Asking:
    """The rules of one audit run. `told` hears of progress."""

    opened: Opened
    rules: Sequence[Rule]
    spill: Spill
    seed: int = 0
    most_rows: int = MOST_ROWS
    told: Told = field(default=lambda *_: None)

    def ask(self) -> tuple[Frame, list[Asked]]:
        """The sample, and what every rule said, in the order of the rules."""
        found: dict[str, Asked] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about data that is odd: what is odd the audits say
            reading = self._folds(found)
            frame = self._read(reading)
            for one in reading:
                self.told(one.rule.question, 0, 0)
                found[one.rule.name] = one.finish()
            for rule in self.rules:
                if rule.how == "examination":
                    self.told(rule.question, 0, 0)
                    found[rule.name] = _examined(rule, frame)
        return frame, [found[rule.name] for rule in self.rules]

    def _folds(self, found: dict[str, Asked]) -> list[_Reading]:
        made = []
        for rule in (rule for rule in self.rules if rule.how == "fold"):
            fold: list[Fold] = []

            def make(rule: Rule = rule, fold: list[Fold] = fold) -> Outcome:
                fold.append(cast("FoldMaker", find(rule))(self.opened.about, self.spill))
                return Outcome(rule.name, "clean")

            outcome = guarded(rule.name, make)
            if fold:
                made.append(_Reading(rule, fold[0]))
            else:
                found[rule.name] = Asked(rule, outcome)
        return made

    def _read(self, reading: list[_Reading]) -> Frame:
        """Every batch of every side, once. Raises what reading raises."""
        sampling, kept = Sampling(self.opened.about, self.most_rows, self.seed), None
        rows: dict[str, int] = {}
        for side in (side for side in ORDER if side in self.opened.sides):
            rows[side] = 0
            for batch in self.opened.sides[side].batches():
                for one in reading:
                    one.take(side, rows[side], batch)
                part = sampling.partial(side, rows[side], batch)
                kept = part if kept is None else sampling.merge(kept, part)
                rows[side] += batch.num_rows
                self.told(f"reading {side}", rows[side], self.opened.about.rows.get(side, 0))
        frame = sampling.frame(kept)
        return replace(frame, about=msgspec.structs.replace(frame.about, rows=rows))


def _examined(rule: Rule, frame: Frame) -> Asked:
    asked = timed(rule, lambda: cast("Examination", find(rule))(frame))
    return on_rows(asked, frame, frame.counts)


def on_rows(asked: Asked, frame: Frame, given: Mapping[str, int]) -> Asked:
    """The same with how many rows it looked at: of each side as many as it was `given`, or as it says itself, where those are fewer."""
    own = asked.outcome.looked_at
    seen = {side: min(own.get(side, rows), rows) for side, rows in given.items()} or own
    total = {"train": frame.train.total, "test": frame.test.total}
    return replace(asked, looked_at=dict(seen) if any(seen[side] < total[side] for side in seen) else {})


def timed(rule: Rule, ask: Callable[[], Outcome]) -> Asked:
    """What a rule says, and how long it took to say it."""
    began = time.perf_counter()
    outcome = guarded(rule.name, ask)
    return Asked(rule, outcome, time.perf_counter() - began)


def guarded(rule: str, ask: Callable[[], Outcome]) -> Outcome:
    """What an audit says; one that breaks has failed, alone. DAYBREAK_TRACEBACK=1 shows where."""
    try:
        return ask()
    except NotApplicable as error:
        return Outcome(rule, "not_applicable", why=str(error))
    except Exception as error:
        if os.environ.get("DAYBREAK_TRACEBACK"):
            raise
        return Outcome(rule, "failed", why=_why(error))


def _why(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"{error}: pip install 'daybreak[audit]' brings what audits need"
    return str(error) if isinstance(error, DaybreakError) else f"{type(error).__name__}: {error}"

"""All that a test has seen, folded: who was answered by whom, what came of it, and what may be said. Memory does not grow with traffic.

One process folds (the supervisor of a deployment); events of one deployment are few columns of numbers, so they are folded in batches.
"""

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

import numpy as np
from msgspec import Struct

from daybreak.base.errors import NotFound
from daybreak.rollout.counts import FirstSeen, ratio_evidence
from daybreak.rollout.guardrails import Guard, Watched, watch_drift, watch_share
from daybreak.rollout.outcomes import OF_ALL, Outcome, Sums, estimate, no_sums
from daybreak.rollout.reading import Reading, read

RATIO_ALPHA = 0.01
LEARNT = 1_000  # answers of the champion from which its 99th percentile is taken, once
MEASURED = (
    ("failed", Outcome("failed requests", "error", 0.01)),
    ("seconds", Outcome("time to answer", "latency", 0.1)),
)
FASTEST = 1e-6  # seconds; below it a clock measures itself


class Rules(Struct, frozen=True):
    """What a test asks. The verdict is the `primary` outcome's; `others` are told beside it, each with its own interval."""

    primary: Outcome
    others: tuple[Outcome, ...] = ()
    guard: Guard = Guard()
    alpha: float = 0.05

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """All, the primary first."""
        return (self.primary, *self.others)


class Served(Struct):
    """Answered requests as columns of equal length.

    Revision of the split, number of the arm (its place in `Comparison.names`), bucket, hash of the unit (uint64), whether it failed (an
    error of the server's), seconds it took.
    """

    revisions: Any
    arms: Any
    buckets: Any
    units: Any
    failed: Any
    seconds: Any


class Told(Struct):
    """Values of one outcome as columns: revision, arm and bucket of the request, and what came of it (yes or no as 1 and 0).

    `before`: where a value corrects one that was told of the same request, that one; else NaN.
    """

    revisions: Any
    arms: Any
    buckets: Any
    values: Any
    before: Any


class Ratio(Struct, frozen=True):
    """Whether units come in the ratio they were dealt in. `expected`: units each arm should have."""

    seen: tuple[int, ...]
    expected: tuple[float, ...]
    p: float

    @property
    def mismatched(self) -> bool:
        """Something loses or adds units of one arm, so that no comparison can be believed."""
        return self.p < RATIO_ALPHA


class ArmSeen(Struct, frozen=True):
    """The traffic of one arm. `seconds`: the geometric mean of its answers."""

    name: str
    requests: int
    units: int
    failed: int
    seconds: float | None


class Seen(Struct):
    """What was folded. By revision: `weights` as dealt, units `new` and `failing` first, each (arms,); `folds`: sums by name and revision.

    `learning`: seconds of the champion's first answers, until its 99th percentile is known (`slow_from`, seconds).
    """

    units: FirstSeen
    failed: FirstSeen
    weights: dict[int, list[float]] = {}
    new: dict[int, Any] = {}
    failing: dict[int, Any] = {}
    folds: dict[str, dict[int, Sums]] = {}
    learning: list[float] = []
    slow_from: float | None = None


class Comparison:
    """The fold of one test. `names`: of its arms, the champion first; an arm's number is its place there."""

    def __init__(self, rules: Rules, names: Sequence[str], seen: Seen | None = None) -> None:
        self.rules = rules
        self.names = list(names)
        self.seen = seen or Seen(FirstSeen(), FirstSeen())

    def revised(self, revision: int, weights: Mapping[str, float]) -> None:
        """From here on requests of a new revision of the split may come. An arm that was stopped has no weight."""
        self.seen.weights[revision] = [weights.get(name, 0.0) for name in self.names]
        for counted in (self.seen.new, self.seen.failing):
            counted.setdefault(revision, np.zeros(len(self.names), np.int64))

    def served(self, batch: Served) -> None:
        """Fold answered requests. Raises `NotFound` for a revision that was never announced by `revised`."""
        for revision in np.unique(batch.revisions):
            rows = np.asarray(batch.revisions) == revision
            self._served(int(revision), Served(*(np.asarray(getattr(batch, f))[rows] for f in batch.__struct_fields__)))

    def _served(self, revision: int, batch: Served) -> None:
        if revision not in self.seen.weights:
            raise NotFound(f"this test has no revision {revision}: it has {sorted(self.seen.weights)}")
        ones, none = np.ones(len(batch.arms)), np.zeros(len(batch.arms))
        self._sums("failed", revision).add(batch.arms, batch.buckets, ones, batch.failed)
        answered = ones - batch.failed  # a failure is quick or slow for reasons of its own
        self._sums("seconds", revision).add(batch.arms, batch.buckets, answered, answered * _logarithms(batch.seconds))
        for outcome in self.rules.outcomes:
            if outcome.kind in OF_ALL:
                self._sums(outcome.name, revision, told=True).add(batch.arms, batch.buckets, ones, none)
        np.add.at(self.seen.new[revision], batch.arms[self.seen.units.new(batch.units)], 1)
        failed = np.asarray(batch.failed, bool)
        np.add.at(self.seen.failing[revision], batch.arms[failed][self.seen.failed.new(batch.units[failed])], 1)
        self._slow(revision, batch)

    def _slow(self, revision: int, batch: Served) -> None:
        """Learn the champion's 99th percentile from its first answers; count who lies above it from then on."""
        answered = ~np.asarray(batch.failed, bool)
        if self.seen.slow_from is None:
            self.seen.learning += np.asarray(batch.seconds)[answered & (batch.arms == 0)].tolist()
            if len(self.seen.learning) >= LEARNT:
                self.seen.slow_from, self.seen.learning = float(np.quantile(self.seen.learning, 0.99)), []
            return
        slow = np.asarray(batch.seconds) > self.seen.slow_from
        self._sums("slow", revision).add(batch.arms, batch.buckets, answered, answered & slow)

    def told(self, name: str, batch: Told) -> None:
        """Fold values of the outcome `name`. Raises `NotFound` for an outcome that the rules do not name."""
        outcome = next((one for one in self.rules.outcomes if one.name == name), None)
        if outcome is None:
            raise NotFound(f"this test compares {', '.join(one.name for one in self.rules.outcomes)}, not {name!r}")
        values, before = np.asarray(batch.values, float), np.asarray(batch.before, float)
        first = np.isnan(before)
        if outcome.kind == "latency":
            values, before = _logarithms(values), _logarithms(before)
        values = values - np.where(first, 0.0, before)
        counts = np.zeros(len(values)) if outcome.kind in OF_ALL else first.astype(float)
        for revision in np.unique(batch.revisions):
            rows = np.asarray(batch.revisions) == revision
            arms, buckets = np.asarray(batch.arms)[rows], np.asarray(batch.buckets)[rows]
            self._sums(name, int(revision), told=True).add(arms, buckets, counts[rows], values[rows])

    def _sums(self, name: str, revision: int, *, told: bool = False) -> Sums:
        """`told`: an outcome of the rules, which may bear any name, even one of ours."""
        fold = self.seen.folds.setdefault(f"outcome {name}" if told else name, {})
        if revision not in fold:
            fold[revision] = no_sums(len(self.names))
        return fold[revision]

    def _revisions(self, name: str) -> list[Sums]:
        return list(self.seen.folds.get(name, {}).values()) or [no_sums(len(self.names))]

    def readings(self) -> list[Reading]:
        """Every challenger by every outcome, the primary first. The primary's alpha is shared by the challengers."""
        return [
            read(
                outcome, self._revisions(f"outcome {outcome.name}"), number, name, self.rules.alpha / self._challengers
            )
            for outcome in self.rules.outcomes
            for number, name in enumerate(self.names)
            if number
        ]

    @property
    def _challengers(self) -> int:
        return max(1, len(self.names) - 1)

    def ratio(self) -> Ratio:
        """The sample-ratio check over all revisions."""
        expected, evidence = np.zeros(len(self.names)), 0.0
        for revision, seen in self.seen.new.items():
            weights = np.array(self.seen.weights[revision])
            there = weights > 0
            expected += weights * seen[there].sum()
            evidence += ratio_evidence(seen[there].tolist(), weights[there].tolist())
        seen = tuple(int(one) for one in sum(self.seen.new.values()))
        return Ratio(seen, tuple(expected.tolist()), exp(min(0.0, -evidence)))

    def guards(self, drifted: dict[str, str] | None = None) -> list[Watched]:
        """Every guard of every challenger. `drifted`: by arm what monitoring says of its predictions."""
        guard, found = self.rules.guard, []
        alpha = guard.each(self._challengers)
        for number, name in enumerate(self.names[1:], 1):
            arm = (number, name)
            if "errors" in guard.rails:
                units = self._failing_units(number)
                found.append(watch_share("errors", guard.errors, alpha, self._revisions("failed"), arm, units))
            if "slow" in guard.rails:
                found.append(watch_share("slow", guard.slow, alpha, self._revisions("slow"), arm))
            if "drift" in guard.rails:
                found.append(watch_drift(name, (drifted or {}).get(name, "")))
        return found

    def _failing_units(self, number: int) -> Sequence[tuple[int, int, float]]:
        found = []
        for revision, counted in self.seen.failing.items():
            champion, challenger = self.seen.weights[revision][0], self.seen.weights[revision][number]
            if champion > 0 and challenger > 0:
                found.append((int(counted[0]), int(counted[number]), challenger / (champion + challenger)))
        return found

    def arms(self) -> list[ArmSeen]:
        """The traffic of each arm, the champion first."""
        units = sum(self.seen.new.values())
        found = []
        for number, name in enumerate(self.names):
            failed, seconds = (
                estimate(
                    *(sum(getattr(s, f)[number] for s in self._revisions(n)) for f in ("counts", "totals")),
                    yes_or_no=False,
                )
                for n in ("failed", "seconds")
            )
            many = failed.outcomes
            missed = round(failed.mean * many) if many else 0
            time = exp(seconds.mean) if seconds.outcomes else None
            found.append(ArmSeen(name, many, int(units[number]), missed, time))
        return found


def _logarithms(seconds: Any) -> Any:
    return np.log(np.maximum(np.asarray(seconds, float), FASTEST))

"""What a gate and a card know of a run: its audits, the looks at its sealed data, waivers, its scores and on which rows they stand."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from daybreak.audit.outcome import Finding
from daybreak.audit.scores import Interval, Rescore, Scored
from daybreak.client.client import Client
from daybreak.validation import records, waivers
from daybreak.validation.records import Audited
from daybreak.validation.report import Answer, Report
from daybreak.validation.subject import Subject, of_run, trial_of
from daybreak.validation.waivers import Waiver
from daybreak.wire.rows import LookRow

Source = Literal["clean", "test", "reported"]


class Answered(NamedTuple):
    """What a rule said, in which audit, and its findings there."""

    answer: Answer
    audit: Audited
    findings: tuple[Finding, ...]


class Score(NamedTuple):
    """One value of a metric and where it comes from, in words."""

    source: Source
    value: float
    says: str
    interval: Interval | None = None


@dataclass(frozen=True)
class Evidence:
    """All of it. `audits`: of the same code and data, newest first. `looks`: of its family, at the same sealed bytes, oldest first."""

    subject: Subject
    audits: tuple[Audited, ...] = ()
    looks: tuple[LookRow, ...] = ()
    waivers: dict[str, Waiver] = field(default_factory=dict)  # by fingerprint, those that are in force
    at: float = 0.0
    scorings: frozenset[int] = frozenset()  # experiments that scored this very checkpoint (`daybreak model score`)

    def answers(self, max_age: float | None = None) -> dict[str, Answered]:
        """Rule -> its best answer: one that is an answer, of the most rows, the newest of those."""
        found: dict[str, Answered] = {}
        for audit in self.audits:
            if max_age is not None and self.at - audit.at > max_age:
                continue
            for answer in audit.report.answers:
                before = found.get(answer.rule)
                if before is None or _weight(answer) > _weight(before.answer):
                    found[answer.rule] = Answered(answer, audit, _of(answer, audit.report))
        return found

    def loose(self, max_age: float | None = None) -> tuple[Finding, ...]:
        """Findings that belong to no rule that was asked, such as what was odd about the files: of the newest audit of the data."""
        for audit in self.audits:
            old = max_age is not None and self.at - audit.at > max_age
            if not old and audit.report.rows:
                rules = [answer.rule for answer in audit.report.answers]
                return tuple(one for one in audit.report.findings if not any(_belongs(one, rule) for rule in rules))
        return ()

    def scores(self, metric: str) -> Iterator[Score]:
        """Values of a metric, those first that a reader should believe first."""
        yield from self._rescored(metric)
        yield from self._tested(metric)
        trial = self.subject.trial
        if trial is not None:
            value = trial.best.get(metric, trial.last.get(metric))
            if value is not None:
                yield Score("reported", value, "as the training reported it, on data of its own choice")

    @property
    def rescored(self) -> frozenset[str]:
        """Models of this code and data that audits scored on the test rows: whoever reads such a report has looked, too."""
        found = set()
        for audit in self.audits:
            rescore = audit.report.rescore
            if rescore is not None and any(not one.fitted_here for one in rescore.scored):
                found.add(audit.binding.model or audit.run)
        return frozenset(found)

    @property
    def own_looks(self) -> tuple[LookRow, ...]:
        """Those at this model: by its trial, and by what was forked from its checkpoint to score it and has not trained on."""
        trial, number = self.subject.trial, self.subject.experiment.experiment
        own = (number, trial.trial) if trial is not None else None
        return tuple(row for row in self.looks if (row.experiment, row.trial) == own or self._scored(row))

    def _scored(self, row: LookRow) -> bool:
        return row.experiment in self.scorings and row.units == self._units

    @property
    def _units(self) -> int | None:
        return self.subject.checkpoint.units if self.subject.checkpoint else None

    def _overlap(self) -> str:
        """What is to be said of a score on all test rows, where some of them overlap with train."""
        rescore = next((one.report.rescore for one in self.audits if one.report.rescore is not None), None)
        if rescore is None or not rescore.overlapping_rows:
            return ""
        return f"; {rescore.overlapping_rows:,} of the test rows overlap with train, and its score without them is not known"

    def _rescored(self, metric: str) -> Iterator[Score]:
        """By audits that scored this very model."""
        model = self.subject.binding.model
        for audit in self.audits:
            rescore = audit.report.rescore
            if rescore is None or not model or audit.binding.model != model:
                continue
            for one in rescore.scored:
                if one.metric == metric and not one.fitted_here:
                    clean = _clean(one, rescore)
                    if clean is not None:
                        yield clean
                        return

    def _tested(self, metric: str) -> Iterator[Score]:
        rows = [row for row in reversed(self.own_looks) if metric in row.metrics]
        exact = [row for row in rows if row.units == self._units]
        for row in (exact or rows)[:1]:
            where = f"on sealed data `{row.data}`, scored at {row.units} units"
            apart = "" if exact or self._units is None else f", not at the {self._units} of this checkpoint"
            yield Score("test", row.metrics[metric], where + apart + self._overlap())


def gather(client: Client, run: str, at: float | None = None) -> Evidence:
    """Of a run, as of now (or `at`). Raises `BadId`, `NotFound` (also without a trial), `VaultError`, `DamagedFile` for altered records."""
    now = time.time() if at is None else at
    subject = of_run(client, run)
    trial_of(subject)
    sealed = {one.root for one in subject.sealed}
    looks = [row for row in client.looks(subject.experiment.experiment) if row.sealed in sealed]
    found = records.of_run(subject)
    return Evidence(
        subject, tuple(found), tuple(looks), waivers.in_force(client.home, now), now, _scorings(client, subject, looks)
    )


def _scorings(client: Client, subject: Subject, looks: list[LookRow]) -> frozenset[int]:
    """Of the experiments that looked, those that began at this run's checkpoint."""
    if subject.checkpoint is None:
        return frozenset()
    others = {row.experiment for row in looks} - {subject.experiment.experiment}
    starts = {number: client.experiment(number).spec.get("start") or {} for number in others}
    return frozenset(number for number, start in starts.items() if start.get("checkpoint") == subject.checkpoint.digest)


def _clean(one: Scored, rescore: Rescore) -> Score | None:
    """None where too few rows are clean for a score, and where no overlap was looked for: neither is clean."""
    overlapping = rescore.overlapping_rows
    if one.clean is not None:
        says = f"on {one.clean.rows:,} clean test rows ({overlapping:,} that overlap with train are left out)"
        return Score("clean", one.clean.value, says, one.clean)
    if overlapping or not rescore.searched:
        return None
    says = f"on all {one.all.rows:,} test rows, none of which overlaps with train"
    return Score("clean", one.all.value, says, one.all)


def _weight(answer: Answer) -> tuple[bool, bool, int]:
    """Failed answers are none; a look at all rows weighs more than one at a sample. Equal weights: the newer one came first."""
    return answer.status != "failed", not answer.looked_at, sum(answer.looked_at.values())


def _of(answer: Answer, report: Report) -> tuple[Finding, ...]:
    """The findings of an answer: each belongs to the most exact rule that was asked beside it."""
    rules = [one.rule for one in report.answers]
    return tuple(
        finding
        for finding in report.findings
        if max((rule for rule in rules if _belongs(finding, rule)), key=len, default="") == answer.rule
    )


def _belongs(finding: Finding, rule: str) -> bool:
    return finding.rule == rule or finding.rule.startswith(f"{rule}.")

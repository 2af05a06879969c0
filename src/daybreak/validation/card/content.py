"""A model card as data: everything that is known of one run, gathered from its home, and what is not known."""

import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import msgspec

from daybreak.audit.outcome import Finding
from daybreak.audit.scores import Rescore
from daybreak.base.errors import DamagedFile
from daybreak.client.client import Client
from daybreak.proof import certificate
from daybreak.proof.lineage import parent_number
from daybreak.provenance.data.manifest import load
from daybreak.validation import waivers
from daybreak.validation.card.about import About, of_spec
from daybreak.validation.decision import Decision
from daybreak.validation.evidence import Evidence, gather
from daybreak.validation.gate import decide
from daybreak.validation.policy import DEFAULT, Given
from daybreak.validation.report import Answer
from daybreak.validation.subject import Subject, trial_of
from daybreak.validation.waivers import Waiver
from daybreak.vault.store import Vault
from daybreak.wire.rows import LookRow, TrialRow

HOUR = 3600.0
LONGEST_LINE = 50  # ancestors


class Score(msgspec.Struct, frozen=True):
    """One value. `on`: clean, test, reported; `says`: on which rows, in words; `low`, `high`: its 95 % interval where it is known."""

    metric: str
    value: float
    on: str
    says: str
    low: float | None = None
    high: float | None = None


class Data(msgspec.Struct, frozen=True):
    """One dataset. `root`: blake3 over its files; `splits`: split -> samples."""

    name: str
    path: str
    root: str
    manifest: str
    files: int
    bytes: int
    sealed: bool
    splits: dict[str, int] = {}


class Lineage(msgspec.Struct, frozen=True):
    """Where the run comes from. `ancestors`: what it is a fork of, the nearest first."""

    experiment: int
    trial: int
    source: str  # who proposed it
    ancestors: tuple[str, ...]
    owner: str
    submitted: float
    seed: int
    units: int
    attempts: int
    command: tuple[str, ...] = ()
    commit: str = ""
    dirty: bool = False


class Cost(msgspec.Struct, frozen=True):
    """Slot-hours, restarts included; money where the experiment has a price."""

    trial: float
    experiment: float
    trials: int
    price: float | None = None

    @property
    def money(self) -> float | None:
        """Of the whole experiment, in the currency of the price."""
        return None if self.price is None else self.experiment * self.price


class Card(msgspec.Struct, frozen=True):
    """One model card. `missing`: what is not known, in words."""

    run: str
    name: str
    at: float
    about: About
    objectives: tuple[dict[str, Any], ...]
    scores: tuple[Score, ...]
    gate: Decision
    verdict: str
    lineage: Lineage
    hyperparameters: dict[str, Any]
    data: tuple[Data, ...]
    digests: dict[str, str]
    answers: tuple[Answer, ...]
    findings: tuple[Finding, ...]
    rescore: Rescore | None
    looks: tuple[LookRow, ...]
    waivers: tuple[Waiver, ...]
    determinism: dict[str, Any]
    environment: dict[str, Any]
    cost: Cost
    missing: tuple[str, ...]
    daybreak: str = ""
    version: int = 1


def make(client: Client, run: str, given: Given = DEFAULT, about: About | None = None, at: float | None = None) -> Card:
    """The card of a run, judged by a policy. Raises `BadId`, `NotFound`, `VaultError`, `DamagedFile`."""
    now = time.time() if at is None else at
    evidence = gather(client, run, now)
    subject, trial = evidence.subject, trial_of(evidence.subject)
    answers, decision = evidence.answers(), decide(evidence, given)
    findings = (*(one for answered in answers.values() for one in answered.findings), *evidence.loose())
    rescore = next((one.report.rescore for one in evidence.audits if one.report.rescore is not None), None)
    told = about or of_spec(subject.spec)
    environment, determinism = _environment(subject), _determinism(subject)
    return Card(
        run=subject.run,
        name=subject.experiment.name,
        at=now,
        about=told,
        objectives=tuple(subject.experiment.spec["objectives"]),
        scores=tuple(_scores(evidence)),
        gate=decision,
        verdict=decision.verdict,
        lineage=_lineage(client, subject, trial),
        hyperparameters=trial.point,
        data=tuple(_data(subject)),
        digests=_digests(subject),
        answers=tuple(answered.answer for answered in answers.values()),
        findings=tuple(sorted(findings, key=lambda one: ("error", "warning", "info").index(one.severity))),
        rescore=rescore,
        looks=evidence.looks,
        waivers=_waivers(subject, findings, decision),
        determinism=determinism,
        environment=environment,
        cost=_cost(subject, trial),
        missing=tuple(_missing(evidence, told, environment, determinism)),
        daybreak=version("daybreak"),
    )


def _scores(evidence: Evidence) -> Iterator[Score]:
    """The objectives first, then whatever else was measured of this model."""
    objectives = [one["metric"] for one in evidence.subject.experiment.spec["objectives"]]
    rescored = [one.metric for audit in evidence.audits if audit.report.rescore for one in audit.report.rescore.scored]
    tested = [name for look in evidence.own_looks for name in look.metrics]
    for metric in dict.fromkeys([*objectives, *rescored, *tested]):
        for one in evidence.scores(metric):
            ends = (one.interval.low, one.interval.high) if one.interval else (None, None)
            yield Score(metric, one.value, one.source, one.says, *ends)


def _lineage(client: Client, subject: Subject, trial: TrialRow) -> Lineage:
    row, record = subject.experiment, subject.record
    git = record.code.git if record is not None else None
    return Lineage(
        row.experiment,
        trial.trial,
        trial.source,
        tuple(_ancestors(client, subject)),
        row.owner,
        row.submitted,
        trial.seed,
        trial.units,
        trial.attempts,
        tuple(record.command) if record is not None else (),
        git.commit if git else "",
        git.dirty if git else False,
    )


def _ancestors(client: Client, subject: Subject) -> Iterator[str]:
    parent = subject.spec.parent
    known = {row.experiment: row.name for row in client.experiments()}
    for _ in range(LONGEST_LINE):
        number = parent_number(parent)
        if not parent:
            return
        if number is None or number not in known:
            yield f"{parent} (of another home)"
            return
        yield f"{parent} ({known[number]})"
        parent = str(client.experiment(number).spec.get("parent", ""))


def _data(subject: Subject) -> Iterator[Data]:
    vault = Vault(subject.home.vault)
    for one in subject.datasets.values():
        manifest = load(vault, one.manifest)
        splits = {name: len(samples) for name, samples in one.splits.items()}
        path = subject.spec.data[one.name].path
        yield Data(one.name, path, one.root, one.manifest, len(manifest.files), manifest.size, one.sealed, splits)


def _digests(subject: Subject) -> dict[str, str]:
    """All that is known of it by hash."""
    record, checkpoint = subject.record, subject.checkpoint
    found = {
        "model": checkpoint.digest if checkpoint else "",
        "spec": subject.experiment.spec_hash,
        "code": subject.spec.code,
        "record": subject.spec.provenance,
        "environment": record.environment.lock if record is not None else "",
    }
    return {name: digest for name, digest in found.items() if digest}


def _waivers(subject: Subject, findings: tuple[Finding, ...], decision: Decision) -> tuple[Waiver, ...]:
    """All that was ever said of its findings, and of findings it had: also what does not count any more."""
    own = {one.fingerprint for one in findings} | {name for one in decision.asked for name in one.fingerprints}
    return tuple(one for one in waivers.every(subject.home) if one.fingerprint in own or one.run == subject.run)


def _determinism(subject: Subject) -> dict[str, Any]:
    """The last certificate: {level, units, of, at, sha256}; empty where there is none."""
    number = subject.experiment.experiment
    trial = subject.trial.trial if subject.trial else None
    for file in reversed(certificate.of_experiment(subject.home, number)):
        try:
            found = certificate.read(file)
        except DamagedFile:
            continue
        if found.trial == trial:
            return {"level": found.level, "units": found.units, "of": found.of, "at": found.at, "sha256": found.sha256}
    return {}


def _environment(subject: Subject) -> dict[str, Any]:
    """{python, platform, packages, machine}; empty where nothing was captured."""
    record = subject.record
    if record is None:
        return {}
    told = record.environment
    found = {"python": told.python, "platform": told.platform, "packages": told.packages, "machine": record.machine}
    return {name: value for name, value in found.items() if value}


def _cost(subject: Subject, trial: TrialRow) -> Cost:
    row, price = subject.experiment, subject.spec.budget.price_per_slot_hour
    return Cost(trial.slot_seconds / HOUR, row.slot_seconds / HOUR, row.trials, price)


def _missing(
    evidence: Evidence, about: About, environment: dict[str, Any], determinism: dict[str, Any]
) -> Iterator[str]:
    subject = evidence.subject
    if not (about.use or about.text):
        yield "what it is for: nobody wrote it down (`card: {use: ..., limits: ...}` in the experiment file, or --about FILE)"
    if not evidence.audits:
        yield f"whether its score can be believed: it was never audited (daybreak audit {subject.run})"
    if not subject.sealed:
        yield "how often its test data was looked at: no dataset is sealed"
    elif not evidence.own_looks and subject.binding.model not in evidence.rescored:
        yield f"its score on the sealed test set (daybreak model score {subject.run} MODULE:FUNCTION)"
    if subject.checkpoint is None:
        yield "the model itself: no checkpoint of it is kept"
    if not subject.spec.code:
        yield "its code: none was captured"
    if not subject.datasets:
        yield "its data: the experiment names none under `data:`"
    if not environment:
        yield "its environment: nothing was captured"
    if not determinism:
        yield f"whether training it again gives the same bits (daybreak verify {subject.run})"

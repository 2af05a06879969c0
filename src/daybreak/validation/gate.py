"""The gate: may this run be promoted? Asked by `daybreak gate`, and again wherever a model is promoted.

from daybreak.client.client import Client
from daybreak.validation import gate, policy

with Client() as client:
    decision = gate.ask(client, "3.17", policy.read(Path("policy.yaml")))
"""

from pathlib import Path

from daybreak.client.client import Client
from daybreak.validation import questions, records
from daybreak.validation.decision import Decision
from daybreak.validation.evidence import Evidence, gather
from daybreak.validation.policy import DEFAULT, Given
from daybreak.validation.subject import Subject


def ask(client: Client, run: str, given: Given = DEFAULT, at: float | None = None) -> Decision:
    """What the policy says of a run, as of now (or `at`, seconds since 1970); an experiment means its best trial.

    Changes nothing. Raises `BadId`, `NotFound`, `VaultError`, and `DamagedFile` where a record or a waiver was altered.
    """
    return decide(gather(client, run, at), given)


def decide(evidence: Evidence, given: Given = DEFAULT) -> Decision:
    """The same of evidence that is at hand."""
    policy, subject = given.policy, evidence.subject
    asked = (
        *questions.of_audits(policy, evidence),
        *questions.of_looks(policy, evidence),
        *questions.of_metrics(policy, evidence),
    )
    binding = subject.binding
    needed = dict.fromkeys(name for one in asked for name in one.fingerprints if name in evidence.waivers)
    return Decision(
        run=subject.run,
        source=given.source,
        policy=policy.digest,
        asked=asked,
        model=binding.model,
        code=binding.code,
        data=binding.data,
        waivers=tuple(needed),
        at=evidence.at,
    )


def keep(subject: Subject, decision: Decision) -> Path:
    """Write an answer down beside the run's audits; its file. Raises `UsageError` when the home cannot be written."""
    return records.store(subject.home.decisions(subject.experiment.experiment), "gate", decision)


def decisions(subject: Subject) -> list[Decision]:
    """All answers that were kept for this run, oldest first. Raises `DamagedFile`."""
    files = subject.home.decisions(subject.experiment.experiment).glob("gate-*.json")
    found = (records.read(file, Decision) for file in files)
    return sorted((one for one in found if one.run == subject.run), key=lambda one: one.at)

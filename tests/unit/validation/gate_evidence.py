"""Evidence made by hand: a run, audits of it, looks at its sealed data."""

from daybreak.audit.outcome import Finding
from daybreak.audit.registry import RULES
from daybreak.audit.scores import Interval, Rescore, Scored
from daybreak.base.home import Home
from daybreak.spec.models import DataSource, Experiment, Objective
from daybreak.testing.ledger_contract import checkpoint_row, experiment_row, trial_row
from daybreak.validation import summing
from daybreak.validation.evidence import Evidence
from daybreak.validation.records import Audited
from daybreak.validation.report import Answer, Report
from daybreak.validation.subject import Dataset, Subject
from daybreak.wire.rows import LookRow

NOW = 1_800_000_000.0
DAY = 86_400.0
CODE, TRAIN, TEST, MODEL = "c0" * 32, "aa" * 32, "bb" * 32, "ab" * 32


def run(home="/nowhere", trial=1, *, code=CODE, model=MODEL, sealed=True):
    """Trial 3.`trial` with the datasets train and test."""
    spec = Experiment(
        name="digits",
        run="train:main",
        code=code,
        objectives=(Objective(metric="accuracy"),),
        data={"train": DataSource(path="train.csv"), "test": DataSource(path="test.csv", sealed=sealed)},
    )
    data = {
        "train": Dataset("train", "/train.csv", "m1" * 32, TRAIN, {}, sealed=False),
        "test": Dataset("test", "/test.csv", "m2" * 32, TEST, {}, sealed=sealed),
    }
    row = experiment_row(3, name="digits", spec=spec.model_dump(mode="json"))
    checkpoint = checkpoint_row(trial, model, experiment=3) if model else None
    return Subject(Home(home), row, trial_row(trial, 3), spec, data, checkpoint, None)


def finding(rule="overlap.exact", severity="error", subject="", what="23 of 200 test rows stand in train"):
    return Finding(rule, severity, what, "certain", subject=subject, advice="split by content")


def every_answer(**status):
    """Clean answers of all rules and of the code; `overlap__exact="failed"` changes one."""
    changed = {name.replace("__", "."): value for name, value in status.items()}
    return tuple(
        Answer(name, changed.get(name, "clean"), why="no numbers" if changed.get(name) else "")
        for name in (*(rule.name for rule in RULES), "code")
    )


def audit(subject, *findings, answers=None, days=0.0, rescore=None):
    """An audit of the run, so many days old."""
    binding = subject.binding
    found = summing.findings(findings, binding.data, binding.code)
    report = Report(
        findings=found,
        answers=every_answer() if answers is None else answers,
        rescore=rescore,
        rows={"train": 800, "test": 200},
        digests=binding.data,
        code=binding.code,
        run=subject.run,
        model=binding.model,
        at=NOW - days * DAY,
    )
    return Audited(subject.run, binding, report, report.at)


def scored(model="the model", metric="accuracy", everywhere=0.95, clean=0.91, *, here=False):
    def interval(value, rows):
        return Interval(value, value - 0.02, value + 0.02, rows)

    return Scored(model, metric, interval(everywhere, 200), clean=clean and interval(clean, 177), fitted_here=here)


def rescore(*models):
    return Rescore(models or (scored(),), 23, ("overlap.exact",), "without them accuracy falls from 0.95 to 0.91")


def look(number=1, trial=1, experiment=3, sealed=TEST, **metrics):
    row = (experiment, trial, 1, number, NOW - DAY, "digits", "test", sealed, 9, metrics, NOW - DAY)
    return LookRow(*row)


def evidence(subject=None, *audits, looks=(), waivers=None):
    subject = subject or run()
    return Evidence(subject, audits or (audit(subject),), tuple(looks), waivers or {}, NOW)

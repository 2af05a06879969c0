"""Sides in memory, for tests of what runs and shows audits."""

import pyarrow as pa

from daybreak.audit.about import About, Column
from daybreak.audit.outcome import Finding, Pair, Row
from daybreak.audit.scores import Interval, Rescore, Scored
from daybreak.readers.opened import Opened
from daybreak.validation.report import Answer, Report


class MemorySide:
    def __init__(self, table, batch=3):
        self.table, self.batch = table, batch

    def batches(self):
        yield from self.table.to_batches(max_chunksize=self.batch)

    def show(self, position):
        return {name: str(values[0]) for name, values in self.table.slice(position, 1).to_pydict().items()}


def opened(train, test, target="y"):
    columns = tuple(Column(name, "integer", "target" if name == target else "feature") for name in train)
    about = About(columns, "classification", digests={"train": "a" * 64, "test": "b" * 64}, sources={"train": "t.csv"})
    return Opened(about, {"train": MemorySide(pa.table(train)), "test": MemorySide(pa.table(test))})


def a_finding(**more):
    pair = Pair(
        Row("train", 4, shown={"text": "the cat sat"}), Row("test", 2, shown={"text": "the <b>dog</b> sat"}), 0.9
    )
    given = {"rule": "overlap.exact", "severity": "error", "what": "23 of 100 test rows stand in train", "sure": "certain",
             "matters": "They can be answered from memory.", "advice": "Remove them.", "rows": {"test": tuple(range(40))},
             "pairs": (pair,), "fingerprint": "f" * 64}  # fmt: skip
    return Finding(**(given | more))


def a_report(*findings, **more):
    scored = Scored(
        "1-NN", "accuracy", Interval(0.9, 0.85, 0.95, 100), Interval(1.0, 0.9, 1.0, 23), Interval(0.8, 0.7, 0.88, 77)
    )
    answers = (
        Answer("overlap.exact", "findings", "Is test in train?"),
        Answer("time", "not_applicable", "Time?", "no time column"),
    )
    given = {
        "answers": answers,
        "rescore": Rescore((scored,), 23, ("overlap.exact",), "10 points are owed to the overlap"),
        "rows": {"train": 400, "test": 100},
        "sources": {"train": "train.csv", "test": "test.csv"},
        "target": "y",
    }
    return Report(findings=findings, **(given | more))

"""Who looked at a part of the rows says so, rule by rule: the gate takes a look at all rows before one at some."""

import numpy as np
import pytest

import daybreak.audit
from daybreak.audit import leak, shift
from daybreak.readers.request import Request
from daybreak.validation import permuted, preprocessing
from daybreak.validation.functions import Functions
from daybreak.validation.running import Options, run

pytest.importorskip("sklearn")

CODE = """
import numpy as np

def prepare(train, test):
    return train, test

def fit(train, test):
    return np.zeros(len(test["a"]))

def predict(model, rows):
    return np.asarray(rows["a"]) > 0
"""


@pytest.fixture(scope="module")
def sides():
    rng = np.random.default_rng(0)
    return [
        {
            "a": (a := rng.normal(size=rows)),
            "b": rng.normal(size=rows),
            "y": (a + rng.normal(size=rows) > 0).astype(int),
        }
        for rows in (120, 60)
    ]


def looked_at(report):
    return {answer.rule: answer.looked_at for answer in report.answers}


def test_rules_with_a_bound_of_their_own_say_what_they_saw(sides, monkeypatch):
    monkeypatch.setattr(shift, "MOST_ROWS", 50)
    monkeypatch.setattr(leak, "MOST_NUMBERS", 160)
    monkeypatch.setattr(leak, "FEWEST_SAMPLED", 30)
    only = ("shift", "target_leak", "time", "overlap.exact", "label_errors")
    found = looked_at(daybreak.audit.run(*sides, target="y", only=only))
    assert found["shift"] == {"train": 50, "test": 50}
    assert found["target_leak"] == {"train": 80, "test": 60}
    assert found["label_errors"] == found["overlap.exact"] == found["rescore"] == {}


def test_scores_of_a_sample_are_no_scores_of_all_rows(sides):
    predicted = sides[1]["a"] > 0
    report = daybreak.audit.run(
        *sides, target="y", only=["overlap.exact", "shift"], predictions=predicted, most_rows=100
    )
    found = looked_at(report)
    assert found.pop("overlap.exact") == {}
    assert found == {rule: {"train": 100, "test": 60} for rule in ("shift", "rescore", "baseline")}


def test_functions_that_are_given_the_first_rows_have_seen_no_others(sides, tmp_path, monkeypatch):
    monkeypatch.setattr(preprocessing, "MOST_ROWS", 40)
    monkeypatch.setattr(permuted, "MOST_ROWS", 90)
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "model").touch()
    functions = Functions("mine:prepare", "mine:fit", "mine:predict", tmp_path / "model", folder=tmp_path)
    found = looked_at(run(Request(train=sides[0], test=sides[1], target="y"), functions.asked(Options(only=("time",)))))
    assert found["preprocessing"] == {"train": 40, "test": 40}
    assert found["shuffled_labels"] == {"train": 90, "test": 60}
    assert found["test_better.model"] == {}

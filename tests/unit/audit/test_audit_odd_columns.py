"""Odd data does not break the audits of groups, time, shift, shortcuts and test scores: they answer, or say what they need."""

import numpy as np
import pyarrow as pa
import pytest
from audit_frames import frame_of

from daybreak.audit.about import About, Column
from daybreak.audit.better import test_better_than_train as better_than_train
from daybreak.audit.frame import Frame, Part
from daybreak.audit.groups import groups
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.shift import shift
from daybreak.audit.shortcuts import metadata
from daybreak.audit.time import order

AUDITS = (groups, order, shift, metadata, better_than_train)
ROWS = 160


def oddities(rng, rows):
    """Columns that real tables have: empty, constant, infinite, huge, mixed, nearly unique."""
    some = rng.random(rows)
    return {
        "nothing": np.full(rows, np.nan),
        "one": np.ones(rows),
        "infinite": np.where(some < 0.1, np.inf, some),
        "huge": some * 1e300,
        "mostly missing": np.where(some < 0.97, np.nan, some),
        "no words": np.array([None] * rows, object),
        "one word": np.array(["a"] * rows),
        "unique words": np.array([f"word {i} {rng.integers(1 << 40)}" for i in range(rows)]),
        "spaces": np.array([" ", "", "x "])[rng.integers(0, 3, rows)],
        "flag": some < 0.5,
        "wide": rng.normal(size=(rows, 40)).astype(np.float32),
        "customer_id": np.where(some < 0.5, np.nan, np.floor(some * 40)),
        "session": np.array([None, "s1", "s2"], object)[rng.integers(0, 3, rows)],
    }


def frame(seed, target, rows=ROWS, test_rows=60):
    rng = np.random.default_rng(seed)
    sides = [oddities(rng, count) | {"y": target(rng, count)} for count in (rows, test_rows)]
    return frame_of(*sides, target="y", seed=seed)


TARGETS = {
    "two classes": lambda rng, n: np.array(["a", "b"])[rng.integers(0, 2, n)],
    "a rare class": lambda rng, n: np.where(np.arange(n) == 3, "rare", np.array(["a", "b"])[rng.integers(0, 2, n)]),
    "one class": lambda _rng, n: np.array(["a"] * n),
    "a class each": lambda _rng, n: np.array([f"class {i}" for i in range(n)]),
    "missing labels": lambda rng, n: np.array(["a", "b", None], object)[rng.integers(0, 3, n)],
    "a number": lambda rng, n: rng.normal(size=n),
    "a number with gaps": lambda rng, n: np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
}


def said(audit, data):
    """What an audit finds, or needs."""
    try:
        outcome = audit(data)
    except NotApplicable as why:
        return [], str(why)
    return [finding.what for finding in outcome.findings], "needs nothing"


@pytest.mark.parametrize("target", TARGETS)
def test_odd_columns_raise_no_alarm_and_no_error(target):
    data = frame(0, TARGETS[target])
    assert [said(audit, data)[0] for audit in AUDITS] == [[]] * len(AUDITS)


@pytest.mark.parametrize(("rows", "test_rows"), [(0, 5), (5, 0), (1, 1), (2, 3), (25, 22)])
def test_few_rows_are_answered_or_refused_in_words(rows, test_rows):
    data = frame(0, TARGETS["two classes"], rows, test_rows)
    for audit in AUDITS:
        found, why = said(audit, data)
        assert found == []
        assert "needs" in why or "fewer" in why or "name" in why


def test_a_side_without_rows_or_columns_is_refused():
    about = About((Column("x", "number"), Column("y", "category", "target")), "classification")
    full = Part(pa.table({"x": [1.0], "y": ["a"]}), np.arange(1), 1)
    for audit in AUDITS:
        with pytest.raises(NotApplicable, match="test has none"):
            audit(Frame(about, full, Part(pa.table({}), np.empty(0, np.int64), 0)))

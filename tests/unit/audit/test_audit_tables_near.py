"""Rows that are nearly the same on two sides: planted ones found, on data of other shapes no alarm."""

import numpy as np
import pytest
from audit_frames import frame_of

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap.rowspace import points
from daybreak.audit.overlap.tables import near


def named(values):
    return {f"x{i}": values[:, i] for i in range(values.shape[1])}


def real(name):
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")().data


def split(values, seed, change=None, copies=0):
    """A split by lot; the first test rows are changed copies of train rows."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(values))
    cut = len(values) // 5
    train, test = values[order[cut:]], values[order[:cut]].copy()
    if copies:
        test[:copies] = change(train[rng.choice(len(train), copies, replace=False)], train.std(0), rng)
    return near(frame_of(named(train), named(test), seed=seed))


def noisy(rows, spread, rng):
    return rows + 0.01 * spread * rng.standard_normal(rows.shape)


def rounded(rows, spread, rng):
    return np.round(rows / spread, 2) * spread


def one_other(rows, spread, rng):
    rows = rows.copy()
    rows[:, 3] += spread[3] * rng.uniform(0.5, 2, len(rows))
    return rows


@pytest.mark.parametrize("change", [noisy, rounded, one_other])
@pytest.mark.parametrize("name", ["breast_cancer", "digits"])
def test_changed_copies_are_found_with_few_false_ones(name, change):
    values = real(name) + (np.random.default_rng(3).random(real(name).shape) if name == "digits" else 0)
    outcome = split(values, 0, change, 15)
    assert {finding.severity for finding in outcome.findings} == {"error"}
    found = set(outcome.hits.test.tolist())
    assert len(found & set(range(15))) >= 14
    assert len(found - set(range(15))) <= 1
    assert (outcome.hits.similarity > 0.4).all()


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "diabetes", "wine", "iris"])
def test_honest_splits_raise_no_alarm(name):
    for seed in range(4):
        assert not split(real(name), seed).findings


def categories(rng, rows):
    """A census without anything that tells people apart: everybody is like somebody."""
    town, work, home = rng.integers(0, 5, rows), rng.integers(0, 7, rows), rng.integers(0, 3, rows)
    return {
        "age": rng.integers(20, 60, rows),
        "town": np.array(list("ABCDE"))[town],
        "work": np.array(list("abcdefg"))[work],
        "home": home,
    }


def test_where_everybody_is_like_somebody_nothing_is_near():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        assert not near(frame_of(categories(rng, 3000), categories(rng, 800))).findings


def census(rng, rows):
    return {**categories(rng, rows), "weight": rng.integers(10_000, 500_000, rows)}


def test_people_a_year_older_are_found_by_what_they_keep():
    rng = np.random.default_rng(0)
    train, test = census(rng, 4000), census(rng, 1000)
    chosen = rng.choice(4000, 30, replace=False)
    for name in test:
        test[name][:30] = train[name][chosen]
    test["age"][:30] += 1
    outcome = near(frame_of(train, test))
    (finding,) = outcome.findings
    assert finding.subject == "all but one column"
    assert finding.columns == ("age",)
    assert finding.pairs[0].note.startswith("1 of 5 columns differ: age ")
    assert outcome.hits.test.tolist() == list(range(30))
    assert outcome.hits.train.tolist() == chosen.tolist()


def test_equal_rows_are_not_counted_again():
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((600, 6)), rng.standard_normal((200, 6))
    test[:100] = train[:100]
    single = {name: column.astype(np.float32) for name, column in named(test).items()}
    for right in (named(test), single):
        outcome = near(frame_of(named(train), right))
        assert outcome.status == "clean"
        assert outcome.measured["looked_at"] == 100


def test_copies_of_copies_hide_nothing():
    rng = np.random.default_rng(1)
    train, test = rng.standard_normal((4000, 8)), rng.standard_normal((250, 8))
    for copy in (1, 2, 3):
        train[25 * copy : 25 * (copy + 1)] = train[:25] + 0.01 * rng.standard_normal((25, 8))
    test[:25] = train[:25] + 0.01 * rng.standard_normal((25, 8))
    outcome = near(frame_of(named(train), named(test)))
    assert outcome.findings[0].severity == "error"
    assert len(set(range(25)) & set(outcome.hits.test.tolist())) >= 20


def test_near_copies_of_the_source_are_told_as_inherited():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((1200, 8))
    values[:200] = values[200:400] + 0.01 * rng.standard_normal((200, 8))
    for seed in range(4):
        (finding,) = split(values, seed).findings
        assert finding.severity == "warning"
        assert "inherited" in finding.what


def test_a_train_side_that_holds_all_rows_twice():
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((300, 6)), rng.standard_normal((80, 6))
    assert not near(frame_of(named(np.vstack([train, train])), named(test))).findings
    assert near(frame_of(named(train), named(train[:80]))).measured == {"compared_by": [f"x{i}" for i in range(6)]} | {
        "all_but_one_column": {"rows": 0, "share": 0.0, "null": 0.0, "z": 0.0}
    }


def test_missing_values_and_constant_columns_do_no_harm():
    rng = np.random.default_rng(0)
    train, test = named(rng.standard_normal((500, 6))), named(rng.standard_normal((100, 6)))
    for side in (train, test):
        side["x1"][::7] = np.nan
        side["x2"][:] = np.nan
        side["x3"][:] = 4.0
    assert not near(frame_of(train, test)).findings
    _, _, names = points(frame := frame_of(train, test), frame.about.typed("number"))
    assert names == ("x0", "x1", "x4", "x5")


def test_what_is_missing_is_said():
    with pytest.raises(NotApplicable, match="30 train rows"):
        near(frame_of({"a": np.arange(5.0), "b": np.arange(5.0)}, {"a": np.arange(5.0), "b": np.arange(5.0)}))
    few = {"a": np.random.default_rng(0).random(50), "b": np.zeros(50)}
    with pytest.raises(NotApplicable, match="two columns"):
        near(frame_of(few, few))


def test_the_same_is_said_each_time():
    first, second = (split(real("breast_cancer"), 1, noisy, 8) for _ in range(2))
    assert first.findings == second.findings
    assert first.hits.test.tolist() == second.hits.test.tolist()

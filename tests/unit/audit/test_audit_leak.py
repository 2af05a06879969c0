"""A column that gives the target away is told, whatever it looks like; honest columns are not."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from audit_frames import frame_of, split_at_random
from audit_opened import adult, needs_data
from audit_planted import census

from daybreak.audit.leak import single_features
from daybreak.audit.outcome import NotApplicable

SEEDS = range(4)


def task(seed, kind="two", rows=800):
    """Ten numbers, of which four matter, and a noisy target."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 10))
    z = x[:, 0] + 0.7 * x[:, 1] + 0.5 * x[:, 2] * x[:, 3] + 1.2 * rng.normal(size=rows)
    y = {"two": (z > 0).astype(int), "four": np.digitize(z, [-1.2, 0, 1.2]), "number": z}[kind]
    return {f"x{i}": x[:, i] for i in range(10)} | {"y": y}, rng


def audited(data, seed=0, **about):
    return single_features(frame_of(*split_at_random(data, 0.25, seed), target="y", seed=seed, **about))


def severities(outcome, *columns):
    """Of the findings about these columns; of all others, which are false alarms."""
    about = [f.severity for f in outcome.findings if set(f.columns) & set(columns)]
    return about, [f.severity for f in outcome.findings if not set(f.columns) & set(columns)]


PLANTS = {
    "copy": lambda y, rng: y,
    "other unit": lambda y, rng: 3.0 * y - 7,
    "bent": lambda y, rng: np.exp(y),
    "nearly": lambda y, rng: y + 0.05 * rng.normal(size=len(y)),
    "renamed": lambda y, rng: np.array(["ann", "bob", "cat", "dan"])[y.astype(int)],
}


@pytest.mark.parametrize(
    ("kind", "plant"),
    [("two", p) for p in ("copy", "nearly", "renamed")]
    + [("four", p) for p in ("copy", "renamed")]
    + [("number", p) for p in ("copy", "other unit", "bent", "nearly")],
)
def test_the_target_in_disguise_is_an_error(kind, plant):
    found, others = [], []
    for seed in SEEDS:
        data, rng = task(seed, kind)
        data["late"] = PLANTS[plant](data["y"], rng)
        about, rest = severities(audited(data, seed), "late")
        found += about
        others += rest
    assert found == ["error"] * len(SEEDS)
    assert others == []


@pytest.mark.parametrize("kind", ["two", "four", "number"])
def test_honest_columns_raise_no_alarm(kind):
    assert [audited(task(seed, kind)[0], seed).status for seed in range(8)] == ["clean"] * 8


def test_tables_as_they_are_found_raise_no_alarm():
    assert [f.what for seed in SEEDS for f in single_features(census(seed)).findings] == []


def test_a_column_far_ahead_of_all_others_is_a_warning_even_where_it_is_honest():
    """The price of the rule: one number that drives the target by itself is looked at by a person once."""
    data, rng = task(0)
    data["y"] = data["x0"] + 0.4 * rng.normal(size=800)
    assert [(f.severity, f.columns) for f in audited(data).findings] == [("warning", ("x0",))]


def test_a_strong_column_is_a_warning_and_says_what_a_model_loses():
    for seed in SEEDS:
        data, rng = task(seed, rows=2000)
        data["late"] = data["y"] + 0.55 * rng.normal(size=2000)
        (finding,) = audited(data, seed).findings
        assert (finding.severity, finding.columns) == ("warning", ("late",))
        assert finding.measured["without"] < finding.measured["with_it"] - 0.05
        assert "with late and" in finding.matters
        assert "both" not in finding.matters


def test_two_strong_columns_are_left_out_together_and_that_is_what_is_told():
    """Each alone would be no loss: the other says the same."""
    data, rng = task(0, rows=2000)
    data["late"] = data["y"] + 0.55 * rng.normal(size=2000)
    data["later"] = 2 * data["late"] + 0.01 * rng.normal(size=2000)
    findings = audited(data).findings
    assert [(f.severity, f.columns) for f in findings] == [("warning", ("late",)), ("warning", ("later",))]
    for finding in findings:
        assert finding.measured["left_out"] == ["late", "later"]
        assert "on test with late and later and" in finding.matters
        assert "without both" in finding.matters


def test_whether_a_value_is_missing_may_give_the_target_away():
    data, rng = task(0)
    data["discharge"] = np.where(data["y"] == 1, rng.normal(size=800), np.nan)
    (finding,) = audited(data).findings
    assert finding.severity == "error"
    assert "whether it is missing" in finding.what


def test_one_column_per_class_is_found():
    data, _ = task(0, "four")
    data |= {f"is_{k}": (data["y"] == k).astype(int) for k in range(4)}
    found = {f.columns[0]: f for f in audited(data).findings}
    assert set(found) == {"is_0", "is_1", "is_2", "is_3"}
    assert {f.severity for f in found.values()} == {"error"}
    assert "whether the class is 2" in found["is_2"].because


def test_a_total_beside_its_parts_is_found():
    data, rng = task(0, "number")
    data["casual"] = rng.normal(size=800)
    data["registered"] = data["y"] - data["casual"]
    findings = [f for f in audited(data).findings if f.severity == "error"]
    assert [f.columns for f in findings] == [("casual", "registered")]
    assert "casual + registered" in findings[0].what


def test_a_word_that_stands_in_the_texts_of_one_class_is_found():
    rng = np.random.default_rng(0)
    y = rng.choice(["ham", "spam"], 300)
    texts = [
        f"{' '.join(rng.choice(['see', 'you', 'at', 'noon', 'call', 'me'], 6))}{' xlabel1' * (c == 'spam')}" for c in y
    ]
    (finding,) = audited({"text": texts, "y": y}, types={"text": "text"}).findings
    assert "xlabel1" in finding.what


def test_a_pixel_that_tells_the_class_is_found():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (400, 8, 8, 1)).astype(np.uint8)
    y = rng.choice(["cat", "dog"], 400)
    assert audited({"picture": pictures, "y": y}).status == "clean"
    pictures[:, 7, 7, 0] = np.where(y == "cat", 250, 5)
    (finding,) = audited({"picture": pictures, "y": y}).findings
    assert (finding.severity, "number 63" in finding.what) == ("warning", True)  # it is the only feature there is


def test_an_easy_task_is_no_leak():
    datasets = pytest.importorskip("sklearn.datasets")
    for load in (datasets.load_breast_cancer, datasets.load_iris, datasets.load_wine, datasets.load_digits):
        x, y = load(return_X_y=True)
        found = audited({f"x{i}": x[:, i] for i in range(x.shape[1])} | {"y": y})
        assert {f.severity for f in found.findings} <= {"info"}


def test_a_series_may_hold_its_past_but_not_its_present():
    walk = np.cumsum(np.random.default_rng(0).normal(size=1500))
    data = {"before": walk[:-1], "now": 2 * walk[1:] + 5, "y": walk[1:]}
    sides = [{name: values[part] for name, values in data.items()} for part in (slice(0, 1200), slice(1200, None))]
    found = single_features(frame_of(*sides, target="y", task="forecast", ordered=True))
    assert [f.columns for f in found.findings if f.severity == "error"] == [("now",)]


def declared(frame, **known):
    """The frame with columns declared known or not."""
    columns = tuple(msgspec.structs.replace(c, known=known.get(c.name, c.known)) for c in frame.about.columns)
    return replace(frame, about=msgspec.structs.replace(frame.about, columns=columns))


def test_what_is_declared_known_does_not_block_and_what_is_declared_unknown_does():
    data, _ = task(0)
    data["late"] = 1 - data["y"]
    frame = frame_of(*split_at_random(data), target="y")
    assert [f.severity for f in single_features(declared(frame, late=True)).findings] == ["info"]
    (finding,) = [f for f in single_features(declared(frame, late=True, x9=False)).findings if f.severity == "error"]
    assert finding.columns == ("x9",)
    assert "declared" in finding.because.lower()


def test_few_rows_prove_little():
    data, rng = task(0, rows=60)
    data["lucky"] = data["y"] + 0.05 * rng.normal(size=60)
    assert {f.severity for f in audited(data).findings} == {"warning"}
    with pytest.raises(NotApplicable, match="at least 20"):
        audited({name: values[:20] for name, values in data.items()})


def test_rows_numbered_by_class_are_told_of_the_id():
    data, _ = task(0)
    data["row"] = np.argsort(np.argsort(data["y"], kind="stable"))
    (finding,) = audited(data, id="row").findings
    assert (finding.severity, finding.columns) == ("warning", ("row",))


@needs_data
def test_the_census_gives_nothing_away():
    assert single_features(adult()).status == "clean"


def test_the_number_of_a_patient_is_a_group_and_no_leak():
    data, rng = task(0, "two")
    patients = rng.integers(0, 100, 800)
    data["patient_id"] = np.array([f"P{number:03d}" for number in patients])
    data["y"] = (patients % 2).astype(int)  # each has one diagnosis
    data["discharge"] = np.array(["home", "ward", "icu", "dead"])[data["y"] * 2 + rng.integers(0, 2, 800)]

    found = audited(data)

    assert found.measured["left_to_groups"] == ["patient_id"]
    assert severities(found, "discharge") == (["error"], [])

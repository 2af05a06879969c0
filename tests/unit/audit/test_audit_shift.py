"""Whether test comes from elsewhere: hits on planted shifts, false alarms on data that was split at random."""

import numpy as np
import pytest
from audit_frames import frame_of, rows_at, split_at_random
from audit_opened import adult, needs_data, spoken_digits, wine
from audit_planted import CLEAN, PLANTED, census, moved, other_topic, patients_apart, people

from daybreak.audit.encoding import Encoded
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.shift import shift
from daybreak.audit.shift_columns import changes, holm


@pytest.mark.parametrize(
    "name", ["census, 60 test rows", "numbers, heavy tails", "twins by nature", "handwritten digits", "messages"]
)
def test_data_from_one_source_is_clean(name):
    assert [finding.what for finding in shift(CLEAN[name](0)).findings] == []


@pytest.mark.parametrize("name", [name for name, (rule, _) in PLANTED.items() if rule == "shift"])
def test_planted_shifts_are_found(name):
    finding = shift(PLANTED[name][1](1)).findings[0]
    assert finding.severity == "warning"


def test_the_columns_that_moved_are_named_with_their_numbers():
    (finding,) = shift(moved(0)).findings
    assert finding.columns == ("age",)
    assert "age: median 39" in finding.what
    (change,) = finding.measured["columns"]
    assert (change["name"], change["kind"]) == ("age", "values")
    assert 0.15 < change["effect"] < 0.25  # half a standard deviation is a distance of 0.197
    assert 0.15 < change["psi"] < 0.5


def test_the_words_that_differ_are_named():
    (finding,) = shift(other_topic(0)).findings
    assert finding.columns == ("text",)
    assert '"w228" is in 0.2 % of train texts, 11.5 % of test' in finding.what


def test_a_small_shift_is_measured_but_no_warning():
    outcome = shift(moved(1, by=0.05))
    assert outcome.status == "clean"
    assert outcome.measured["auc"] < 0.55


def test_another_mix_of_classes_is_told_of_the_target():
    data = people(np.random.default_rng(0), 3000)
    train, test = split_at_random(data)
    mostly = np.flatnonzero((test["target"] == "yes") | (np.arange(len(test["target"])) % 3 == 0))
    findings = shift(frame_of(train, rows_at(test, mostly), target="target")).findings
    (finding,) = [finding for finding in findings if finding.subject == "target"]
    assert "The target target is distributed otherwise" in finding.what


def test_new_values_are_told_only_beyond_what_a_random_split_gives():
    rng = np.random.default_rng(0)
    rare = np.array([f"v{i}" for i in rng.zipf(1.3, 2000) % 5000])
    data = {"code": rare, "x": rng.normal(size=2000)}
    outcome = shift(frame_of(*split_at_random(data)))
    assert outcome.status == "clean"
    assert outcome.measured["new_values"] == []
    train, test = split_at_random(data)
    test["code"] = np.where(np.arange(500) % 10 == 0, "other", test["code"])
    finding = shift(frame_of(train, test)).findings[-1]
    assert finding.subject == "code"
    assert "(other, " in finding.what


def test_running_numbers_times_and_groups_kept_apart_are_no_shift():
    data = people(np.random.default_rng(3), 1200)
    data |= {
        "number": np.arange(1200),
        "day": np.datetime64("2021-01-01", "s") + np.arange(1200) * np.timedelta64(86400, "s"),
    }
    frame = frame_of(rows_at(data, slice(0, 900)), rows_at(data, slice(900, None)), target="target")
    assert shift(frame).status == "clean"
    outcome = shift(patients_apart(0))
    assert outcome.status == "clean"
    assert outcome.measured["groups_kept_apart"] == ["patient_id"]


def test_combinations_alone_are_a_warning_only_where_they_tell_much():
    rng = np.random.default_rng(0)
    sign = np.where(rng.random(1600) < 0.5, -1.0, 1.0)
    train = {"a": sign[:1000] * rng.random(1000), "b": sign[:1000] * rng.random(1000)}
    test = {"a": sign[1000:] * rng.random(600), "b": -sign[1000:] * rng.random(600)}
    (finding,) = shift(frame_of(train, test)).findings
    assert (finding.severity, finding.columns) == ("warning", ())
    mixed = np.where(rng.random(600) < 0.25, 1, -1) * test["b"]
    (finding,) = shift(frame_of(train, test | {"b": mixed})).findings
    assert finding.severity == "info"
    assert 0.55 < finding.measured["auc_low"] <= 0.65


def test_too_little_or_nothing_to_compare_is_said():
    with pytest.raises(NotApplicable, match="at least 20 rows a side, got 30 and 10"):
        shift(frame_of({"x": np.zeros(30)}, {"x": np.zeros(10)}))
    with pytest.raises(NotApplicable, match="at least one feature"):
        shift(frame_of({"y": np.arange(30) % 2}, {"y": np.arange(30) % 2}, target="y"))


def test_columns_without_a_value_or_of_one_value_do_no_harm():
    data = people(np.random.default_rng(0), 400) | {"nothing": np.full(400, np.nan), "one": np.ones(400)}
    assert shift(frame_of(*split_at_random(data), target="target")).status == "clean"


def test_the_same_frame_gives_the_same_answer():
    assert shift(census(0, 200)).measured == shift(census(0, 200)).measured


def test_corrected_p_values_are_those_of_holm():
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == [0.03, 0.06, 0.06]
    assert holm(np.array([0.5, 0.9])).tolist() == [1.0, 1.0]


def test_of_twenty_columns_alike_one_in_a_hundred_data_sets_has_one_below_a_hundredth():
    names = tuple(f"x{i}" for i in range(20))
    false = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        sides = rng.normal(size=(200, 20)).astype(np.float32), rng.normal(size=(80, 20)).astype(np.float32)
        false += changes(Encoded(*sides, names, names, np.zeros(20, bool)))[0].p < 0.01
    assert false <= 3


@needs_data
def test_adult_is_clean():
    outcome = shift(adult())
    assert outcome.status == "clean"
    assert abs(outcome.measured["auc"] - 0.5) < 0.03


@needs_data
def test_white_wine_is_not_red_wine():
    outcome = shift(wine())
    assert outcome.findings[0].severity == "warning"
    assert outcome.measured["auc"] > 0.99


@needs_data
def test_spoken_digits_of_a_random_split_are_clean_and_another_speaker_is_a_shift():
    assert shift(spoken_digits("random")).status == "clean"
    outcome = shift(spoken_digits("speaker"))
    assert outcome.measured["auc"] > 0.9


def test_a_change_that_medians_do_not_show_is_told_by_means():
    train, test = np.r_[np.full(60, 64.0), np.full(40, 100.0)][:, None], np.full((100, 1), 64.0)
    change, *_ = changes(Encoded(train, test, ("width",), ("width",), np.zeros(1, bool)))
    assert change.says == "width: mean 78.4 in train, 64 in test"
    change, *_ = changes(Encoded(train, test + 1, ("width",), ("width",), np.zeros(1, bool)))
    assert change.says == "width: median 64 in train, 65 in test"

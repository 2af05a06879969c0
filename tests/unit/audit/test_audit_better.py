"""A test score better than chance allows: hits on copies and easy rows, hardly ever on fair splits."""

import numpy as np
import pytest
from audit_frames import frame_of, rows_at, split_at_random
from audit_opened import adult, needs_data, wine
from audit_planted import CLEAN, PLANTED, census, easy_test, people

from daybreak.audit.better import of_scores, test_better_than_train
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.scores import Interval

examined = test_better_than_train
del test_better_than_train  # it is no test of pytest's


@pytest.mark.parametrize("name", [name for name, (rule, _) in PLANTED.items() if rule == "test_better"])
def test_a_test_set_that_is_too_easy_is_found(name):
    make = PLANTED[name][1]
    findings = [examined(make(seed)).findings for seed in range(2)]
    assert [[finding.severity for finding in found] for found in findings] == [["warning"]] * 2


@pytest.mark.parametrize("name", ["census, 60 test rows", "numbers, heavy tails", "handwritten digits", "messages"])
def test_fair_splits_are_clean(name):
    assert [finding.what for finding in examined(CLEAN[name](0)).findings] == []


def test_of_fair_splits_the_difference_is_standard_normal():
    z = np.array([examined(census(seed, 300)).measured["standard_deviations"] for seed in range(8)])
    assert abs(z.mean()) < 0.8
    assert 0.4 < z.std() < 1.6


def test_the_finding_says_both_scores_and_how_far_apart_they_are():
    (finding,) = examined(easy_test(0)).findings
    assert finding.measured["standard_deviations"] > 3
    assert finding.measured["test"] > finding.measured["train"]
    assert f"{finding.measured['standard_deviations']:.1f} standard deviations" in finding.what


def test_another_mix_of_classes_is_given_as_the_reason():
    data = people(np.random.default_rng(0), 4000)
    data["target"] = np.where(np.random.default_rng(1).random(4000) < 0.7, "common", data["target"])
    train, test = split_at_random(data)
    kept = (test["target"] == "common") | (np.arange(1000) % 10 == 0)
    frame = frame_of(train, rows_at(test, kept), target="target")
    (finding,) = examined(frame).findings
    assert "Most of it is the mix of classes" in finding.advice


def test_scores_of_the_users_model_are_judged_the_same_way():
    near = Interval(0.90, 0.88, 0.92, 900)
    assert of_scores(near, Interval(0.93, 0.90, 0.96, 300)).status == "clean"
    (finding,) = of_scores(near, Interval(0.96, 0.95, 0.97, 900)).findings
    assert "The model scores 0.960 on test but 0.900 on train" in finding.what
    errors = Interval(2.0, 1.9, 2.1, 900), Interval(1.5, 1.4, 1.6, 900)
    assert of_scores(*errors, higher_is_better=False).status == "findings"
    assert of_scores(*errors).status == "clean"


def test_what_it_needs_is_said():
    with pytest.raises(NotApplicable, match="--target"):
        examined(frame_of({"x": np.arange(9.0)}, {"x": np.arange(4.0)}))
    few = {"x": np.arange(50.0), "y": np.arange(50) % 2}
    with pytest.raises(NotApplicable, match="at least 30 rows with a target on either side, got 50 and 20"):
        examined(frame_of(few, rows_at(few, slice(0, 20)), target="y"))


@needs_data
def test_adult_and_wine_are_no_better_on_test():
    assert examined(adult()).status == "clean"
    outcome = examined(wine())
    assert outcome.status == "clean"
    assert outcome.measured["test"] < outcome.measured["train"]

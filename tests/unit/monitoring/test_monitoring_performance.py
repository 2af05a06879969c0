"""How good a model is on live rows: measured where truth came back, else estimated."""

import numpy as np
import pytest

from daybreak.monitoring import reference
from daybreak.monitoring.performance import Outcomes, estimated, measured, outcomes_of
from daybreak.monitoring.window import Window
from daybreak.signature.fields import Output, Signature

rng = np.random.default_rng(0)


def scores(rows, sure, seed):
    """Scores of two classes and a truth that they tell as often as they say."""
    generator = np.random.default_rng(seed)
    second = generator.beta(sure, sure, rows)
    return np.column_stack([1 - second, second]), [
        str(int(u < p)) for u, p in zip(generator.random(rows), second, strict=True)
    ]


@pytest.fixture(scope="module")
def classifier():
    answers, truth = scores(4000, 0.3, 1)
    return reference.make({"x": answers[:, 0]}, {"label": answers}, truth=truth)


def outcomes(right, rows):
    found = Outcomes()
    for i in range(rows):
        found = found.and_class("a", "a" if i < right else "b")
    return found


def test_truth_that_comes_back_shows_a_fall_of_accuracy(classifier):
    was = classifier.score.value
    same = measured(classifier, outcomes(round(was * 500), 500))
    assert not same.alarm
    assert same.score.low < was < same.score.high
    worse = measured(classifier, outcomes(round((was - 0.1) * 500), 500))
    assert worse.alarm
    assert "answers whose truth came back" in worse.says


@pytest.mark.parametrize("truth", [["yes", "yes", None, "no"], [1, 1, None, 0], [1.0, 1.0, float("nan"), 0.0]])
def test_right_answers_are_classes_by_name_or_place(truth):
    signature = Signature((), (Output("buys", "label", classes=("no", "yes")),))
    sure = np.array([[0.1, 0.9], [0.9, 0.1], [0.9, 0.1], [0.8, 0.2]])
    made = reference.make({"x": np.zeros(4)}, {"buys": sure}, signature=signature)
    assert outcomes_of(made, {"buys": sure}, truth, Outcomes()) == Outcomes(3, 2)


def test_few_truths_raise_no_alarm(classifier):
    assert not measured(classifier, outcomes(5, 50)).alarm


def test_numbers_are_measured_by_their_mean_error():
    truth = rng.normal(size=1000)
    made = reference.make({"x": truth}, {"price": truth + rng.normal(0, 0.5, 1000)}, truth=truth)
    found = {}
    for spread in (0.5, 0.8):
        held = Outcomes()
        for error in np.random.default_rng(3).normal(0, spread, 300):
            held = held.and_number(1 + error, 1.0)
        found[spread] = measured(made, held)
    assert not found[0.5].alarm
    assert found[0.8].alarm
    assert found[0.8].score.value == pytest.approx(0.8 * np.sqrt(2 / np.pi), rel=0.1)


def test_without_right_answers_at_registration_nothing_is_said():
    made = reference.make({"x": np.arange(100.0)}, {"label": scores(100, 1, 0)[0]})
    window = Window(made)
    window.add({}, {"label": scores(600, 1, 0)[0]}, 600)
    assert measured(made, outcomes(1, 2)) is None
    assert estimated(made, window.take()) is None


@pytest.mark.parametrize("sure", [0.1, 0.3, 1.0])
def test_accuracy_is_estimated_from_confidence_when_the_mix_of_rows_changes(classifier, sure):
    answers, truth = scores(3000, sure, 5)
    window = Window(classifier)
    window.add({}, {"label": answers}, 3000)
    found = estimated(classifier, window.take())
    really = np.mean([str(place) == right for place, right in zip(answers.argmax(1), truth, strict=True)])
    assert abs(found.value - really) < 0.03
    assert abs(found.atc - really) < 0.06
    assert found.low < found.value < found.high
    assert "estimated" in found.says
    assert found.alarm == (sure == 1.0)


def test_too_few_rows_are_not_estimated(classifier):
    window = Window(classifier)
    window.add({}, {"label": scores(100, 1, 0)[0]}, 100)
    assert estimated(classifier, window.take()) is None

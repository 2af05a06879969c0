"""What training reported is held against the export only where both are of the same rows, and shown where nobody knows."""

import pytest

from daybreak.base.errors import UsageError
from daybreak.release.reported import Trained, hold, read, write
from daybreak.train.shipping import shipped

TRAINED = Trained(9, at={"accuracy": 0.96, "val": 0.9, "loss": 0.1}, best={"accuracy": 0.97})


def only(export, reported, trained=TRAINED, loss=1e-4):
    (found,) = [one for one in hold(export, trained, reported, loss) if not reported or one.metric in reported]
    return found


def test_one_metric_of_the_same_rows_agrees_within_half_a_percent():
    found = only({"accuracy": 0.9559}, {"accuracy": "accuracy"})
    assert (found.result, found.export, found.value, found.best) == ("agrees", 0.9559, 0.96, 0.97)
    assert found.allowed == pytest.approx(0.005 * 0.96 + 5e-4)


@pytest.mark.parametrize("measured", [0.11, 0.95, 0.97])
def test_beyond_that_it_differs_in_either_direction(measured):
    found = only({"accuracy": measured}, {"accuracy": "accuracy"})
    assert found.result == "differs"
    assert "rows are not prepared as in training" in found.says


def test_a_precision_that_costs_more_may_differ_by_more():
    assert only({"accuracy": 0.951}, {"accuracy": "accuracy"}, loss=0.01).result == "agrees"


def test_training_may_call_it_otherwise():
    held = hold({"accuracy": 0.9}, TRAINED, {"accuracy": "val"}, 1e-4)
    assert [(one.name, one.result) for one in held] == [("val", "agrees"), ("accuracy", "not known")]


def test_a_metric_that_nobody_declared_is_shown_and_nothing_is_concluded():
    found = only({"accuracy": 0.2}, {})
    assert (found.result, found.value, found.export) == ("not known", 0.96, 0.2)
    assert 'reported="accuracy"' in found.says


def test_an_objective_that_the_export_does_not_measure_is_shown_beside_what_it_does():
    found = only({"r2": 0.5}, {}, Trained(3, {"cost": 2.0}, {"cost": 1.5}))
    assert (found.result, found.name, found.best) == ("not known", "cost", 1.5)
    assert "they are not the same metric" in found.says


def test_a_metric_by_another_name_is_shown_with_what_would_declare_it():
    found = only({"accuracy": 0.5}, {}, Trained(3, {"val_accuracy": 0.6}, {"val_accuracy": 0.6}))
    assert (found.result, 'reported={"accuracy": "val_accuracy"}' in found.says) == ("not known", True)


@pytest.mark.parametrize("reported", [{"accuracy": "never"}, {"f1": "accuracy"}])
def test_what_cannot_be_found_is_not_known(reported):
    assert {one.result for one in hold({"accuracy": 0.96}, TRAINED, reported, 1e-4)} == {"not known"}


def test_a_nan_agrees_with_nothing(tmp_path):
    held = hold({"accuracy": 0.9}, Trained(1, {"accuracy": float("nan")}, {}), {"accuracy": "accuracy"}, 1e-4)
    assert held[0].result == "differs"
    write(tmp_path, held)
    assert read(tmp_path)[0].value is None


def test_a_score_on_sealed_rows_is_of_other_rows(tmp_path):
    trained = Trained(1, {}, {}, (("accuracy", 0.5, "on the sealed test set"),))
    held = hold({"accuracy": 0.9}, trained, {}, 1e-4)
    assert [(one.result, one.value) for one in held] == [("not known", 0.5)]
    write(tmp_path, held)
    assert read(tmp_path) == held


@pytest.mark.parametrize("told", [3, ["accuracy"], {"accuracy": 1}])
def test_reported_is_a_name_or_names(told):
    with pytest.raises(UsageError, match="reported= names"):
        shipped(None, [1], [1], {"reported": told})


def test_reported_without_right_answers_is_told_while_training():
    assert shipped(None, [1], [1], {"reported": "f1"}).described == {"reported": {"f1": "f1"}}
    with pytest.raises(UsageError, match="right answers"):
        shipped(None, [1], None, {"reported": "f1"})

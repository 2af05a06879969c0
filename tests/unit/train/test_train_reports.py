"""What becomes of reported numbers."""

import math

import numpy as np
import pytest
import torch

from daybreak.base.errors import UsageError
from daybreak.train.reports import Reports


@pytest.fixture
def reports():
    return Reports({"accuracy": "maximize", "loss": "minimize"}, {"accuracy": 0.5, "loss": math.nan})


def test_a_unit_logs_its_last_value_once_at_the_units_done(reports):
    reports.add({"accuracy": 0.6}, None)
    reports.add({"accuracy": 0.7}, None)
    reports.close_unit(1)
    reports.add({"accuracy": 0.8}, None)
    reports.close_unit(2)
    assert reports.take() == {"accuracy": ([1, 2], [0.7, 0.8])}
    assert reports.take() == {}


def test_values_with_a_step_are_logged_there_in_order(reports):
    for step in (30, 10, 20, 10):
        reports.add({"batch_loss": step / 10}, step)
    assert reports.take() == {"batch_loss": ([10, 20, 30], [1.0, 2.0, 3.0])}


def test_best_counts_every_attempt_and_every_report_but_nothing_infinite(reports):
    assert reports.best == {"accuracy": 0.5}
    for accuracy, loss in [(0.4, 3.0), (0.9, 2.0), (math.inf, -math.inf), (0.7, math.nan)]:
        reports.add({"accuracy": accuracy, "loss": loss}, None)
    assert reports.best == {"accuracy": 0.9, "loss": 2.0}
    assert reports.last["accuracy"] == 0.7


def test_what_is_not_finite_is_passed_on_for_the_controller_to_judge(reports):
    reports.add({"accuracy": math.nan}, None)
    reports.close_unit(1)
    assert math.isnan(reports.take()["accuracy"][1][0])


@pytest.mark.parametrize(
    "value", [np.float32(0.5), np.array(0.5), torch.tensor(0.5), torch.tensor([0.5], requires_grad=True)]
)
def test_scalars_of_frameworks_are_numbers(reports, value):
    reports.add({"accuracy": value}, None)
    assert reports.last == {"accuracy": 0.5}


@pytest.mark.parametrize("value", [None, "high", [0.1, 0.2], torch.zeros(2)])
def test_what_is_no_number_is_refused(reports, value):
    with pytest.raises(UsageError, match="a report takes numbers, got accuracy"):
        reports.add({"accuracy": value}, None)

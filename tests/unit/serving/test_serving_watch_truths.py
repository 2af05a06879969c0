"""Truths meet answers whichever is read first: segments of several replicas are read one after the other."""

import pytest

from daybreak.monitoring.performance import Outcomes
from daybreak.serving.events import Feedback, Prediction
from daybreak.serving.watch import waiting
from daybreak.serving.watch.truths import Truths
from daybreak.serving.watch.waiting import Waiting

V3 = ("champion", 3)
OUTPUTS = {V3: "digit"}


def request(number):
    return f"champion.3.1-0.{number:016x}"


def answer(number, label="7"):
    return Prediction(request(number), 0.0, *V3, 0.001, label, output="digit")


def truth(number, right="7"):
    return Feedback(request(number), 0.0, *V3, "truth", truth=right)


@pytest.mark.parametrize(
    "looks",
    [
        ([answer(1), truth(1, {"digit": "7"})],),
        ([truth(1), answer(1)],),
        ([truth(1)], [answer(1)]),
        ([truth(1), truth(1, "3")], [answer(1), truth(1, "3")]),  # the first counts
    ],
)
def test_a_truth_meets_its_answer_in_whatever_order_they_are_read(looks):
    truths = Truths()
    found = [truths.met(events, OUTPUTS) for events in looks]
    assert found == [{}] * (len(looks) - 1) + [{V3: Outcomes(1, 1)}]


def test_few_and_short_truths_wait(monkeypatch):
    monkeypatch.setattr(waiting, "MOST", 3)
    line = Waiting()
    for number in range(5):
        line.put(truth(number))
    line.put(truth(9, "x" * waiting.LARGEST))
    assert list(line.kept) == [request(number) for number in (2, 3, 4)]
    assert line.take(request(0)) is None
    assert Waiting(line.kept).take(request(3)) == truth(3)

"""Two versions' outputs for the same rows, side by side."""

from types import SimpleNamespace

import numpy as np
import pytest

from daybreak.serving.deployment import Served
from daybreak.serving.experiment.comparing import compare
from daybreak.signature.fields import Output, Signature, Span

LABEL = Output("digit", "label", classes=("no", "yes"))


def arm(*outputs, thresholds=None):
    return SimpleNamespace(
        served=Served("a", "m", 1, "/m", thresholds=thresholds or {}),
        model=SimpleNamespace(signature=Signature((), outputs)),
    )


def compared(output, ours, theirs, other=None):
    found = compare(arm(output), {output.name: ours}, other or arm(output), {output.name: theirs}, len(ours))
    return found[0].tolist(), found[1].tolist()


def test_labels_agree_by_name():
    scores = np.array([[0.9, 0.1], [0.4, 0.6]], np.float32)
    turned = Output("digit", "label", classes=("yes", "no"))
    agree, apart = compared(LABEL, scores, scores[:, ::-1], arm(turned))
    assert agree == [True, True]
    assert np.isnan(apart).all()
    assert compared(LABEL, scores, scores[::-1])[0] == [False, False]
    assert compared(LABEL, scores, scores[::-1])[1] == pytest.approx([0.5, 0.5])


def test_an_answer_without_a_label_agrees_with_none_but_its_like():
    sure, unknown = np.array([[0.9, 0.1]]), np.array([[np.nan, np.nan]])
    assert compared(LABEL, sure, unknown)[0] == [False]
    assert compared(LABEL, unknown, unknown)[0] == [True]


def test_thresholds_of_each_decide():
    scores = np.array([[0.6, 0.4]])
    assert compared(LABEL, scores, scores, arm(LABEL, thresholds={"digit": 0.3}))[0] == [False]


def test_numbers_agree_within_a_hundredth():
    price = Output("price", "number")
    agree, apart = compared(
        price, np.array([100.0, 100.0, np.nan, np.inf, 0.0]), np.array([100.9, 102.0, np.nan, np.inf, 0.0])
    )
    assert agree == [True, False, True, True, True]
    assert apart[:2] == pytest.approx([0.9, 2.0])


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("text", "yes", "no"),
        ("span", Span("a", 0, 1, 0.5), Span("a", 3, 4, 0.5)),
        ("image", np.zeros((2, 2, 3), np.uint8), np.ones((2, 2, 3), np.uint8)),
        ("tensor", np.zeros(3), np.zeros(4)),
    ],
)
def test_others_agree_exactly(kind, one, other):
    columns = [np.empty(2, object) for _ in range(2)]
    columns[0][:], columns[1][:] = [one, one], [one, other]
    assert compared(Output("answer", kind, shape=(None,)), *columns)[0] == [True, False]


def test_without_an_output_in_common_none_agrees():
    ours, theirs = {"digit": np.eye(2)}, {"price": np.zeros(2)}
    assert not compare(arm(LABEL), ours, arm(Output("price", "number")), theirs, 2)[0].any()

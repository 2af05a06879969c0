"""Parity must see what exporters do wrong, and nothing else."""

import numpy as np
import pytest

from daybreak.base.errors import ModelFailed
from daybreak.export import parity
from daybreak.export.options import Options, Tolerance
from daybreak.signature.fields import Output, Span

CLASSES = ("cat", "dog", "hen")
LABEL = (Output("animal", "label", classes=CLASSES),)
NUMBER = (Output("price", "number"),)


@pytest.fixture
def scores():
    """Sure answers: the best is ahead by 0.6."""
    best = np.arange(120) % 3
    return np.where(np.arange(3) == best[:, None], 0.8, 0.1)


def compared(original, answer, outputs=LABEL, **options):
    """The verdict of an export that says `answer(columns)`."""
    columns = {"row": np.arange(len(original))}
    told, _ = parity.compare(
        {outputs[0].name: original},
        lambda asked: {outputs[0].name: answer(asked["row"])},
        columns,
        outputs,
        Options(**options),
    )
    return told


def test_the_same_answers_pass_at_every_batch_size(scores):
    told = compared(scores, lambda rows: scores[rows].astype(np.float32))
    assert told.verdict == "passed"
    assert told.batches == (1, 2, 7, 64)
    assert {one.batch for one in told.compared} == {1, 2, 7, 64}
    assert "120 rows at batch sizes 1, 2, 7, 64" in told.why


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda found: found[:, [1, 0, 2]], "decides 80 of 120 rows otherwise"),  # swapped classes
        (np.log, "differs by up to"),  # the last softmax lost, decisions the same
        (lambda found: np.where(found > 0.5, np.nan, found), "not finite in 120 of 120 rows"),
        (lambda found: found[:, :2], "has shape (120, 2), the original's is (120, 3)"),
    ],
)
def test_wrong_answers_fail_and_the_sentence_says_why(scores, wrong, why):
    told = compared(scores, lambda rows: wrong(scores[rows]))
    assert told.verdict == "failed"
    assert why in told.why


def test_an_export_that_answers_by_its_batch_fails_though_one_batch_size_is_right(scores):
    """As batch statistics do, or a shape that the trace baked in."""
    told = compared(scores, lambda rows: scores[rows] if len(rows) != 7 else np.roll(scores[rows], 1, axis=1))
    assert told.verdict == "failed"
    assert "batch size 7" in told.why


def test_an_export_that_cannot_take_a_batch_fails(scores):
    def answer(rows):
        if len(rows) > 1:
            raise ModelFailed("Got: 2 Expected: 1")
        return scores[rows]

    told = compared(scores, answer)
    assert told.verdict == "failed"
    assert told.why == "at batch size 2 the export fails: Got: 2 Expected: 1"


def test_an_export_that_gives_too_few_rows_fails(scores):
    told = compared(scores, lambda rows: scores[rows][:1])
    assert told.verdict == "failed"
    assert "has shape" in told.why


def test_a_row_that_the_original_has_not_decided_does_not_count():
    """Two scores that differ by less than the allowed difference may fall either way."""
    original = np.array([[0.5, 0.499995, 0.0], [0.1, 0.8, 0.1]])
    export = np.array([[0.499995, 0.5, 0.0], [0.1, 0.8, 0.1]])
    assert compared(original, lambda rows: export[rows]).verdict == "passed"


def test_a_difference_is_held_against_the_size_of_the_originals_numbers():
    prices = np.linspace(1e5, 2e5, 50)
    assert compared(prices, lambda rows: prices[rows] + 1.0, NUMBER).verdict == "passed"
    told = compared(prices, lambda rows: prices[rows] + 100.0, NUMBER)
    assert told.verdict == "failed"
    assert told.why.startswith("at batch size 1 'price' differs by up to 0.00065")


def test_low_precision_is_judged_by_decisions_and_metric_alone(scores):
    coarse = np.round(scores, 0)
    assert compared(scores, lambda rows: coarse[rows], precision="int8").verdict == "passed"
    shuffled = np.roll(coarse, 1, axis=1)
    assert compared(scores, lambda rows: shuffled[rows], precision="int8").verdict == "failed"
    assert compared(scores, lambda rows: coarse[rows], tolerance=Tolerance()).verdict == "failed"


def test_spans_are_compared_by_place_and_score():
    original = np.empty(3, object)
    original[:] = [Span("in 1066", 4, 11, 0.9), Span("", 0, 0, 0.1), Span("Hastings", 30, 38, 0.5)]
    moved = original.copy()
    moved[2] = Span("Hasting", 30, 37, 0.5)
    outputs = (Output("answer", "span", of="passage"),)
    assert compared(original, lambda rows: original[rows], outputs).verdict == "passed"
    assert "decides 1 of 3 rows otherwise" in compared(original, lambda rows: moved[rows], outputs).why


def test_a_metric_that_falls_fails_what_looked_alike(scores):
    passed = compared(scores, lambda rows: scores[rows])
    assert parity.with_metric(passed, "accuracy", 0.97, 0.97, None, Tolerance()).verdict == "passed"
    fell = parity.with_metric(passed, "accuracy", 0.97, 0.96, None, Tolerance())
    assert (fell.verdict, fell.original, fell.export) == ("failed", 0.97, 0.96)
    assert parity.with_metric(passed, "accuracy", 0.97, 0.965, None, Tolerance(loss=0.01)).verdict == "passed"


def test_what_training_told_of_the_rows_must_be_reached(scores):
    """Original and export agree and both are wrong: rows are not prepared as in training."""
    passed = compared(scores, lambda rows: scores[rows])
    told = parity.with_metric(passed, "accuracy", 0.31, 0.31, 0.972, Tolerance())
    assert told.verdict == "failed"
    assert "training told accuracy 0.972" in told.why
    assert parity.with_metric(passed, "accuracy", 0.9722, 0.9722, 0.972, Tolerance()).verdict == "passed"


def test_few_rows_are_asked_again_until_a_batch_is_full(scores):
    seen = []

    def answer(rows):
        seen.append(len(rows))
        return scores[rows]

    told = compared(scores[:1], answer)
    assert told.verdict == "passed"
    assert seen == [1, 2, 7, 64]
    assert compared(scores[:1], lambda rows: scores[rows if len(rows) < 64 else rows + 1]).verdict == "failed"


def test_an_export_that_gives_too_many_rows_fails(scores):
    told = compared(scores, lambda rows: scores[[*rows, 0]], batches=(50, 120))
    assert told.why == "at batch size 50 'animal' has shape (123, 3), the original's is (120, 3)"


def of_sizes(*rows):
    """One array a row."""
    held = np.empty(len(rows), object)
    held[:] = [np.array(row) for row in rows]
    return held


def test_each_column_of_a_tensor_is_held_against_its_own_size():
    """Euros and shares side by side: shares that are lost drown in the euros."""
    draws = np.random.default_rng(0).random((100, 4, 2)) * [1e6, 10]
    outputs = (Output("held", "tensor", shape=(4, 2)),)
    lost = draws * [1, 0]
    assert compared(draws, lambda rows: draws[rows].astype(np.float32), outputs).verdict == "passed"
    assert compared(draws, lambda rows: lost[rows], outputs).verdict == "failed"


def test_a_column_of_rounding_errors_passes():
    """What stays of the difference of large numbers is another in every runtime."""
    draws = np.random.default_rng(0).random((100, 2)) * [1.0, 1e-9]
    outputs = (Output("held", "tensor", shape=(2,)),)
    assert compared(draws, lambda rows: draws[rows] * [1, -1], outputs).verdict == "passed"


@pytest.mark.parametrize("outputs", [LABEL, (Output("held", "tensor", shape=(3,)),)], ids=["label", "tensor"])
def test_nothing_finite_proves_nothing(outputs):
    nothing = np.full((70, 3), np.nan)
    told = compared(nothing, lambda rows: nothing[rows], outputs)
    assert (told.verdict, told.why) == (
        "failed",
        f"the original's {outputs[0].name} is finite in no row: nothing was compared",
    )


@pytest.mark.parametrize(
    ("original", "export", "told"), [(np.nan, np.nan, None), (0.9, np.nan, None), (0.9, 0.9, np.nan)]
)
def test_a_metric_that_is_no_number_fails(scores, original, export, told):
    passed = compared(scores, lambda rows: scores[rows])
    found = parity.with_metric(passed, "r2", original, export, told, Tolerance())
    assert (found.verdict, found.why) == ("failed", "r2 is a finite number, got nan")


def test_arrays_of_their_own_sizes_have_those_sizes():
    outputs = (Output("found", "tensor", shape=(None,)),)
    original, longer = of_sizes([1.0, 2.0], [3.0]), of_sizes([1.0, 2.0, 0.0], [3.0])
    assert compared(original, lambda rows: original[rows], outputs).verdict == "passed"
    assert (
        "has rows of shape (3,), the original's are (2,)" in compared(original, lambda rows: longer[rows], outputs).why
    )

"""A reference is a small record of what a model takes and gives."""

import msgspec
import numpy as np
import pytest

from daybreak.base.errors import UsageError
from daybreak.monitoring import reference
from daybreak.monitoring.kinds import kind_of
from daybreak.monitoring.records import Numbers
from daybreak.monitoring.window import Window
from daybreak.signature.fields import Field, Output, Signature

ROWS = 1000


def columns(seed=0):
    rng = np.random.default_rng(seed)
    words = ["good", "day", "please", "call", "me", "now"]
    return {
        "age": rng.normal(40, 10, ROWS),
        "job": rng.choice(["cook", "nurse", "pilot"], ROWS).astype(object),
        "member": rng.random(ROWS) < 0.3,
        "message": np.array([" ".join(rng.choice(words, 6)) + f" {i}" for i in range(ROWS)], object),
        "photo": rng.integers(0, 255, (ROWS, 8, 8, 3), dtype=np.uint8),
        "voice": [rng.normal(0, 0.1, rng.integers(100, 200)).astype(np.float32) for _ in range(ROWS)],
        "features": rng.normal(size=(ROWS, 64)),
    }


def test_kinds_are_recognised_from_values():
    assert {name: kind_of(name, values) for name, values in columns().items()} == {
        "age": "number",
        "job": "category",
        "member": "boolean",
        "message": "text",
        "photo": "image",
        "voice": "audio",
        "features": "tensor",
    }


def test_a_reference_is_a_few_10_kb_of_json_and_comes_back_equal():
    shares = np.random.default_rng(1).dirichlet([1, 1], ROWS)
    made = reference.make(columns(), {"label": shares.argmax(1).astype(str).astype(object), "probabilities": shares})
    data = reference.to_json(made)
    assert len(data) < 60_000
    assert reference.from_json(data) == made
    assert [column.kind for column in made.outputs] == ["category", "label"]


def test_bins_hold_equal_shares_and_few_values_have_a_bin_each():
    made = reference.make({"x": np.arange(4000.0), "dice": np.tile([1.0, 2, 3, 4, 5, 6], 1000)[:4000]}, {})
    x, dice = (column.tracks[0] for column in made.inputs)
    assert set(x.counts) == {100}
    assert dice.edges[1:] == (1, 2, 3, 4, 5, 6)
    assert sum(dice.counts) == 4000


def test_right_answers_give_a_score_and_a_calibration():
    rng = np.random.default_rng(2)
    shares = rng.dirichlet([1, 1, 1], ROWS)
    truth = [str(rng.choice(3, p=row)) for row in shares]
    made = reference.make({"x": shares[:, 0]}, {"p": shares}, truth=truth)
    assert made.score.low < shares.max(1).mean() < made.score.high
    assert sum(made.calibration.rows) == ROWS
    assert sum(made.calibration.right) == round(made.score.value * ROWS)


def test_numbers_are_scored_by_their_mean_error():
    made = reference.make({"x": np.zeros(4)}, {"y": np.array([1.0, 2, 3, 4])}, truth=[1, 2, 3, 8])
    assert (made.score.name, made.score.value, made.calibration) == ("mae", 1.0, None)


@pytest.mark.parametrize(
    ("columns_in", "says"),
    [
        ({}, "needs rows, got none"),
        ({"x": np.zeros(3), "y": np.zeros(4)}, "same number of rows, got input 'x' 3, input 'y' 4"),
        ({"x": np.zeros(3, "M8[s]")}, "column 'x' must hold numbers"),
    ],
)
def test_columns_that_cannot_be_followed_are_refused(columns_in, says):
    with pytest.raises(UsageError, match=says):
        reference.make(columns_in, {})


def test_a_file_that_is_no_reference_says_what_to_do():
    with pytest.raises(UsageError, match="register the model again"):
        reference.from_json(b"{}")
    newer = msgspec.json.encode({"rows": 1, "inputs": [], "outputs": [], "format": 2})
    with pytest.raises(UsageError, match="update Daybreak"):
        reference.from_json(newer)


def test_every_row_of_a_reference_is_in_its_own_range():
    values = columns()
    made = reference.make(values, {})
    window = Window(made)
    window.add(values, {}, ROWS)
    part = window.take()
    for column in made.inputs:
        for track in column.tracks:
            if isinstance(track, Numbers):
                counted = part.tracks[f"input\t{column.name}\t{track.name}"]
                assert counted.bins[0] == counted.bins[-1] == 0 or track.name == "known words", (
                    column.name,
                    track.name,
                )


def test_a_signature_says_what_columns_hold():
    signature = Signature(
        inputs=(
            Field("age", "integer", low=0, high=120),
            Field("member", "boolean", nullable=True),
            Field("job", "category", classes=("cook", "spy")),
        ),
        outputs=(Output("spam", "label", classes=("ham", "spam"), threshold=0.9),),
    )
    values = {
        "age": np.arange(20, 60),
        "member": np.tile([0.0, 1.0, np.nan, 1.0], 10),
        "job": np.array(["cook"] * 40, object),
    }
    scores = np.tile([[0.2, 0.8], [0.05, 0.95]], (20, 1))
    made = reference.make(values, {"spam": scores}, signature=signature, truth=["ham", "spam"] * 20)
    age, member, job = (column.tracks[0] for column in made.inputs)
    assert (age.edges[0] < 0, age.edges[-1]) == (True, 120)
    assert (member.values, member.missing) == (("true", "false"), 10)
    assert dict(zip(job.values, job.counts, strict=True)) == {"cook": 40, "spy": 0}
    label, confidence = made.outputs[0].tracks
    assert dict(zip(label.values, label.counts, strict=True)) == {"ham": 20, "spam": 20}
    assert (confidence.quantiles[0], confidence.quantiles[-1]) == (0.2, 0.95)
    assert made.score.value == 1.0

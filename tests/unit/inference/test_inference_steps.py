"""Steps before and after the model, each on a few rows that a reader can check."""

import numpy as np
import pytest

from daybreak.base.errors import BadRows, UsageError
from daybreak.inference.steps import Context, making
from daybreak.inference.steps.sounds import log_mel
from daybreak.registry.package import Step
from daybreak.signature.columns import Matrix, objects
from daybreak.signature.fields import Field, Output, Signature

FIELDS = (
    Field("a", "number"),
    Field("b", "number"),
    Field("word", "category", classes=("x", "y")),
    Field("text", "text"),
    Field("image", "image", shape=(2, 2, 3)),
    Field("sound", "audio", rate=8000),
)
COLUMNS = {
    "a": np.array([1, 2], "f4"),
    "b": np.array([3, np.nan], "f4"),
    "word": objects(["y", "z"]),
    "text": objects(["Good, good day", None]),
    "image": objects([np.full((2, 2, 3), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)]),
    "sound": objects([np.ones(800, np.float32), np.zeros(80, np.float32)]),
}
ANSWER = (Output("answer", "label", classes=("n", "y")),)
FLOATS = {"x": (np.float32, (None, None))}


def context(outputs=("y",), inputs=FLOATS, files=None, wanted=ANSWER):
    def worker():
        raise AssertionError("no step asked for the user's code")

    return Context(Signature(FIELDS, wanted), inputs, outputs, (files or {}).__getitem__, worker)


def fed(*steps, **told):
    feeds = {}
    for step in making.before([Step(name, options) for name, options in steps], context(**told)):
        step(COLUMNS, feeds)
    return feeds


def finished(given, *steps, feeds=None, **told):
    outputs = dict(given)
    for step in making.after([Step(name, options) for name, options in steps], context(tuple(given), **told)):
        step(outputs, COLUMNS, feeds or {})
    return outputs


def test_columns_and_classes_become_one_matrix():
    feeds = fed(
        ("stack", {"fields": ["a", "b"], "to": "numbers"}),
        ("standardize", {"of": "numbers", "mean": [1, 3], "std": [2, 1], "to": "known", "missing": 0}),
        ("onehot", {"field": "word", "to": "words"}),
        ("stack", {"fields": ["known", "words"]}),
    )
    assert feeds["x"].tolist() == [[0, 0, 0, 1], [0.5, 0, 0, 0]]
    assert feeds["x"].dtype == np.float32


def test_the_codecs_matrix_goes_in_without_a_copy():
    matrix = np.zeros((3, 2), np.float32)
    feeds = {}
    making.before([Step("stack", {"fields": ["a", "b"]})], context())[0](Matrix(("a", "b"), matrix), feeds)
    assert feeds["x"] is matrix


def test_words_go_in_as_they_are():
    assert fed(("feed", {"field": "text"}), inputs={"x": (np.object_, (None, 1))})["x"].tolist() == [
        ["Good, good day"],
        [""],
    ]


def test_pictures_take_the_models_size_layout_and_scale():
    pixels = fed(("image", {"field": "image", "size": [2, 2], "scale": 1 / 255, "mean": 0.5, "std": 0.5}))["x"]
    assert pixels.shape == (2, 3, 2, 2)
    assert (pixels[0].min(), pixels[1].max()) == (1, -1)
    grey = fed(("image", {"field": "image", "size": [2, 2], "mode": "L", "layout": "flat", "invert": True}))["x"]
    assert grey.tolist() == [[0] * 4, [255] * 4]


def test_texts_become_numbers_or_counts():
    files = {"words.txt": b"<pad>\n<odd>\ngood\nday"}
    numbers = fed(("text", {"field": "text", "vocabulary": "words.txt", "length": 4, "unknown": 1}), files=files)["x"]
    assert numbers.tolist() == [[2, 2, 3, 0], [0, 0, 0, 0]]
    assert fed(("text", {"field": "text", "vocabulary": "words.txt"}), files=files)["x"].tolist() == [
        [0, 0, 2, 1],
        [0, 0, 0, 0],
    ]


def test_sounds_become_frames_filled_up_with_silence():
    frames = fed(("logmel", {"field": "sound", "frames": 10, "mels": 20, "layout": "N1FT"}))["x"]
    assert frames.shape == (2, 1, 20, 10)
    assert np.allclose(frames[1], np.log(1e-6))


def test_a_tone_is_loudest_in_the_band_that_holds_it():
    tone = np.sin(np.arange(8000) / 8000 * 2 * np.pi * 1000).astype(np.float32)
    energies = log_mel(tone, 8000, mels=40).mean(axis=0)
    edges = 700 * (10 ** (np.linspace(*(2595 * np.log10(1 + np.array([20, 4000]) / 700)), 42) / 2595) - 1)
    loudest = int(energies.argmax())
    assert edges[loudest] < 1000 < edges[loudest + 2]


def test_scores_become_probabilities():
    assert np.allclose(finished({"y": np.array([[1000.0, 1000]])}, ("softmax", {}))["answer"], [[0.5, 0.5]])
    assert np.allclose(finished({"y": np.array([[0.0], [-1000]])}, ("sigmoid", {}))["answer"], [[0.5, 0.5], [1, 0]])
    assert np.allclose(finished({"y": np.array([0.25])}, ("probabilities", {}))["answer"], [[0.75, 0.25]])
    zipped = [{"y": 0.25, "n": 0.75}]
    assert np.allclose(finished({"label": 0, "y": zipped}, ("probabilities", {"of": "y"}))["answer"], [[0.75, 0.25]])


def test_numbers_intervals_words_and_pictures():
    assert finished({"y": np.array([[2.0]])}, ("number", {"scale": 10, "offset": 1}))["answer"].tolist() == [21]
    around = finished({"y": np.array([[2.0]])}, ("interval", {"below": 1, "above": 3}))["answer"]
    named = finished(
        {"v": np.array([2.0]), "l": np.array([1.0]), "h": np.array([5.0])}, ("interval", {"of": ["v", "l", "h"]})
    )["answer"]
    assert around.tolist() == named.tolist() == [[2, 1, 5]]
    assert finished({"y": np.array([1, 0])}, ("text", {"words": ["no", "yes"]}))["answer"].tolist() == ["yes", "no"]
    drawn = finished({"y": np.full((1, 3, 2, 2), 0.5)}, ("image", {}))["answer"]
    assert drawn[0].shape == (2, 2, 3)
    assert drawn[0].max() == 128


def test_the_best_span_lies_in_the_passage_and_is_not_too_long():
    feeds = {
        "tokens.offsets": np.array([[[0, 0], [0, 4], [6, 10], [11, 14]], [[0, 0]] * 4]),
        "tokens.rows": np.array([0, 1]),
    }
    start, end = np.array([[9, 2, 1, 0], [9, 0, 0, 0.0]]), np.array([[9, 0, 1, 2], [9, 0, 0, 0.0]])
    told = (Output("answer", "span", of="text"),)
    spans = finished({"s": start, "e": end}, ("span", {"start": "s", "end": "e"}), feeds=feeds, wanted=told)["answer"]
    assert (spans[0].text, spans[0].start, spans[0].end) == ("Good, good day", 0, 14)
    assert spans[1].text == ""
    short = finished(
        {"s": start, "e": end}, ("span", {"start": "s", "end": "e", "longest": 2}), feeds=feeds, wanted=told
    )["answer"]
    assert short[0].text in ("Good, good", "good day")


def test_windows_of_one_passage_share_their_probability():
    offsets = np.array([[[0, 4], [0, 0]], [[0, 0], [6, 10]]])
    feeds = {"tokens.offsets": offsets, "tokens.rows": np.array([0, 0])}
    scores = np.array([[1.0, 50], [50, 2.0]])
    told = (Output("answer", "span", of="text"),)
    answer = finished({"s": scores, "e": scores}, ("span", {"start": "s", "end": "e"}), feeds=feeds, wanted=told)[
        "answer"
    ][0]
    assert answer.text == "good"
    assert answer.score == pytest.approx((np.e / (1 + np.e)) ** 2)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (("softmx", {}), "a step is one of"),
        (("standardize", {"of": "a", "mean": 0, "std": 0}), "std must be above zero"),
        (("standardize", {"of": "a"}), "lacks 'mean'"),
        (("image", {"field": "image", "layout": "CHW"}), "layout one of"),
        (("onehot", {"field": "text"}), "lacks `classes`"),
    ],
)
def test_a_step_that_cannot_be_made_says_why(step, says):
    with pytest.raises(UsageError, match=says):
        fed(step)


def test_names_that_do_not_tell_need_declared_steps():
    with pytest.raises(UsageError, match="declare `before`"):
        making.before((), context())
    with pytest.raises(UsageError, match="declare `after`"):
        making.after((), context(("p", "q")))


@pytest.mark.parametrize(
    "steps",
    [
        [("feed", {"field": "wide"})],
        [("stack", {"fields": ["wide"]})],
        [("standardize", {"of": "wide", "mean": 0, "std": 1})],
        [("standardize", {"of": "near", "mean": 0, "std": 1e-3})],
    ],
)
def test_a_number_beyond_the_models_type_is_refused_and_not_fed_as_an_infinity(steps):
    given = {"wide": np.array([1.0, np.nan, 1e39]), "near": np.array([1.0, np.nan, 3e38], np.float32)}
    (step,) = making.before([Step(name, options) for name, options in steps], context())
    with pytest.raises(BadRows, match="computes in float32") as refused:
        step(given, {})
    assert (refused.value.code, list(refused.value.faults)) == ("out_of_range", [2])


def test_a_matrix_of_wider_numbers_is_looked_at_too():
    (step,) = making.before([Step("stack", {"fields": ["a", "b"]})], context())
    with pytest.raises(BadRows, match="'a, b' has a number"):
        step(Matrix(("a", "b"), np.array([[1.0, 2.0], [3.0, -1e300]])), {})

"""What an overlap does to a score, told in one sentence; and what any score has to beat."""

import numpy as np
import pytest
from audit_frames import frame_of, split_at_random
from audit_opened import DATA, adult, needs_data

from daybreak.audit.effect import against_baselines
from daybreak.audit.outcome import Hits
from daybreak.audit.rescore import MODEL, of_model, rescore
from daybreak.base.errors import UsageError


def copies(frame, columns):
    """Hits of rows that are equal in these columns."""
    train, test = (
        list(zip(*(part.rows[c].to_pylist() for c in columns), strict=True)) for part in (frame.train, frame.test)
    )
    first = {row: at for at, row in reversed(list(enumerate(train)))}
    pairs = np.array([(at, first[row]) for at, row in enumerate(test) if row in first], np.int64).reshape(-1, 2)
    return {"overlap.exact": Hits(pairs[:, 0], pairs[:, 1], np.ones(len(pairs), np.float32))}


def noisy(seed, rows=1200, copied=150):
    """Two classes that are hard to tell apart, and test rows of which some stand in train."""
    rng = np.random.default_rng(seed)
    data = {f"x{i}": rng.normal(size=rows) for i in range(6)}
    data["y"] = (data["x0"] + rng.normal(size=rows) * 1.5 > 0).astype(int)
    train, test = split_at_random(data, 0.25, seed)
    for name in data:
        test[name][:copied] = train[name][:copied]
    frame = frame_of(train, test, target="y", seed=seed)
    return frame, copies(frame, [f"x{i}" for i in range(6)])


def line(found, model, metric="accuracy"):
    return next(one for one in found.scored if (one.model, one.metric) == (model, metric))


def test_a_memory_shines_on_copies_and_the_sentence_says_what_that_is_worth():
    frame, hits = noisy(0)
    found = rescore(frame, hits)
    one = line(found, "1-NN")
    assert one.overlapping.value == 1
    assert one.clean.value < 0.75 < one.all.value
    assert (found.overlapping_rows, one.clean.rows, one.all.rows) == (150, 150, 300)
    assert "On the 150 rows that are not copies" in found.says
    assert found.says.endswith("points are owed to the overlap.")


def test_the_users_model_is_what_the_sentence_is_about():
    frame, hits = noisy(1)
    truth = frame.test.rows["y"].to_numpy()
    answers = np.where(np.arange(300) < 150, truth, 1 - truth)  # it knows the copies and nothing else
    found = rescore(frame, hits, answers)
    assert (line(found, MODEL).clean.value, line(found, MODEL).all.value) == (0, 0.5)
    assert found.says == (
        "On the 150 rows that are not copies the accuracy of the model is 0.000, on all 0.500: 50 points are owed to the overlap."
    )


def test_an_overlap_that_makes_no_difference_is_said_to_make_none():
    told = 0
    for seed in range(6):
        frame, hits = noisy(seed)
        coin = np.random.default_rng(seed).integers(0, 2, 300)
        told += "within chance" in rescore(frame, hits, coin).says
    assert told >= 5


def test_a_rule_that_hits_all_rows_leaves_the_others_their_say():
    frame, hits = noisy(0)
    everyone = {"groups": Hits(np.arange(300), np.zeros(300, np.int64), np.ones(300, np.float32))}
    assert rescore(frame, hits | everyone).rules == ("overlap.exact",)
    assert "All 300 test rows overlap" in rescore(frame, everyone).says


def test_without_an_overlap_the_baselines_stand_beside_the_score():
    frame, _ = noisy(0, copied=0)
    found = rescore(frame, {}, frame.test.rows["y"].to_numpy())
    assert [one.model for one in found.scored if one.metric == "accuracy"] == [MODEL, "majority class", "linear"]
    assert found.says.startswith("No test row was found to overlap")


def test_positions_are_those_of_the_data_not_of_the_sample():
    """The frame holds every second test row: predictions and hits count all of them."""
    from daybreak.audit.frame import Frame, Part

    frame, hits = noisy(0)
    half = Part(frame.test.rows.take(np.arange(0, 300, 2)), np.arange(0, 300, 2), 300)
    truth = frame.test.rows["y"].to_numpy()
    found = rescore(Frame(frame.about, frame.train, half), hits, truth)
    assert line(found, MODEL).all.value == 1
    assert (line(found, MODEL).overlapping.rows, line(found, MODEL).clean.rows) == (75, 75)


FORMS = {
    "labels": lambda words: words,
    "other capitals": np.char.upper,
    "class numbers": lambda words: (words == "yes").astype(int),
    "probability of the second class": lambda words: np.where(words == "yes", 0.9, 0.2),
    "a column": lambda words: words[:, None],
    "probabilities": lambda words: np.column_stack([words == "no", words == "yes"]).astype(float),
}


@pytest.mark.parametrize("form", FORMS)
def test_predictions_are_taken_in_any_usual_form(form):
    words = np.random.default_rng(0).choice(["no", "yes"], 200)
    frame = frame_of({"x": np.arange(200.0), "y": words}, {"x": np.arange(200.0), "y": words}, target="y")
    assert line(rescore(frame, {}, FORMS[form](words)), MODEL).all.value == 1


def test_probabilities_are_in_the_order_of_numbers_not_of_words():
    y = np.tile([2, 9, 10], 40)
    frame = frame_of({"x": np.arange(120.0), "y": y}, {"x": np.arange(120.0), "y": y}, target="y")
    assert line(rescore(frame, {}, np.eye(3)[np.tile([0, 1, 2], 40)]), MODEL).all.value == 1


@pytest.mark.parametrize(
    ("predictions", "says"),
    [
        (np.zeros(7), "one prediction per test row, got 7 for 300"),
        (np.zeros((300, 5)), "one column per class"),
        (np.full(300, "maybe"), "classes of the target"),
        (np.full(300, 7.5), "or probabilities, got numbers from 7.5"),
        (np.full((300, 2), np.nan), "NaN"),
    ],
)
def test_predictions_that_do_not_fit_are_refused_with_what_would(predictions, says):
    frame, _ = noisy(0)
    with pytest.raises(UsageError, match=says):
        rescore(frame, {}, predictions)


def model_of(frame, predictions):
    return against_baselines(rescore(frame, {}, predictions))


def test_a_model_that_beats_neither_baseline_is_a_finding():
    frame, _ = noisy(0, copied=0)
    truth = frame.test.rows["y"].to_numpy()
    assert model_of(frame, truth).status == "clean"
    usual = np.bincount(frame.train.rows["y"].to_numpy()).argmax()
    (finding,) = model_of(frame, np.full(300, usual)).findings
    assert (finding.severity, finding.subject) == ("warning", "majority class")
    weak = np.where(np.random.default_rng(0).random(300) < 0.6, truth, 1 - truth)
    (finding,) = model_of(frame, weak).findings
    assert finding.subject == "linear"
    assert against_baselines(rescore(frame, {})).status == "not_applicable"


def test_a_forecast_has_to_beat_the_value_before():
    walk = np.cumsum(np.random.default_rng(0).normal(size=600))
    sides = [{"x": walk[part] * 0, "y": walk[part]} for part in (slice(0, 400), slice(400, None))]
    frame = frame_of(*sides, target="y", task="forecast", ordered=True)
    found = rescore(frame, {}, np.r_[walk[399], walk[400:-1]] + 0.5)
    assert line(found, "last value", "mae").all.value == pytest.approx(np.abs(np.diff(walk[399:])).mean())
    assert [f.subject for f in against_baselines(found).findings] == ["last value"]


def test_without_a_target_there_is_no_score():
    assert rescore(frame_of({"x": [1.0]}, {"x": [1.0]}), {}) is None


@needs_data
def test_adults_twins_change_nothing():
    frame = adult()
    features = [column.name for column in frame.about.having("feature")]
    found = rescore(frame, copies(frame, features))
    assert found.overlapping_rows == 26  # 23 of them with the label, as the data's README says
    assert "within chance" in found.says
    assert line(found, "boosted trees").all.value > line(found, "linear").all.value > 0.84


@needs_data
def test_messages_under_a_random_split_have_a_clean_score():
    rows = [text.split("\t") for text in (DATA / "sms/sms.tsv").read_text("utf8").splitlines()]
    data = {"label": np.array([row[0] for row in rows]), "text": np.array([row[1] for row in rows], object)}
    frame = frame_of(*split_at_random(data), target="label", types={"text": "text"})
    found = rescore(frame, copies(frame, ["text"]))
    one = line(found, "1-NN")
    assert found.overlapping_rows > 100
    assert one.overlapping.value > one.all.value > one.clean.value > 0.94


def test_the_users_model_alone_is_scored_without_fitting_anything(monkeypatch):
    frame, hits = noisy(1)
    answers = 1 - frame.test.rows["y"].to_numpy()
    whole = rescore(frame, hits, answers)
    monkeypatch.setattr("daybreak.audit.rescore.linear", lambda *_: pytest.fail("a baseline was fitted"))
    alone = of_model(frame, answers)
    assert (alone.metric, alone.all) == ("accuracy", line(whole, MODEL).all)

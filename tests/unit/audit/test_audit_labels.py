"""Labels that were flipped are listed, mostly; where none were, hardly any."""

import numpy as np
import pytest
from audit_frames import frame_of, split_at_random

from daybreak.audit.labels import doubted, errors
from daybreak.audit.outcome import NotApplicable


def digits():
    return pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)


def listed(outcome, data):
    """Numbers of the rows that are doubted, as the column `row` has them."""
    train, test = split_at_random(data)
    rows = outcome.findings[0].rows if outcome.findings else {"train": (), "test": ()}
    return set(train["row"][list(rows["train"])]) | set(test["row"][list(rows["test"])])


def audited(x, y):
    data = {f"x{i}": x[:, i] for i in range(x.shape[1])} | {"y": y, "row": np.arange(len(y))}
    return errors(frame_of(*split_at_random(data), target="y", id="row")), data


def test_flipped_labels_are_listed_and_never_block():
    x, y = digits()
    rng = np.random.default_rng(1)
    flipped = np.flatnonzero(rng.random(len(y)) < 0.05)
    noisy = y.copy()
    noisy[flipped] = (y[flipped] + rng.integers(1, 10, len(flipped))) % 10
    outcome, data = audited(x, noisy)
    found = listed(outcome, data)
    assert [f.severity for f in outcome.findings] == ["info"]
    assert len(found & set(flipped)) / len(found) >= 0.9
    assert len(found & set(flipped)) / len(flipped) >= 0.5
    assert "looks like" in outcome.findings[0].advice


def test_right_labels_are_left_alone():
    outcome, data = audited(*digits())
    assert len(listed(outcome, data)) <= 3


def test_flipped_labels_of_texts_are_listed():
    rng = np.random.default_rng(0)
    words = {
        "sport": ["goal", "match", "team", "coach", "player", "score"],
        "food": ["bread", "soup", "pepper", "oven", "salt", "plate"],
    }
    y = rng.choice(["food", "sport"], 600)
    texts = np.array(
        [" ".join([*rng.choice(words[c], 5), *rng.choice(["the", "a", "of", "in", "we", "it"], 6)]) for c in y], object
    )
    wrong = rng.choice(600, 20, replace=False)
    noisy = y.copy()
    noisy[wrong] = np.where(y[wrong] == "food", "sport", "food")
    data = {"text": texts, "y": noisy, "row": np.arange(600)}
    outcome = errors(frame_of(*split_at_random(data), target="y", id="row", types={"text": "text"}))
    found = listed(outcome, data)
    assert len(found & set(wrong)) >= 15
    assert len(found - set(wrong)) <= 2


def test_confident_learning_counts_what_is_above_the_classes_thresholds():
    """Two classes whose rows have 0.8 of their own: the last row is labelled 0 and has 0.95 of 1; one that is merely unsure is no error."""
    labels = np.array([0, 0, 0, 1, 1, 1, 0, 0])
    of_one = np.array([0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.6, 0.95])
    found = doubted(labels, np.column_stack([1 - of_one, of_one]))
    assert found.rows.tolist() == [7]
    assert found.seen.tolist() == [1]
    assert found.lead[0] == pytest.approx(0.9)


def test_numbers_and_few_rows_are_not_its_matter():
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=300), "y": rng.normal(size=300)}
    with pytest.raises(NotApplicable, match="classes"):
        errors(frame_of(*split_at_random(data), target="y"))
    small = {"x": rng.normal(size=60), "y": rng.choice(["a", "b"], 60)}
    with pytest.raises(NotApplicable, match="at least 100"):
        errors(frame_of(*split_at_random(small), target="y"))

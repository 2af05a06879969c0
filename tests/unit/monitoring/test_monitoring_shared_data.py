"""Real data: halves of the same set do not drift, other data does."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from daybreak.monitoring import reference
from daybreak.monitoring.drift import judge
from daybreak.monitoring.window import Window

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared data is not on this machine")
rng = np.random.default_rng(0)


def standing(made, values):
    rows = len(next(iter(values.values())))
    window = Window(made)
    window.add(values, {}, rows)
    verdict = judge(made, window.take())
    return verdict.standing, {test.name for test in verdict.alarms}


def wine(colour):
    lines = next((DATA / "wine").glob(f"*{colour}*.csv")).read_text().replace(";", ",").splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines])
    return {f"column {i}": column for i, column in enumerate(rows.T)}


def part(columns, places):
    return {name: held[places] for name, held in columns.items()}


def test_white_wines_do_not_drift_from_white_wines_and_red_ones_do():
    white, red = wine("white"), wine("red")
    order = rng.permutation(4898)
    made = reference.make(part(white, order[:3000]), {})
    assert standing(made, part(white, order[3000:])) == ("ok", set())
    assert len(standing(made, red)[1]) > 8


def test_messages_drift_when_there_is_more_spam_or_when_they_are_shouted():
    lines = (DATA / "sms" / "sms.tsv").read_text(encoding="utf-8").rstrip("\n").split("\n")
    label, text = np.array([line.split("\t", 1) for line in lines], object).T
    order = rng.permutation(len(text))
    made = reference.make({"text": text[order[:3000]]}, {}, kinds={"text": "text"})
    rest = order[3000:]
    assert standing(made, {"text": text[rest]}) == ("ok", set())
    spam = rest[label[rest] == "spam"]
    assert "text: digits" in standing(made, {"text": text[[*spam, *rest[: len(spam)]]]})[1]
    assert "text: capitals" in standing(made, {"text": np.array([one.upper() for one in text[rest]], object)})[1]


def test_the_cleaner_half_of_the_digits_is_told_from_the_other():
    file = next((DATA / "mnist").glob("*t10k*images*"))
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    pictures = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    order = rng.permutation(10_000)
    made = reference.make({"image": pictures[order[:4000]]}, {})
    assert standing(made, {"image": pictures[order[4000:6000]]}) == ("ok", set())
    first = reference.make(
        {"image": pictures[:4000]}, {}
    )  # the first 5,000 were written by the tidier half of the writers
    assert standing(first, {"image": pictures[5000:7000]})[0] == "drift"
    assert "image: light" in standing(made, {"image": 255 - pictures[:600]})[1]

"""Exact overlap on real data whose truth is known: natural twins pass, inherited duplicates are told, planted copies block."""

from pathlib import Path

import numpy as np
import pytest

from daybreak.audit.overlap.exact import exact
from daybreak.readers.opening import open_sides
from daybreak.readers.request import Request
from daybreak.testing.folds import MemorySpill

DATA = Path(__file__).parents[4] / "shared/data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")

ADULT = {"train": DATA / "adult/adult-train.csv", "test": DATA / "adult/adult-test.csv", "target": "-1"}


def ask(**request):
    opened = open_sides(Request(**request))
    fold, whole = exact(opened.about, MemorySpill()), None
    for name, side in opened.sides.items():
        start = 0
        for batch in side.batches():
            part = fold.partial(name, start, batch)
            start += batch.num_rows
            whole = part if whole is None else fold.merge(whole, part)
    return fold.finish(whole)


def overlap(outcome):
    return outcome.measured["overlap"]["test in train"]


def test_adult_passes_as_its_natural_twin_rate():
    outcome = ask(**{key: str(value) for key, value in ADULT.items()})
    assert overlap(outcome)["features_and_label"]["rows"] == 23
    assert overlap(outcome)["kind"] == "inherited"
    assert overlap(outcome)["labels"] == "all labels of test end with '.', which was taken off"
    assert {finding.severity for finding in outcome.findings} == {"info"}


def test_adult_passes_without_its_weights():
    outcome = ask(**{key: str(value) for key, value in ADULT.items()}, id=("2",))
    features, labelled = overlap(outcome)["features"], overlap(outcome)["features_and_label"]
    assert (round(features["share"], 3), round(features["null"], 3)) == (0.183, 0.195)
    assert (round(labelled["share"], 3), round(labelled["null"], 3)) == (0.159, 0.170)
    assert {finding.severity for finding in outcome.findings} == {"info"}


def split(tmp_path, file, separator, seed=0):
    lines = file.read_text().splitlines()
    order = np.random.default_rng(seed).permutation(len(lines))
    cut = len(lines) // 5
    for name, which in (("test", order[:cut]), ("train", order[cut:])):
        (tmp_path / f"{name}.{separator}").write_text("\n".join(lines[i] for i in which) + "\n")
    return {"train": str(tmp_path / f"train.{separator}"), "test": str(tmp_path / f"test.{separator}")}


@pytest.mark.parametrize(
    ("file", "separator", "target", "repeats"),
    [
        ("wine/winequality-red.csv", "csv", "-1", 240),
        ("wine/winequality-white.csv", "csv", "-1", 937),
        ("sms/sms.tsv", "tsv", "0", 403 + 11),  # 11 differ by nothing but their spaces
    ],
)
def test_duplicates_split_by_lot_are_told_as_inherited(tmp_path, file, separator, target, repeats):
    sides = split(tmp_path, DATA / file, separator)
    outcome = ask(**sides, target=target, header=False)
    assert overlap(outcome)["kind"] == "inherited"
    assert overlap(outcome)["features"]["share"] > 0.1
    assert outcome.findings[0].severity == "warning", "copies, not look-alikes: their labels agree"
    assert "inherited from duplicates" in outcome.findings[0].what
    once = ask(train=str(DATA / file), test=sides["test"], target=target, header=False)
    assert once.measured["within"]["train_rows_that_repeat"] == repeats


def test_sst2_is_clean_but_for_two_sentences():
    sides = {
        side: str(DATA / f"sst2/{file}.tsv")
        for side, file in (("train", "train"), ("test", "test"), ("validation", "dev"))
    }
    outcome = ask(**sides, target="1", header=False)
    assert overlap(outcome)["features"]["rows"] == 2
    assert outcome.measured["overlap"]["validation in train"]["features"]["rows"] == 0
    assert outcome.measured["within"]["train_rows_that_repeat"] == 9
    assert {finding.severity for finding in outcome.findings} == {"info"}


def test_copies_planted_in_adult_block(tmp_path):
    train = ADULT["train"].read_text().splitlines()
    test = [line for line in ADULT["test"].read_text().splitlines() if line.endswith(".")]
    chosen = np.random.default_rng(0).choice(len(train), 160, replace=False)
    (tmp_path / "test.csv").write_text("\n".join(test[160:] + [train[i] + "." for i in chosen]) + "\n")
    outcome = ask(train=str(ADULT["train"]), test=str(tmp_path / "test.csv"), target="-1")
    assert outcome.findings[0].severity == "error"
    assert set(range(len(test) - 160, len(test))) <= set(outcome.hits.test.tolist())


def test_pictures_are_found_by_their_pixels():
    from sklearn.datasets import load_digits

    pixels = load_digits().images.astype(np.uint8)
    train, test = pixels[:1200], np.concatenate([pixels[1200:], pixels[:40]])
    outcome = ask(train=train, test=test)
    assert outcome.hits.test.tolist() == list(range(597, 637))
    assert outcome.findings[0].severity == "error"

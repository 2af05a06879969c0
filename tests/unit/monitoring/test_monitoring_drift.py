"""An alarm needs an effect that matters and more than chance gives; both proved by simulation."""

import numpy as np
import pytest

from daybreak.monitoring import reference
from daybreak.monitoring.distances import psi
from daybreak.monitoring.drift import holm, judge
from daybreak.monitoring.policy import Policy
from daybreak.monitoring.window import Window

ANY = Policy(level=0.05, psi=0, wasserstein=0, classes=0, shares=0)  # no effect asked: what is left is chance


def judged(made, values, rows, policy=None):
    window = Window(made)
    window.add(values, {}, rows)
    return judge(made, window.take(), policy)


def alarms(verdict):
    return {(test.name, test.question) for test in verdict.alarms}


def customers(rng, rows):
    return {
        "income": rng.lognormal(10, 1, rows),
        "children": rng.poisson(1.5, rows),
        "debt": np.where(rng.random(rows) < 0.9, 0, rng.exponential(100, rows)),
        "height": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(170, 10, rows)),
        "job": rng.choice(["cook", "nurse", "pilot"], rows, p=[0.6, 0.35, 0.05]).astype(object),
        "city": np.minimum(rng.zipf(1.7, rows), 10_000).astype(str).astype(object),
    }


KINDS = {"city": "category", "children": "number"}


def test_a_fixed_cut_of_psi_fires_on_small_windows_where_nothing_changed_and_a_calibrated_one_does_not():
    rng = np.random.default_rng(0)
    fixed = calibrated = 0
    for _ in range(400):
        before, now = (rng.multinomial(rows, np.full(10, 0.1)) for rows in (10_000, 50))
        value, _, cut = psi(before, now, 0.01)
        fixed += value > 0.1
        calibrated += value > max(cut, 0.1)
    assert fixed > 0.75 * 400
    assert calibrated < 0.05 * 400


def test_without_any_change_no_more_windows_alarm_than_the_level_says():
    rng = np.random.default_rng(1)
    made = [reference.make(customers(rng, 3000), {}, kinds=KINDS) for _ in range(12)]
    windows = 160
    false = sum(bool(judged(made[i % 12], customers(rng, 800), 800, ANY).alarms) for i in range(windows))
    assert false <= 15, "5 % of 160 are 8; more than 15 come in one of 100 runs"


def test_with_the_effects_asked_for_nothing_alarms():
    rng = np.random.default_rng(2)
    made = reference.make(customers(rng, 3000), {}, kinds=KINDS)
    assert not any(judged(made, customers(rng, 500), 500).alarms for _ in range(60))


@pytest.mark.parametrize(
    ("column", "change", "expected"),
    [
        ("income", lambda x: x * 1.6, ("income", "psi")),
        ("height", lambda x: x + 4, ("height", "wasserstein")),
        ("children", lambda x: x + 1, ("children", "psi")),
        ("income", lambda x: np.where(np.arange(len(x)) % 10, x, np.nan), ("income", "missing")),
        ("income", lambda x: np.where(np.arange(len(x)) % 10, x, 1e9), ("income", "out of range")),
        ("job", lambda x: np.where(np.arange(len(x)) % 10, x, "astronaut").astype(object), ("job", "new values")),
        ("job", lambda x: np.where(np.arange(len(x)) % 5, x, "pilot").astype(object), ("job", "classes")),
    ],
)
def test_planted_changes_are_found_and_named(column, change, expected):
    rng = np.random.default_rng(3)
    made = reference.make(customers(rng, 3000), {}, kinds=KINDS)
    for _ in range(5):
        values = customers(rng, 800)
        values[column] = change(values[column])
        verdict = judged(made, values, 800)
        assert expected in alarms(verdict)
        assert {name for name, _ in alarms(verdict)} == {column}
        assert verdict.standing == "drift"
        assert verdict.says.startswith(f"{column} differs from the reference: ")


def test_a_change_too_small_to_matter_is_no_alarm_however_sure():
    rng = np.random.default_rng(4)
    made = reference.make({"x": rng.normal(size=100_000)}, {})
    verdict = judged(made, {"x": rng.normal(0.05, 1, 50_000)}, 50_000)
    test = next(test for test in verdict.tests if test.question == "psi")
    assert test.p < 1e-6
    assert test.value > test.cut
    assert verdict.standing == "ok"


def test_fewer_than_500_rows_are_not_judged():
    made = reference.make({"x": np.arange(1000.0)}, {})
    verdict = judged(made, {"x": np.full(499, 1e9)}, 499)
    assert (verdict.standing, verdict.tests) == ("too few rows", ())
    assert "499 of 500" in verdict.says


def test_outputs_are_judged_like_inputs():
    rng = np.random.default_rng(5)
    made = reference.make({}, {"label": rng.dirichlet([8, 2], 2000)})
    window = Window(made)
    window.add({}, {"label": rng.dirichlet([6, 4], 600)}, 600)
    found = alarms(judge(made, window.take()))
    assert ("label", "classes") in found
    assert ("label: confidence", "psi") in found


def english(rng, rows):
    words = [
        "please",
        "call",
        "me",
        "when",
        "you",
        "are",
        "home",
        "tonight",
        "we",
        "could",
        "eat",
        "there",
        "love",
        "see",
    ]
    return np.array(
        [" ".join(rng.choice(words, rng.integers(4, 12))) + f" {rng.integers(1e6)}" for _ in range(rows)], object
    )


def german(rng, rows):
    words = [
        "bitte",
        "ruf",
        "mich",
        "an",
        "wenn",
        "du",
        "zuhause",
        "bist",
        "heute",
        "essen",
        "dort",
        "liebe",
        "sehen",
        "wir",
    ]
    return np.array(
        [" ".join(rng.choice(words, rng.integers(4, 12))) + f" {rng.integers(1e6)}" for _ in range(rows)], object
    )


def photos(rng, rows, light=1.0):
    return (
        (rng.uniform(40, 200, (rows, 1, 1, 1)) * light + rng.normal(0, 20, (rows, 12, 12, 1)))
        .clip(0, 255)
        .astype(np.uint8)
    )


def sounds(rng, rows, gain=1.0, noise=0.0):
    at = np.arange(400) / 8000
    return [
        (
            gain * rng.uniform(0.05, 0.3) * np.sin(2 * np.pi * rng.uniform(200, 600) * at)
            + noise * rng.normal(size=400)
        ).astype(np.float32)
        for _ in range(rows)
    ]


@pytest.mark.parametrize(
    ("same", "other", "loudest"),
    [
        (english, german, "known words"),
        (photos, lambda rng, rows: photos(rng, rows, 0.6), "light"),
        (sounds, lambda rng, rows: sounds(rng, rows, gain=3.0), "level in dB"),
        (sounds, lambda rng, rows: sounds(rng, rows, noise=0.1), "spectral centre"),
        (
            lambda rng, rows: rng.normal(size=(rows, 64)),
            lambda rng, rows: rng.normal(0.3, 1, (rows, 64)),
            "mean",
        ),
    ],
)
def test_texts_pictures_sounds_and_tensors_drift_by_what_they_are_measured_by(same, other, loudest):
    rng = np.random.default_rng(6)
    made = reference.make({"sample": same(rng, 1500)}, {})
    assert judged(made, {"sample": same(rng, 600)}, 600).standing == "ok"
    found = alarms(judged(made, {"sample": other(rng, 600)}, 600))
    assert f"sample: {loudest}" in {name for name, _ in found}


def test_embeddings_drift_away_from_their_centre():
    rng = np.random.default_rng(7)
    made = reference.make({"vector": rng.normal(size=(2000, 32))}, {}, kinds={"vector": "embedding"})
    moved = rng.normal(size=(600, 32)) + 3 * (np.arange(32) == 5)
    assert ("vector: from centre", "psi") in alarms(judged(made, {"vector": moved}, 600))


def test_holm_multiplies_the_smallest_by_all_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []

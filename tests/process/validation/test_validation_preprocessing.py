"""The user's preprocessing is run with test changed: what lets test into train is proved, what does not is clean."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from daybreak.base.errors import UserCodeError
from daybreak.readers.opening import open_sides
from daybreak.readers.request import Request
from daybreak.validation.preprocessing import check

pytest.importorskip("sklearn")

CODE = dedent(
    """
    import numpy as np
    seen = []

    def both(train, test, name):
        return np.concatenate([np.asarray(train[name], float), np.asarray(test[name], float)])

    def table(side, **columns):
        return {"age": np.asarray(side["age"], float), **columns}

    def on_train(train, test):
        mean = np.asarray(train["age"], float).mean()
        return table(train, age=np.asarray(train["age"]) - mean), table(test, age=np.asarray(test["age"]) - mean)

    def on_all(train, test):
        mean = both(train, test, "age").mean()
        return table(train, scaled=np.asarray(train["age"]) - mean), table(test, scaled=np.asarray(test["age"]) - mean)

    def median_of_all(train, test):
        middle = np.nanmedian(both(train, test, "pay"))
        pay = np.where(np.isnan(np.asarray(train["pay"], float)), middle, np.asarray(train["pay"], float))
        return table(train, pay=pay), table(test)

    def vocabulary(train, test):
        towns = sorted({town for side in (train, test) for town in side["town"] if town})
        codes = {town: code for code, town in enumerate(towns)}
        return table(train, town=np.array([codes[town] for town in train["town"]])), table(test)

    def strict(train, test):
        known = set(train["town"])
        if not set(test["town"]) <= known:
            raise ValueError("unseen town")
        return table(train), table(test)

    def stateless(train, test):
        logs = np.log1p(both(train, test, "age").clip(0))
        return logs[: len(train["age"])], logs[len(train["age"]) :]

    def remembers(train, test):
        seen.append(both(train, test, "age").mean())
        return np.asarray(train["age"]) - seen[0], np.asarray(test["age"])

    def shared_dice(train, test):
        return np.asarray(train["age"]) + np.random.normal(size=len(train["age"])), np.asarray(test["age"])

    def own_dice(train, test):
        return np.asarray(train["age"]) + np.random.default_rng().normal(size=len(train["age"])), np.asarray(test["age"])

    def some_dice(train, test):
        noise = np.random.default_rng().normal(size=len(train["age"]))
        return table(train, noise=noise, age=np.asarray(train["age"]) - both(train, test, "age").mean()), table(test)

    def selects(train, test):
        X = np.column_stack([both(train, test, "age"), both(train, test, "height")])
        y = both(train, test, "y")
        best = np.abs(np.corrcoef(X.T, y)[2, :2]).argsort()[-1:]
        return X[: len(train["age"])][:, best] + best, X[len(train["age"]) :][:, best]

    class Steps:
        @staticmethod
        def run(train, test):
            return on_all(train, test)

    def crashes(train, test):
        raise RuntimeError("no such column")

    def leaves(train, test):
        import os
        os._exit(3)

    def ours(train, test):
        from daybreak.base.errors import DamagedFile
        raise DamagedFile("the checkpoint is cut off")

    def returns_one(train, test):
        return train
    """
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A table with whole numbers, numbers with gaps, and words."""
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(0)
    for side, rows in (("train", 60), ("test", 30)):
        lines = [
            f"{rng.integers(18, 90)},{rng.normal(170, 9):.1f},{'' if rng.random() < 0.2 else round(rng.normal(30, 5), 2)},"
            f"{rng.choice(['Bonn', 'Köln', 'Ulm'])},{rng.integers(0, 2)}"
            for _ in range(rows)
        ]
        (folder / f"{side}.csv").write_text("\n".join(["age,height,pay,town,y", *lines]), encoding="utf-8")
    (folder / "prepare.py").write_text(CODE)
    return open_sides(Request(train=folder / "train.csv", test=folder / "test.csv", target="y")), folder


def asked(opened, name):
    data, folder = opened
    return check(f"prepare:{name}", data, folder=folder, python=sys.executable)


LEAKS = {
    "on_all": "scaled",
    "median_of_all": "pay",
    "vocabulary": "town",
    "remembers": "values",
    "selects": "0",
    "Steps.run": "scaled",
}


@pytest.mark.parametrize("name", LEAKS)
def test_preprocessing_that_sees_test_is_proved_to(opened, name):
    (finding,) = asked(opened, name).findings
    assert (finding.severity, finding.sure) == ("error", "certain")
    assert LEAKS[name] in finding.columns
    assert "age" not in finding.columns
    assert finding.subject == f"prepare:{name}"


@pytest.mark.parametrize("name", ["on_train", "stateless", "shared_dice"])
def test_preprocessing_of_train_alone_is_clean(opened, name):
    outcome = asked(opened, name)
    assert outcome.status == "clean"
    assert set(outcome.measured["changed"].values()) == {0}
    assert len(outcome.measured["changed"]) == 4


def test_the_finding_names_the_line(opened):
    (place,) = asked(opened, "on_all").findings[0].places
    assert (place.file, place.text) == ("prepare.py", "def on_all(train, test):")


def test_a_change_that_is_refused_proves_nothing_and_is_told(opened):
    outcome = asked(opened, "strict")
    assert outcome.status == "clean"
    assert "unseen town" in outcome.measured["refused"]["with extreme numbers and unseen words"]
    assert outcome.measured["changed"]["without half of its rows"] == 0


def test_what_differs_by_itself_cannot_be_judged_and_the_rest_is(opened):
    outcome = asked(opened, "own_dice")
    assert outcome.status == "failed"
    assert "give its random numbers a seed" in outcome.why
    outcome = asked(opened, "some_dice")
    assert [f.columns for f in outcome.findings] == [("age",)]
    assert outcome.measured["unsteady"] == ["noise"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("crashes", "RuntimeError: no such column"),
        ("ours", "prepare:ours failed: the checkpoint is cut off"),
        ("leaves", "its process ended"),
        ("returns_one", r"returns \(train features, test features\)"),
        ("absent", "has no attribute 'absent'"),
    ],
)
def test_a_function_that_fails_says_why_and_what_is_expected(opened, name, says):
    with pytest.raises(UserCodeError, match=says) as told:
        asked(opened, name)
    assert "called with train and test" in str(told.value)


def test_an_interrupt_ends_what_was_called(opened, tmp_path, monkeypatch):
    data, _ = opened
    os.mkfifo(tmp_path / "alive")
    (tmp_path / "endless.py").write_text(
        dedent(
            """
            import time
            def prepare(train, test):
                with open("alive", "wb", buffering=0) as alive:
                    alive.write(b"!")
                    time.sleep(600)
            """
        )
    )
    opened_ends = []

    def interrupted(process, timeout):
        alive = (tmp_path / "alive").open("rb", buffering=0)
        opened_ends.append(alive)
        assert alive.read(1) == b"!"
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check("endless:prepare", data, folder=tmp_path)
    with opened_ends[0] as alive:
        assert alive.read() == b""  # the end of file comes when the last process that could write is gone


def test_pictures_are_handed_over_as_arrays(tmp_path):
    rng = np.random.default_rng(0)
    for side in ("train", "test"):
        np.savez(tmp_path / f"{side}.npz", X=rng.integers(0, 255, (20, 28, 28), dtype=np.uint8), y=np.tile([0, 1], 10))
    (tmp_path / "scale.py").write_text(
        dedent(
            """
            import numpy as np
            def pictures(side):
                return next(v for v in side.values() if v.ndim > 1).astype(float)
            def fixed(train, test):
                return pictures(train) / 255, pictures(test) / 255
            def by_all(train, test):
                top = max(pictures(train).max(), pictures(test).max())
                return pictures(train) / top, pictures(test) / top
            """
        )
    )
    data = open_sides(Request(train=tmp_path / "train.npz", test=tmp_path / "test.npz", target="y"))
    assert check("scale:fixed", data, folder=Path(tmp_path)).status == "clean"
    assert check("scale:by_all", data, folder=Path(tmp_path)).status == "findings"

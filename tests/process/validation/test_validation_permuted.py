"""Trained on shuffled labels, an honest training scores chance; one that has test's labels does not."""

import sys
from textwrap import dedent

import numpy as np
import pytest

from daybreak.audit.outcome import NotApplicable
from daybreak.base.errors import UserCodeError
from daybreak.readers.opening import open_sides
from daybreak.readers.request import Request
from daybreak.validation.permuted import check

pytest.importorskip("sklearn")

CODE = dedent(
    """
    import numpy as np
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    def features(side):
        return np.column_stack([np.asarray(side["a"]), np.asarray(side["b"])])

    def honest(train, test):
        return DecisionTreeClassifier(max_depth=6, random_state=0).fit(features(train), list(train["y"])).predict(features(test))

    def probabilities(train, test):
        return DecisionTreeClassifier(max_depth=6, random_state=0).fit(features(train), list(train["y"])).predict_proba(features(test))

    def greedy(train, test):
        X, y = np.vstack([features(train), features(test)]), [*train["y"], *test["y"]]
        return DecisionTreeClassifier(random_state=0).fit(X, y).predict(features(test))

    def number(train, test):
        return DecisionTreeRegressor(max_depth=4, random_state=0).fit(features(train), np.asarray(train["z"])).predict(features(test))

    def peeks(train, test):
        return np.asarray(test["z"]) + np.random.default_rng(0).normal(size=len(test["z"]))

    def usual(train, test):
        return ["yes"] * len(test["y"])

    def short(train, test):
        return [1, 2, 3]
    """
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two numbers, a class that both tell of, and a number."""
    place = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(0)
    for side, rows in (("train", 300), ("test", 200)):
        a, b = rng.normal(size=(2, rows))
        words = np.where(a + b + rng.normal(size=rows) > 0, "yes", "no")
        z = a - b + rng.normal(size=rows)
        lines = [f"{p:.4f},{q:.4f},{w},{v:.4f}" for p, q, w, v in zip(a, b, words, z, strict=True)]
        (place / f"{side}.csv").write_text("\n".join(["a,b,y,z", *lines]))
    (place / "fitting.py").write_text(CODE)
    return place


def asked(folder, name, target="y"):
    data = open_sides(Request(train=folder / "train.csv", test=folder / "test.csv", target=target))
    return check(f"fitting:{name}", data, folder=folder, python=sys.executable)


@pytest.mark.parametrize(("name", "target"), [("honest", "y"), ("probabilities", "y"), ("usual", "y"), ("number", "z")])
def test_an_honest_training_scores_chance(folder, name, target):
    assert asked(folder, name, target).status == "clean"


@pytest.mark.parametrize(("name", "target"), [("greedy", "y"), ("peeks", "z")])
def test_one_that_has_tests_labels_does_not(folder, name, target):
    (finding,) = asked(folder, name, target).findings
    assert (finding.rule, finding.severity) == ("shuffled_labels", "error")
    assert finding.measured["mean"] > 2 * finding.measured["bound"]


def test_a_callable_is_trained_here(folder):
    scope = {}
    exec(CODE, scope)
    data = open_sides(Request(train=folder / "train.csv", test=folder / "test.csv", target="y"))
    heard = []
    assert check(scope["honest"], data, told=lambda *step: heard.append(step[1:])).status == "clean"
    assert check(scope["greedy"], data).status == "findings"
    assert heard == [(i, 5) for i in range(5)]
    with pytest.raises(UserCodeError, match="KeyError"):
        check(lambda train, test: train["nothing"], data)


def test_honest_trainings_are_hardly_ever_accused(folder):
    """Twenty other halves of the data, each trained five times: at one in a thousand none is expected."""
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(1)
    accused = 0
    for _ in range(20):
        x = rng.normal(size=(300, 3))
        y = (x[:, 0] + rng.normal(size=300) > 0).astype(int)
        sides = ((x[:200], y[:200]), (x[200:], y[200:]))
        train, test = ({"a": p[:, 0], "b": p[:, 1], "y": q} for p, q in sides)
        data = open_sides(Request(train=_table(train), test=_table(test), target="y"))

        def fit(train, test):
            x = np.column_stack([np.asarray(train["a"]), np.asarray(train["b"])])
            x_test = np.column_stack([np.asarray(test["a"]), np.asarray(test["b"])])
            return DecisionTreeClassifier(random_state=0).fit(x, np.asarray(train["y"])).predict(x_test)

        accused += check(fit, data).status == "findings"
    assert accused == 0


def _table(columns):
    import pyarrow as pa

    return pa.table(columns)


def test_predictions_that_do_not_fit_and_missing_targets_are_told(folder):
    from daybreak.base.errors import UsageError

    with pytest.raises(UsageError, match="one prediction per test row"):
        asked(folder, "short")
    with pytest.raises(NotApplicable, match="target"):
        check(
            "fitting:honest", open_sides(Request(train=folder / "train.csv", test=folder / "test.csv")), folder=folder
        )

"""XGBoost and LightGBM: trees as ONNX where the converter is right, otherwise their own library in Python."""

import warnings

import numpy as np
import pytest

pytest.importorskip("onnxmltools")
pytest.importorskip("lightgbm")
pytest.importorskip("xgboost")
import lightgbm
import xgboost
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.export import graph
from daybreak.export.exporting import export
from daybreak.export.frameworks.boosting import Boosted
from daybreak.export.options import Options
from daybreak.export.python import served_booster
from daybreak.export.samples import Samples

NAMES = ("age", "pulse", "weight")


@pytest.fixture(scope="module")
def rows():
    """Floats that float32 does not hold, some missing."""
    draws = np.random.default_rng(0)
    x = draws.normal(size=(400, 3)) * 100
    x[draws.random(x.shape) < 0.05] = np.nan
    return x, (np.nan_to_num(x[:, 0]) > np.nan_to_num(x[:, 1])).astype(int), np.nan_to_num(x[:, 2]) ** 2


def classifiers():
    return [
        xgboost.XGBClassifier(n_estimators=10, n_jobs=1),
        lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1),
    ]


@pytest.mark.parametrize("model", classifiers(), ids=["xgboost", "lightgbm"])
def test_classifiers_answer_alike_missing_values_included(model, rows, tmp_path):
    x, y, _ = rows
    exported = export(model.fit(x, y), Samples(x, y, classes=("low", "high")), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.runtime.kind == "onnx"
    assert exported.signature.outputs[0].classes == ("low", "high")
    assert exported.signature.inputs[0].nullable


def test_named_columns_and_numbers(rows, tmp_path):
    """XGBoost keeps the names of a frame's columns, which the converter does not read."""
    pandas = pytest.importorskip("pandas")
    x, _, y = rows
    frame = pandas.DataFrame(x, columns=NAMES)
    model = xgboost.XGBRegressor(n_estimators=10, n_jobs=1).fit(frame, y)
    exported = export(model, Samples(frame, y), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.runtime.kind == "onnx"
    assert [field.name for field in exported.signature.inputs] == list(NAMES)
    assert model.get_booster().feature_names == list(NAMES), "the user's model is as it was"


def test_a_booster_in_its_librarys_own_file(rows, tmp_path):
    x, y, _ = rows
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(x, label=y), 10)
    booster.save_model(tmp_path / "model.ubj")
    exported = export(tmp_path / "model.ubj", Samples(x, y), tmp_path / "a")
    assert (exported.framework, exported.parity.verdict) == ("XGBoost", "passed")
    assert exported.signature.outputs[0].kind == "label"
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(DamagedFile, match="no model of xgboost"):
        export(tmp_path / "model.json", Samples(x, y), tmp_path / "b")


def test_what_the_converter_gets_wrong_is_told_by_its_own_library(rows, tmp_path):
    """Random forests of LightGBM take the mean of their trees; the converter adds them up and says nothing."""
    x, y, _ = rows
    forest = lightgbm.LGBMClassifier(
        n_estimators=10, boosting_type="rf", bagging_fraction=0.5, bagging_freq=1, n_jobs=1, verbose=-1
    )
    source = Boosted(forest.fit(x, y), {"features": x})
    right = source.ask({"features": x})["prediction"]
    by_onnx, by_python = source.ways({"features": x}, Options())
    by_onnx.write(tmp_path)
    (told,) = graph.session(tmp_path / "model.onnx").run(None, {"x": x.astype(np.float32)})
    assert np.abs(told - right).max() > 0.1, "the converter has learnt it: say so in the docs"
    made = by_python.write(tmp_path)
    assert (made.runtime.kind, made.runtime.requirements[0].partition("==")[0]) == ("python", "lightgbm")
    told = served_booster.load(tmp_path)({"features": x})["prediction"]
    np.testing.assert_array_equal(told, right)


@pytest.mark.parametrize("model", classifiers(), ids=["xgboost", "lightgbm"])
def test_trees_at_the_end_of_a_pipeline(model, tmp_path):
    """Scaled in float32, nine of these rows in 256 fall on another side of XGBoost's thresholds: they are scaled in float64."""
    x, y = load_digits(return_X_y=True)
    whole = make_pipeline(StandardScaler(), model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # LightGBM's on names that it made up itself
        exported = export(whole.fit(x[:1200], y[:1200]), Samples(x[1200:], y[1200:]), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.runtime.kind == "onnx"


def test_words_are_refused_with_what_to_do(rows, tmp_path):
    model = classifiers()[0].fit(rows[0], rows[1])
    with pytest.raises(UsageError, match="encoded by a scikit-learn pipeline"):
        export(model, Samples({"job": ["clerk", "smith"] * 4}), tmp_path)

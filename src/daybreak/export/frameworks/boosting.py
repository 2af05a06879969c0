"""XGBoost and LightGBM: trees as ONNX by onnxmltools, otherwise the library itself in a worker process.

The converter is silently wrong for some (LightGBM's random forests, XGBoost's several quantiles) and unable for others (DART of XGBoost):
parity finds that, and those are served in Python.
"""

import copy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.export import graph
from daybreak.export.options import Options
from daybreak.export.python import served
from daybreak.export.source import Made, Way, chosen
from daybreak.export.tables import form_of, frame, handed, matrix
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Columns, Output

OPSET = {"": 18, "ai.onnx.ml": 3}  # the newest that these converters write inside a pipeline
Library = Literal["XGBoost", "LightGBM"]


class Boosted:
    """A booster or its estimator, with the columns that it is asked about."""

    def __init__(
        self, model: Any, columns: Columns, *, classes: tuple[str, ...] = (), output: str = "prediction"
    ) -> None:
        if any(column.dtype == object for column in columns.values()):
            raise UsageError(
                "boosted trees take numbers here; words are encoded by a scikit-learn pipeline that ends with the trees"
            )
        self.model, self.framework = model, library_of(model)
        self.booster = _booster(model)
        self.form = form_of(model, columns) if hasattr(model, "predict_proba") or hasattr(model, "fit") else "matrix"
        answers = self._answers(chosen(columns, slice(2)))
        self.labels = hasattr(model, "predict_proba") or _decides(model, self.framework)
        self.known = tuple(str(label) for label in getattr(model, "classes_", ()))
        self.outputs = (self._output(answers, classes, output),)

    def _output(self, answers: NDArray[Any], classes: tuple[str, ...], name: str) -> Output:
        if not self.labels:
            wide = answers.ndim > 1 and answers.shape[1] > 1
            return Output(name, "tensor", shape=answers.shape[1:]) if wide else Output(name, "number")
        count = answers.shape[1]
        own = tuple(str(label) for label in getattr(self.model, "classes_", range(count)))
        if classes and len(classes) != count:
            raise UsageError(f"`classes` names each of the model's {count} classes, got {len(classes)}")
        return Output(name, "label", classes=classes or own)

    def ask(self, columns: Columns) -> Columns:
        """Probabilities (rows, classes), or numbers."""
        told = self._answers(columns)
        return {self.outputs[0].name: told.reshape(len(told)) if self.outputs[0].kind == "number" else told}

    def _answers(self, columns: Columns) -> NDArray[Any]:
        if hasattr(self.model, "predict_proba"):
            return np.asarray(self.model.predict_proba(handed(columns, self.form)))
        if hasattr(self.model, "fit"):
            return np.asarray(self.model.predict(handed(columns, self.form)))
        told = np.asarray(self._asked(columns))
        return np.stack([1 - told, told], axis=1) if told.ndim == 1 and _decides(self.model, self.framework) else told

    def _asked(self, columns: Columns) -> Any:
        if self.framework == "LightGBM":
            return self.booster.predict(matrix(columns))
        import xgboost

        named = self.booster.feature_names and len(columns) > 1
        return self.booster.predict(
            xgboost.DMatrix(frame(columns) if named else matrix(columns)), validate_features=bool(named)
        )

    def ways(self, columns: Columns, options: Options) -> Iterator[Way]:
        """ONNX, then Python."""
        if not options.python:
            yield Way("ONNX", lambda folder: self._onnx(folder, columns, options))
        if options.precision == "float32":
            yield Way(
                "Python",
                lambda folder: served.booster(
                    self.booster, self.framework, folder, columns=list(columns), output=self.outputs[0]
                ),
            )

    def _onnx(self, folder: Path, columns: Columns, options: Options) -> Made:
        model = _converted(self._unnamed(), self.framework, matrix(chosen(columns, slice(1))).shape[1], options)
        output = self.outputs[0]
        told = model.graph.output[-1].name
        graph.keep_outputs(model, [told])
        graph.free_rows(model)
        graph.write(model, folder / "model.onnx")
        kind = {"label": "probabilities", "number": "number", "tensor": "tensor"}[output.kind]
        before = (
            Step("feed", {"field": next(iter(columns)), "to": "x"})
            if len(columns) == 1
            else Step("stack", {"fields": list(columns), "to": "x"})
        )
        return Made(Runtime("onnx"), (before,), (Step(kind, {"of": told, "to": output.name}),))

    def _unnamed(self) -> Any:
        """The same trees over numbered columns, which is all that the converter reads."""
        if self.framework == "LightGBM" or not self.booster.feature_names:
            return self.model
        bare = copy.deepcopy(self.model)
        _booster(bare).feature_names = None
        return bare


def library_of(model: Any) -> Library:
    """Which library a model is of."""
    return "LightGBM" if type(model).__module__.startswith("lightgbm") else "XGBoost"


def register(pipeline: Any) -> bool:
    """Tell skl2onnx how boosted trees at a pipeline's end are converted; False for other pipelines."""
    last = getattr(pipeline, "steps", [("", pipeline)])[-1][1]
    if not type(last).__module__.startswith(("xgboost.", "lightgbm.")):
        return False
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator

    kind = type(last)
    labels = hasattr(last, "predict_proba")
    shapes = "calculate_linear_classifier_output_shapes" if labels else "calculate_linear_regressor_output_shapes"
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]} if labels else {}
    convert = convert_lightgbm if library_of(last) == "LightGBM" else convert_xgboost
    alias = f"{library_of(last)}{kind.__name__}"
    update_registered_converter(kind, alias, getattr(shape_calculator, shapes), convert, options=options)
    return True


def load(file: Path) -> Any:
    """A booster from XGBoost's .json or .ubj, or LightGBM's .txt. Raises `UsageError` without the library, `DamagedFile`."""
    name = "lightgbm" if file.suffix == ".txt" else "xgboost"
    try:
        if name == "lightgbm":
            import lightgbm

            return lightgbm.Booster(model_file=str(file))
        import xgboost

        return xgboost.Booster(model_file=str(file))
    except ImportError as error:
        raise UsageError(f"{file.name} is read by {name}, which is missing: pip install 'daybreak[{name}]'") from error
    except Exception as error:  # the libraries' own
        raise DamagedFile(f"{file} is no model of {name}: {str(error).splitlines()[0][:200]}") from error


def _booster(model: Any) -> Any:
    if library_of(model) == "LightGBM":
        return getattr(model, "booster_", model)
    return model.get_booster() if hasattr(model, "get_booster") else model


def _decides(model: Any, library: Library) -> bool:
    """Whether a booster's answers are probabilities of classes."""
    if hasattr(model, "fit"):
        return False
    if library == "LightGBM":
        return str(model.dump_model(num_iteration=1).get("objective", "")).startswith(("binary", "multiclass"))
    import json

    objective = json.loads(model.save_config())["learner"]["objective"]["name"]
    return objective in ("binary:logistic", "multi:softprob")


def _converted(model: Any, library: Library, width: int, options: Options) -> Any:
    try:
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType
    except ImportError as error:
        raise UsageError(
            "boosted trees are exported by onnxmltools, which is missing: pip install 'daybreak[export]'"
        ) from error
    taken = [("x", FloatTensorType([None, width]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if library == "LightGBM":
                return onnxmltools.convert_lightgbm(
                    model, initial_types=taken, target_opset=options.opset, zipmap=False
                )
            return onnxmltools.convert_xgboost(model, initial_types=taken, target_opset=options.opset)
        except Exception as error:  # KeyError, RuntimeError, NotImplementedError: whatever it meets
            raise UsageError(
                f"onnxmltools cannot convert it: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            ) from error

"""scikit-learn estimators and pipelines: skl2onnx where it can and is right, otherwise Python with skops.

A pipeline is exported whole, so preparing rows is part of the graph. Three ways, until one answers alike:

1. float32 in, as serving likes it;
2. float64 in, with the rounding to float32 where scikit-learn's trees do it themselves: a value that is scaled in float32 may fall on the
   other side of a tree's threshold (measured on digits: 1 row of 597, by 0.25 in probability);
3. the estimator itself in a worker process.

Text vectorizers are counted by the step `vectorize`, in Python and exactly as scikit-learn does; the graph begins behind them. Their ONNX
operators know ASCII words alone, and need a locale that servers lack.
"""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.export import graph
from daybreak.export.frameworks import boosting, missing, vectorizing
from daybreak.export.options import Options
from daybreak.export.python import served
from daybreak.export.source import Made, Way, one_hot, rows_of
from daybreak.export.tables import form_of, handed
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Columns, Output

TREES = (
    "sklearn.tree.",
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "xgboost.",
)  # they round what they are given to float32


class Estimator:
    """A fitted estimator with the columns that it is asked about. `classes`: names to tell in place of its own; `output`: of the answer."""

    framework = "scikit-learn"

    def __init__(
        self, estimator: Any, columns: Columns, *, classes: tuple[str, ...] = (), output: str = "prediction"
    ) -> None:
        import sklearn.base

        self.estimator = estimator
        self.form = form_of(estimator, columns)
        self.labels = bool(sklearn.base.is_classifier(estimator))
        if not self.labels and not hasattr(estimator, "predict"):
            raise UsageError(
                f"an estimator that is served has predict, {type(estimator).__name__} has none; end the pipeline with one"
            )
        self.scores = self.labels and hasattr(estimator, "predict_proba")
        self.known = tuple(str(label) for label in estimator.classes_) if self.labels else ()
        self.outputs = (self._output(columns, classes, output),)

    def _output(self, columns: Columns, classes: tuple[str, ...], name: str) -> Output:
        if not self.labels:
            shape = np.shape(
                self.estimator.predict(handed({key: column[:2] for key, column in columns.items()}, self.form))
            )[1:]
            return Output(name, "tensor", shape=shape) if shape not in ((), (1,)) else Output(name, "number")
        own = [str(label) for label in self.estimator.classes_]
        if np.ndim(self.estimator.classes_[0]) > 0:
            raise UsageError(
                "a classifier tells one class of several, this one tells several answers at once: export one for each"
            )
        if classes and len(classes) != len(own):
            raise UsageError(
                f"`classes` names each of the model's {len(own)} classes ({', '.join(own[:10])}), got {len(classes)}"
            )
        return Output(name, "label", classes=classes or tuple(own))

    def ask(self, columns: Columns) -> Columns:
        """Probabilities; of a classifier without, 1 for the class that it tells; or its numbers."""
        given = handed(columns, self.form)
        name = self.outputs[0].name
        if self.scores:
            return {name: np.asarray(self.estimator.predict_proba(given))}
        told = np.asarray(self.estimator.predict(given))
        if self.labels:
            return {name: one_hot(told, self.estimator.classes_)}
        return {name: told.reshape(rows_of(columns)) if self.outputs[0].kind == "number" else told}

    def ways(self, columns: Columns, options: Options) -> Iterator[Way]:
        """ONNX from float32, from float64, and Python."""
        if not options.python:
            yield Way("ONNX", lambda folder: self._onnx(folder, columns, options, np.float32))
            if options.precision == "float32" and self._rounds():
                yield Way("ONNX from float64", lambda folder: self._onnx(folder, columns, options, np.float64))
        if options.precision == "float32":
            yield Way("Python", lambda folder: self._python(folder, columns))

    def _rounds(self) -> bool:
        """Whether float64 inputs can make a difference: it computes in float64 before it compares."""
        return self.form != "texts" and hasattr(self.estimator, "steps")

    def _onnx(self, folder: Path, columns: Columns, options: Options, dtype: Any) -> Made:
        estimator, before = self.estimator, self._before(columns)
        if self.form == "texts":
            split = vectorizing.split(self.estimator, next(iter(columns)), folder)
            estimator, before, columns = split.rest, (split.step,), split.columns
        model = self._converted(estimator, columns, options, dtype)
        graph.keep_outputs(model, [self._told(model)])
        after = self._after(model)
        graph.free_rows(model)
        graph.write(model, folder / "model.onnx")
        return Made(Runtime("onnx"), before, (after,), self._limits())

    def _converted(self, estimator: Any, columns: Columns, options: Options, dtype: Any) -> Any:
        try:
            import skl2onnx
        except ImportError as error:
            raise UsageError(
                "estimators are exported by skl2onnx, which is missing: pip install 'daybreak[export]'"
            ) from error
        estimator = missing.as_empty(estimator)
        boosted = boosting.register(estimator)
        if dtype == np.float64:
            estimator = _rounded(estimator)
        given = {
            "initial_types": self._types(columns, dtype),
            "target_opset": boosting.OPSET if boosted else options.opset,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return _converted(skl2onnx.convert_sklearn, estimator, given, labels=self.labels)
            except Exception as error:  # a converter for each estimator, each with errors of its own
                raise UsageError(f"skl2onnx cannot convert it: {' '.join(str(error).split())[:300]}") from error

    def _types(self, columns: Columns, dtype: Any) -> list[tuple[str, Any]]:
        from skl2onnx.common import data_types as types

        number = types.DoubleTensorType if dtype == np.float64 else types.FloatTensorType
        if not self._by_name():
            return [("x", number([None, sum(int(np.prod(column.shape[1:])) for column in columns.values())]))]
        return [
            (name, (types.StringTensorType if column.dtype == object else number)([None, 1]))
            for name, column in columns.items()
        ]

    def _by_name(self) -> bool:
        """Whether it looks columns up by name, or keeps words apart from numbers: each is an input of its own then."""
        from sklearn.compose import ColumnTransformer

        steps = [step for _, step in getattr(self.estimator, "steps", [("", self.estimator)])]
        return self.form == "frame" and isinstance(steps[0], ColumnTransformer)

    def _before(self, columns: Columns) -> tuple[Step, ...]:
        if self._by_name():
            return tuple(Step("feed", {"field": name, "to": name}) for name in columns)
        if len(columns) == 1:
            return (Step("feed", {"field": next(iter(columns)), "to": "x"}),)
        return (Step("stack", {"fields": list(columns), "to": "x"}),)

    def _told(self, model: Any) -> str:
        names = [output.name for output in model.graph.output]
        return str(names[1] if self.scores and len(names) > 1 else names[0])

    def _after(self, model: Any) -> Step:
        output = self.outputs[0]
        if self.labels and not self.scores:
            _as_one_hot(model, self.estimator.classes_)
        kind = {"label": "probabilities", "number": "number", "tensor": "tensor"}[output.kind]
        return Step(kind, {"of": model.graph.output[0].name, "to": output.name})

    def _limits(self) -> tuple[str, ...]:
        told = "This classifier tells its class alone: the score is always 1, for it knows no probabilities."
        return (told,) if self.labels and not self.scores else ()

    def _python(self, folder: Path, columns: Columns) -> Made:
        return served.estimator(
            self.estimator,
            folder,
            form=self.form,
            columns=list(columns),
            output=self.outputs[0],
            scores=self.scores,
            limits=self._limits(),
        )


def _converted(convert: Callable[..., Any], estimator: Any, given: dict[str, Any], *, labels: bool) -> Any:
    """Probabilities as one array, not as a dict a row (some converters lack the option); trees by the operators that all know."""
    options = {"options": {id(estimator): {"zipmap": False}}} if labels else {}
    try:
        return convert(estimator, **options, **given)
    except NameError:
        return convert(estimator, **given)
    except RuntimeError as error:
        if "ai.onnx.ml" not in str(error):
            raise
        return convert(estimator, **options, **{**given, "target_opset": boosting.OPSET})


def _as_one_hot(model: Any, classes: NDArray[Any]) -> None:
    """Put ONNX's OneHotEncoder behind the class that the graph tells."""
    onnx = graph.onnx_module()
    told = model.graph.output[0].name
    cats = (
        {"cats_int64s": [int(label) for label in classes]}
        if classes.dtype.kind in "iub"
        else {"cats_strings": list(map(str, classes))}
    )
    model.graph.node.append(
        onnx.helper.make_node("OneHotEncoder", [told], ["scores"], domain="ai.onnx.ml", zeros=1, **cats)
    )
    del model.graph.output[:]
    model.graph.output.append(
        onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["rows", len(classes)])
    )


def _rounded(estimator: Any) -> Any:
    """A pipeline that rounds to float32 in front of its last step where that is trees, as they do."""
    from skl2onnx.sklapi import CastTransformer
    from sklearn.pipeline import Pipeline

    name, last = estimator.steps[-1]
    if not type(last).__module__.startswith(TREES):
        return estimator
    cast = CastTransformer(dtype=np.float32)
    cast.fit(np.zeros((1, getattr(last, "n_features_in_", 1))))
    return Pipeline([*estimator.steps[:-1], ("round", cast), (name, last)])

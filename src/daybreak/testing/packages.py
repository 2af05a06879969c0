"""Small packages to test and to measure with: made in milliseconds, nothing trained, the same bytes each time. Needs `onnx`.

mlp(folder)                # 64 numbers as one tensor -> one of ten classes
mlp_columns(folder)        # a table row: numbers, a category -> yes or no
regression(folder)         # four numbers -> one number with an interval
mnist(folder, onnx_file)   # 28 x 28 picture -> digit, by the network of the ONNX examples
python(folder)             # functions of the user's own, before and as the model
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daybreak.inference.loading import load
from daybreak.registry.package import RECORD, Package, Runtime, Step, seal
from daybreak.signature.codec import make
from daybreak.signature.fields import Field, Output, Signature

CREATED = 1.7e9
OPSET = 17
DIGITS = tuple("0123456789")


def mlp(
    folder: Path, features: int = 64, hidden: int = 128, classes: int = 10, *, name: str = "mlp", version: int = 1
) -> Package:
    """`features` (features,) -> `digit`, one of `classes` by name of their number; weights from a fixed stream that `version` names."""
    signature = Signature(
        (Field("features", "tensor", shape=(features,), low=-4, high=4, description="standardized"),),
        (Output("digit", "label", classes=tuple(map(str, range(classes)))),),
    )
    _save(folder, _dense([features, hidden, classes], seed=version))
    draws = _stream(99)
    rows = [{"features": [round(float(value), 3) for value in draws.normal(size=features)]} for _ in range(8)]
    return _sealed(folder, Package(name, version, CREATED, signature, Runtime("onnx"), after=(Step("softmax"),)), rows)


def mlp_columns(folder: Path, *, name: str = "income", version: int = 1) -> Package:
    """Named columns: `age`, `hours` (nullable), `gain` and the category `job` -> `income`, of two classes."""
    signature = Signature(
        (
            Field("age", "number", low=17, high=90, unit="years", description="in whole or parts"),
            Field("hours", "number", low=1, high=99, unit="h/week", nullable=True),
            Field("gain", "integer", low=0, high=99_999, unit="$", optional=True),
            Field("job", "category", classes=("clerk", "farmer", "teacher", "other")),
        ),
        (Output("income", "label", classes=("<=50K", ">50K"), threshold=0.5),),
    )
    before = (
        Step("onehot", {"field": "job", "to": "jobs"}),
        Step("stack", {"fields": ["age", "hours", "gain"], "to": "numbers"}),
        Step(
            "standardize", {"of": "numbers", "mean": [40, 40, 1000], "std": [14, 12, 7000], "to": "known", "missing": 0}
        ),
        Step("stack", {"fields": ["known", "jobs"]}),
    )
    _save(folder, _dense([7, 16, 2], seed=version))
    rows: list[dict[str, Any]] = [
        {"age": 39, "hours": 40, "gain": 2174, "job": "clerk"},
        {"age": 61.5, "hours": None, "gain": 0, "job": "farmer"},
        {"age": 28, "hours": 55, "job": "teacher"},
    ]
    runtime, after = Runtime("onnx"), (Step("softmax"),)
    return _sealed(folder, Package(name, version, CREATED, signature, runtime, before=before, after=after), rows)


def regression(folder: Path, *, name: str = "price", version: int = 1) -> Package:
    """`area`, `rooms`, `floor`, `age` -> `price` with an interval."""
    fields = tuple(
        Field(word, "number", low=0, high=high)
        for word, high in (("area", 400), ("rooms", 9), ("floor", 30), ("age", 120))
    )
    signature = Signature(fields, (Output("price", "number", unit="k€", interval=True),))
    _save(folder, _dense([4, 8, 1], seed=version))
    after = (Step("interval", {"of": "logits", "below": 12.0, "above": 15.0}),)
    rows: list[dict[str, Any]] = [
        {"area": 80, "rooms": 3, "floor": 2, "age": 40},
        {"area": 140.5, "rooms": 5, "floor": 0, "age": 3},
    ]
    return _sealed(folder, Package(name, version, CREATED, signature, Runtime("onnx"), after=after), rows)


def mnist(folder: Path, model: Path, pictures: Sequence[Any] = (), *, name: str = "mnist", version: int = 1) -> Package:
    """`image` (28, 28, 1) -> `digit`, by mnist.onnx of the ONNX examples, which takes grey values 0..255; its batch is made free.

    `pictures`: uint8 (28, 28) that become examples; without any, two that are drawn here.
    """
    from daybreak.signature.media import as_png

    signature = Signature((Field("image", "image", shape=(28, 28, 1)),), (Output("digit", "label", classes=DIGITS),))
    _save(folder, _free_batch(model))
    before = (Step("image", {"field": "image", "size": [28, 28], "mode": "L"}),)
    rows: list[dict[str, Any]] = [
        {"image": as_png(np.asarray(picture, np.uint8))} for picture in (*pictures,) or (_stroke(14), _stroke(9))
    ]
    runtime, after = Runtime("onnx"), (Step("softmax"),)
    return _sealed(folder, Package(name, version, CREATED, signature, runtime, before=before, after=after), rows)


PYTHON = '''"""A model in Python: the sum of two numbers; and ways to go wrong."""

import os
import time


def load(folder):
    return predict


def predict(feeds):
    a, b = feeds["a"], feeds["b"]
    if (a == 666).any():
        os._exit(9)
    if (a == 777).any():
        time.sleep(600)
    if (b < 0).any():
        raise ValueError("b may not be negative")
    return {"sum": a + b}
'''


def python(folder: Path, *, name: str = "sum", version: int = 1, code: str = PYTHON) -> Package:
    """`a` + `b` by a function in Python; a = 666 ends its process, 777 sleeps, a negative b is refused."""
    fields = (Field("a", "number", dtype="float64"), Field("b", "number", dtype="float64"))
    signature = Signature(fields, (Output("sum", "number", dtype="float64"),))
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "adding.py").write_text(code)
    package = Package(name, version, CREATED, signature, Runtime("python", function="adding:load"))
    return _sealed(folder, package, [{"a": 1, "b": 2}, {"a": 0.5, "b": 0.25}])


def _stream(seed: int) -> np.random.Generator:
    return np.random.default_rng([26, seed])


def _dense(sizes: list[int], seed: int) -> Any:
    """A network of dense layers with ReLU between: input `x` (rows, first), output `logits` (rows, last)."""
    from onnx import TensorProto, helper, numpy_helper

    draws, nodes, weights, value = _stream(seed), [], [], "x"
    for place, (wide, narrow) in enumerate(pairwise(sizes)):
        weight = (draws.normal(size=(wide, narrow)) / np.sqrt(wide)).astype(np.float32)
        weights += [
            numpy_helper.from_array(weight, f"w{place}"),
            numpy_helper.from_array(np.zeros(narrow, np.float32), f"b{place}"),
        ]
        last = place == len(sizes) - 2
        nodes.append(helper.make_node("Gemm", [value, f"w{place}", f"b{place}"], ["logits" if last else f"h{place}"]))
        if not last:
            nodes.append(helper.make_node("Relu", [f"h{place}"], [f"r{place}"]))
        value = f"r{place}"
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", size])
        for name, size in (("x", sizes[0]), ("logits", sizes[-1]))
    ]
    graph = helper.make_graph(nodes, "dense", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _free_batch(file: Path) -> Any:
    """The digits network for any number of rows: its reshape keeps them, and weights are no inputs any more."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(file))
    weights = {weight.name: weight for weight in model.graph.initializer}
    weights["Pooling160_Output_0_reshape0_shape"].CopyFrom(
        numpy_helper.from_array(np.array([-1, 256], np.int64), "Pooling160_Output_0_reshape0_shape")
    )
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:], model.graph.value_info[:]
    model.graph.input.extend(inputs)
    model.ir_version = 4  # the first in which weights need not be inputs
    for end in (*model.graph.input, *model.graph.output):
        end.type.tensor_type.shape.dim[0].dim_param = "rows"
    return model


def _stroke(column: int) -> Any:
    picture = np.zeros((28, 28), np.uint8)
    picture[4:24, column - 1 : column + 2] = 255
    return picture


def _save(folder: Path, model: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def _sealed(folder: Path, package: Package, rows: list[dict[str, Any]]) -> Package:
    """Written with examples.jsonl: {"inputs": row, "targets": {output: answer}, "prediction": {...}}; the answers are the model's own."""
    (folder / RECORD).write_bytes(msgspec.json.encode(package))
    model, codec = load(folder), make(package.signature)
    try:
        answers = [msgspec.json.decode(row) for row in codec.encode(model.predict(codec.columns(codec.take(rows))))]
    finally:
        model.close()
    told = [
        {"inputs": row, "targets": _right(answer), "prediction": answer}
        for row, answer in zip(rows, answers, strict=True)
    ]
    (folder / "examples.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in told))
    return seal(folder, package)


def _right(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as feedback gives it: a label or a number."""
    keys = ("label", "value")
    return {
        name: next((told[key] for key in keys if key in told), told) if isinstance(told, dict) else told
        for name, told in answer.items()
    }

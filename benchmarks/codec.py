"""What one row costs between its body and its answer, without a server: decode and check, columns, predict, encode; in microseconds.

    python benchmarks/codec.py

Rows: 64 floats as one tensor, 20 named numbers, a mixed table row; against pydantic's model of the same rows with NumPy and `json.dumps`,
as one writes by hand. Fastest of 100 repetitions of 100: the machine may be busy. Orders to reach: 10 us in, 3 us out.
"""

import json
import tempfile
import timeit
from pathlib import Path

import numpy as np
from pydantic import create_model

from daybreak.inference.loading import load
from daybreak.inference.session import Session
from daybreak.signature.codec import Codec
from daybreak.signature.fields import Field, Output, Signature
from daybreak.testing import packages

TIMES, REPEATED = 100, 100
LABEL = Output("digit", "label", classes=tuple("0123456789"))


def micros(function):
    return min(timeit.repeat(function, number=TIMES, repeat=REPEATED)) / TIMES * 1e6


def cases():
    draws = np.random.default_rng(0)
    features = [float(value) for value in draws.normal(size=64)]
    yield "64 floats", Signature((Field("features", "tensor", shape=(64,)),), (LABEL,)), {"features": features}
    fields = tuple(Field(f"column_{place}", "number") for place in range(20))
    yield "20 numbers", Signature(fields, (LABEL,)), {field.name: features[place] for place, field in enumerate(fields)}
    mixed = (
        Field("age", "number"),
        Field("hours", "integer", nullable=True),
        Field("job", "category", classes=("clerk", "farmer"), strict=True),
        Field("note", "text", optional=True),
    )
    yield "mixed row", Signature(mixed, (LABEL,)), {"age": 40.5, "hours": None, "job": "clerk"}


def by_hand(signature, row):
    types = {"tensor": list[float], "number": float, "integer": int | None, "category": str, "text": str | None}
    optional = {"tensor": ..., "number": ..., "integer": ..., "category": ..., "text": None}
    model = create_model("Row", **{field.name: (types[field.kind], optional[field.kind]) for field in signature.inputs})
    body = json.dumps(row).encode()
    if signature.inputs[0].kind == "tensor":
        return lambda: np.array([model.model_validate_json(body).features], np.float32)
    return lambda: [np.array([value]) for value in model.model_validate_json(body).model_dump().values()]


def row_in(name, signature, row):
    codec, body = Codec(signature), json.dumps(row).encode()
    decode, both = micros(lambda: codec.decode(body)), micros(lambda: codec.columns(codec.decode(body)))
    hand = micros(by_hand(signature, row))
    print(
        f"{name:11} decode {decode:5.1f}, with columns {both:5.1f}   pydantic and NumPy {hand:5.1f}   {hand / both:4.1f}x"
    )


def answer_out():
    codec, names = Codec(Signature((Field("x", "number"),), (LABEL,))), LABEL.classes
    scores = np.random.default_rng(1).dirichlet(np.ones(10), 1).astype(np.float32)

    def by_json():
        told = dict(zip(names, scores[0].tolist(), strict=True))
        return json.dumps({"label": names[scores[0].argmax()], "score": float(scores[0].max()), "probabilities": told})

    ours, hand = micros(lambda: codec.encode({"digit": scores})), micros(by_json)
    print(f"10 scores   encode {ours:5.1f}   json.dumps {hand:5.1f}   {hand / ours:4.1f}x")


def predicted(folder):
    packages.mlp(folder)
    model, session = load(folder), Session(str(folder / "model.onnx"))
    rows = np.ones((1, 64), np.float32)
    bare, ours = micros(lambda: session.run({"x": rows}, 1)), micros(lambda: model.predict({"features": rows}))
    print(f"predict     ours {ours:5.1f}   of which onnxruntime {bare:5.1f}   (64-128-10, one row, softmax)")


def main():
    for name, signature, row in cases():
        row_in(name, signature, row)
    answer_out()
    with tempfile.TemporaryDirectory() as place:
        predicted(Path(place) / "package")


if __name__ == "__main__":
    main()

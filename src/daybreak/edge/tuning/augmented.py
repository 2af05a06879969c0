"""A package whose model also tells its last layer's features and logits, for rows as people give them.

The record is told two outputs more, so that the package's own steps prepare the rows: what is fitted sees what is served.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.edge.tuning.head import Head, with_outputs
from daybreak.inference import loading
from daybreak.registry import package as packages
from daybreak.registry.package import Package, Step
from daybreak.signature import codec
from daybreak.signature.fields import Columns, Output

FEATURES, LOGITS = "tuning:features", "tuning:logits"
DECODING = {"softmax", "sigmoid", "probabilities", "number", "interval", "tensor", "text"}


@dataclass(frozen=True)
class Told:
    """What a model says of rows: its last layer's features and logits, float64; and the signature's outputs."""

    features: NDArray[np.float64]
    logits: NDArray[np.float64]
    outputs: Columns


def ask(files: Mapping[str, bytes], head: Head, rows: list[dict[str, Any]]) -> Told:
    """Predict rows. Raises `BadRow`, `BadRows`, `ModelFailed`, `UsageError` where a row has several features of the layer."""
    record = packages.parse(files[packages.RECORD], packages.RECORD)
    model = loading.load(_with_head(files, record, head))
    try:
        made = codec.make(record.signature)
        outputs = model.predict(made.columns(made.take(rows)))
    finally:
        model.close()
    features, logits = outputs.pop(FEATURES), outputs.pop(LOGITS)
    count = len(rows)
    width = head.values[0].shape
    if features.size != count * width[0] or logits.size != count * width[1]:
        raise UsageError(
            f"a last layer that is tuned here is used once a row: {features.shape} features of {count} rows, {width[0]} are one row's"
        )
    return Told(features.reshape(count, -1).astype(np.float64), logits.reshape(count, -1).astype(np.float64), outputs)


def _with_head(files: Mapping[str, bytes], record: Package, head: Head) -> dict[str, bytes]:
    name = record.runtime.file
    steps = [Step("tensor", {"of": head.features, "to": FEATURES}), Step("tensor", {"of": head.logits, "to": LOGITS})]
    more = (Output(FEATURES, "tensor", shape=(None,)), Output(LOGITS, "tensor", shape=(None,)))
    signature = msgspec.structs.replace(record.signature, outputs=(*record.signature.outputs, *more))
    changed = msgspec.structs.replace(record, signature=signature, after=(*_own(record, files[name]), *steps))
    return {
        **files,
        name: with_outputs(files[name], (head.features, head.logits)),
        packages.RECORD: msgspec.json.encode(changed),
    }


def _own(record: Package, model: bytes) -> tuple[Step, ...]:
    """The record's steps, saying what they could leave unsaid while the model had one output: `of` which, `to` which."""
    import onnx

    wanted = [output.name for output in record.signature.outputs]
    gives = [output.name for output in onnx.load_from_string(model).graph.output]
    if len(wanted) != 1 or len(gives) != 1:
        return record.after
    if not record.after:
        return () if wanted == gives else (Step("tensor", {"of": gives[0], "to": wanted[0]}),)
    return tuple(
        Step(step.name, {"of": gives[0], "to": wanted[0], **step.options}) if step.name in DECODING else step
        for step in record.after
    )

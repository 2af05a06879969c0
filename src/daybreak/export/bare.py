"""An ONNX file of which nobody gave rows: its graph tells the signature, and nothing is compared."""

from pathlib import Path

import numpy as np

from daybreak.export.frameworks.onnx import File
from daybreak.export.samples import Samples
from daybreak.export.source import Made
from daybreak.inference.session import Session
from daybreak.registry.package import Runtime
from daybreak.signature.fields import Field, Output, Signature

UNSEEN = (
    "Nobody gave rows of it: it was not compared, no metric is known, and live rows have nothing to be held against."
)


def told(file: File) -> Signature:
    """Inputs and outputs by the graph's own names, types and shapes: tensors, and texts."""
    session = Session(str(file.file))
    inputs = []
    for name, (dtype, shape) in session.inputs.items():
        if dtype is None or dtype == np.object_:
            inputs.append(Field(name, "text"))
        else:
            inputs.append(Field(name, "tensor", dtype=np.dtype(dtype).name, shape=shape[1:]))
    return Signature(tuple(inputs), tuple(Output(name, "tensor", shape=()) for name in session.outputs))


def made(file: File, samples: Samples, folder: Path) -> Made:
    """The file as it is, with the steps that were declared."""
    way = file.copied(folder)
    return Made(Runtime("onnx"), samples.before, samples.after, (*way.limits, UNSEEN))

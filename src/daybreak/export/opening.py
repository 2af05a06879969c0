"""What a model is, by its class or by its file, and the columns that it is asked about."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.export.asking import asking
from daybreak.export.fed import Fed, Telling
from daybreak.export.samples import Samples
from daybreak.export.source import Source
from daybreak.export.stage import Stage
from daybreak.signature.columns import dtype_of, free, objects
from daybreak.signature.fields import Columns, Field, InputKind, Output, Signature
from daybreak.signature.inferring import columns_of, field_of

PICKLES = (".pkl", ".pickle", ".joblib", ".sav")
NO_PICKLE = (
    "a pickle runs whatever code it likes when it is loaded, so none is ever loaded; save the estimator by "
    "skops.io.dump(estimator, 'model.skops') where it was made, or give it to daybreak.export while it is in memory"
)
BOOSTERS = (".json", ".ubj", ".txt")
KNOWN = ".onnx, .skops, .json, .ubj, .txt, .keras, or a folder of Hugging Face"


@dataclass(frozen=True)
class Opened:
    """A source; `raw`: the columns as the samples hold them, which the original is asked about; `held`: as the signature holds them."""

    source: Source
    signature: Signature
    raw: Columns
    held: Columns


def opened(live: Any, samples: Samples, signature: Signature | None, stage: Stage) -> Opened:
    """Recognise a live model. Raises `UsageError` (`Refused` where it raises on the samples), `NotFound`, `DamagedFile`."""
    samples = replace(samples, names=tuple(samples.names), classes=tuple(map(str, samples.classes)))
    if signature is not None:
        samples = _as_declared(samples, signature)
    if samples.inputs is None:
        raise UsageError("an export is compared on real rows: give samples of what the model takes")
    if hasattr(samples.inputs, "tocsr"):
        told = "ship the pipeline with its vectorizer and give texts, or give samples.toarray()"
        raise UsageError(f"samples are rows as callers send them, got a sparse matrix: {told}")
    raw = columns_of(samples.inputs, samples.names)
    fields = (
        signature.inputs
        if signature is not None
        else _fields(raw, samples, _is_network(live), isinstance(live, Telling))
    )
    missing = [field.name for field in fields if field.name not in raw]
    if missing:
        raise UsageError(
            f"samples have every field of the signature, {', '.join(missing)} is not among {', '.join(raw)}"
        )
    raw = {field.name: raw[field.name] for field in fields}
    held = {field.name: as_held(field, raw[field.name]) for field in fields}
    declared = signature.outputs if signature is not None else ()
    with asking(raw):  # some are asked once to see what they answer
        source = _source(live, raw, held, fields, samples, stage, declared)
    outputs = declared or _described(source.outputs, samples)
    return Opened(source, Signature(tuple(fields), outputs), raw, held)


def _as_declared(samples: Samples, signature: Signature) -> Samples:
    first = signature.outputs[0]
    return replace(samples, output=first.name, classes=first.classes or samples.classes)


def _described(outputs: tuple[Output, ...], samples: Samples) -> tuple[Output, ...]:
    return tuple(
        msgspec.structs.replace(output, unit=samples.units.get(output.name, output.unit)) for output in outputs
    )


def _fields(raw: Columns, samples: Samples, network: bool, texts: bool) -> tuple[Field, ...]:
    """Inferred; of a table model numbers stay as exact as they were."""
    found = []
    for name, column in raw.items():
        kind: InputKind | None = (
            "text" if len(raw) == 1 and column.dtype == object and isinstance(column[0], str) else None
        )
        field = msgspec.structs.replace(
            field_of(name, column, "text" if texts else kind), unit=samples.units.get(name, "")
        )
        if not network and field.kind == "tensor" and column.dtype == np.float64:
            field = msgspec.structs.replace(field, dtype="float64")
        found.append(field)
    return tuple(found)


def as_held(field: Field, column: Any) -> Any:
    """A column in the type that the signature's own would have. Raises `UsageError`."""
    dtype = dtype_of(field)
    if free(field):
        rows = [np.asarray(row, None if dtype.kind == "O" else dtype) for row in column]
        return objects([row[:, :, None] if field.kind == "image" and row.ndim == 2 else row for row in rows])  # noqa: PLR2004
    if dtype.kind == "O":
        return objects([None if value is None or value != value else str(value) for value in column.tolist()])  # noqa: PLR0124
    if column.dtype == object:
        column = np.array([np.nan if value is None else value for value in column.tolist()])
    return column.astype(dtype, copy=False)


def loaded(path: Path) -> Any:
    """The live model of a file or folder. Raises `UsageError`, `NotFound`, `DamagedFile`."""
    if not path.exists():
        raise NotFound(f"no such model: {path}")
    if path.is_dir():
        from daybreak.export.frameworks import huggingface

        return huggingface.load(path)
    if path.suffix in PICKLES:
        raise UsageError(f"{path.name}: {NO_PICKLE}")
    if path.suffix in (".pt", ".pth", ".safetensors"):
        raise UsageError(
            f"{path.name} holds weights alone: name the function that builds their network, --with module:function (in Python: Checkpoint)"
        )
    if path.suffix == ".onnx":
        from daybreak.export.frameworks.onnx import File

        return File(path)
    if path.suffix == ".skops":
        return _skops(path)
    if path.suffix == ".keras":
        from daybreak.export.frameworks import keras

        return keras.load(path)
    if path.suffix in BOOSTERS:
        from daybreak.export.frameworks import boosting

        return boosting.load(path)
    raise UsageError(f"a model is one of {KNOWN}, got {path.name}")


def _skops(path: Path) -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise UsageError(".skops files are read by skops, which is missing: pip install 'daybreak[export]'") from error
    from daybreak.export.python.served import unsafe

    try:
        trusted = skops.io.get_untrusted_types(file=path)
    except Exception as error:  # zip's and skops' own
        raise DamagedFile(f"{path} is no file of skops: {str(error)[:200]}") from error
    if foreign := unsafe(trusted):
        raise UsageError(
            f"{path.name} names {', '.join(foreign)}: only classes of scikit-learn, NumPy and SciPy are built from a file, no functions, "
            "which it could call as it likes; give the estimator to daybreak.export while it is in memory"
        )
    return skops.io.load(path, trusted=trusted)


def _is_network(live: Any) -> bool:
    return not (hasattr(live, "fit") and hasattr(live, "get_params")) and not _family(live).startswith(
        ("xgboost", "lightgbm")
    )


def _family(live: Any) -> str:
    """The library of a live object, through its base classes."""
    for base in type(live).__mro__:
        root = base.__module__.partition(".")[0]
        if root in ("xgboost", "lightgbm", "keras", "transformers", "torch", "sklearn", "daybreak"):
            return root
    return type(live).__module__


def _source(
    live: Any,
    raw: Columns,
    held: Columns,
    fields: tuple[Field, ...],
    samples: Samples,
    stage: Stage,
    declared: tuple[Output, ...],
) -> Source:
    family, output = _family(live), samples.output or "prediction"
    if family in ("xgboost", "lightgbm"):
        from daybreak.export.frameworks.boosting import Boosted

        return Boosted(live, raw, classes=samples.classes, output=output)
    if family == "sklearn" or (hasattr(live, "predict") and hasattr(live, "get_params")):
        from daybreak.export.frameworks.sklearn import Estimator

        return Estimator(live, raw, classes=samples.classes, output=output)
    return Fed(_core(live, family), held, fields, samples, stage, declared)


def _core(live: Any, family: str) -> Any:
    if family == "daybreak" and hasattr(live, "files"):  # a file or a folder that was opened
        return live
    if family == "keras":
        from daybreak.export.frameworks.keras import Keras

        return Keras(live)
    if family in ("torch", "transformers", "daybreak"):
        from daybreak.export.frameworks import torch

        return torch.Network(torch.load(live) if isinstance(live, torch.Checkpoint) else live)
    raise UsageError(
        f"a model is of torch, scikit-learn, Keras, XGBoost, LightGBM or ONNX, or a file ({KNOWN}), got {type(live).__name__}"
    )

"""Loads a scikit-learn estimator that skops kept, in a worker process. Stands in the package under code/; needs no Daybreak."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, Any]

# skops walks through all of scikit-learn, and so through adapters that import torch where it is: much of a start, and no kept model's need.
UNNEEDED = tuple(f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "cupy", "dask"))


def load(folder: str | Path) -> Callable[[Arrays], Arrays]:
    """A function from columns to {output: scores (rows, classes), or numbers}."""
    skops_io = _without_unneeded()
    model = Path(folder) / "model"
    told = json.loads((model / "served.json").read_text(encoding="utf-8"))
    estimator = skops_io.load(model / "model.skops", trusted=told["trusted"])
    hand = _HANDS[told["form"]]

    def predict(feeds: Arrays) -> Arrays:
        given = hand({name: feeds[name] for name in told["columns"]})
        if told["scores"]:
            return {told["output"]: np.asarray(estimator.predict_proba(given))}
        answer = np.asarray(estimator.predict(given))
        if told["kind"] == "label":
            answer = (answer[:, None] == estimator.classes_[None, :]).astype(np.float32)
        return {told["output"]: answer.reshape(len(answer)) if told["kind"] == "number" else answer}

    return predict


def _without_unneeded() -> Any:
    """The module `skops.io`, imported without scikit-learn's adapters for torch and others."""
    absent = [name for name in UNNEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an import of it raises ImportError
    try:
        import skops.io

        return skops.io
    finally:
        for name in absent:
            del sys.modules[name]


def _matrix(columns: Arrays) -> Any:
    parts = [
        column.reshape(len(column), -1) if column.ndim == 1 or len(columns) > 1 else column
        for column in columns.values()
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _frame(columns: Arrays) -> Any:
    import pandas as pd

    return pd.DataFrame({name: list(column) if column.ndim > 1 else _words(column) for name, column in columns.items()})


def _words(column: Any) -> Any:
    """Missing words are NaN, as files read by pandas have them."""
    if column.dtype != object:
        return column
    held = np.empty(len(column), object)
    held[:] = [np.nan if value is None else value for value in column]
    return held


def _texts(columns: Arrays) -> Any:
    return next(iter(columns.values()))


_HANDS: dict[str, Callable[[Arrays], Any]] = {"matrix": _matrix, "frame": _frame, "texts": _texts}

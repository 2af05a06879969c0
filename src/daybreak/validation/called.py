"""Runs in the user's interpreter, as a script: calls a function with data and says what came of it. Imports nothing of Daybreak.

Data lies in folders, a file per column: `.npy`, or `.json` for text. A table becomes a pandas DataFrame where pandas is installed and all
columns are flat, otherwise a dict of NumPy arrays. Random generators that are shared by all (random, numpy, torch) are seeded alike each
time, so that only what a function does not seed itself can differ between two calls.
"""

import hashlib
import importlib
import importlib.util
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(job_file: str) -> None:
    """Make the calls that the file describes, each in a fork of its own: what one call leaves in memory reaches no other."""
    job = json.loads(Path(job_file).read_text())
    sys.path.insert(0, job["folder"])
    module, _, name = job["function"].partition(":")
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    if importlib.util.find_spec("pandas"):
        importlib.import_module("pandas")  # once, not in every fork
    told = digests if job["wanted"] == "digests" else predictions
    Path(job["defined"]).write_text(json.dumps(defined(function)))
    for call in job["calls"]:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                Path(call["answer"]).write_text(json.dumps(answered(function, call, told)))
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        os.waitpid(child, 0)


def answered(function: Any, call: dict[str, str], told: Any) -> dict[str, Any]:
    """What came of one call: {"found": ...} or {"failed": why}."""
    try:
        seed()
        first = Path(call["model"]) if "model" in call else frame(Path(call["train"]))
        return {"found": told(function(first, frame(Path(call["test"]))))}
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever the user's code raises)
        return {"failed": said(error)}


def said(error: BaseException) -> str:
    """An error in words: Daybreak's own (a checkpoint that cannot be read) are sentences, all others need their class."""
    ours = any(kind.__name__ == "DaybreakError" for kind in type(error).__mro__)
    return str(error) if ours else f"{type(error).__name__}: {error}"


def seed() -> None:
    """Seed the generators that everybody shares."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 (the one that user code draws from)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def defined(function: Any) -> list[Any]:
    """[file, line] of a function, [] where it has none."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    return [code.co_filename, code.co_firstlineno] if code else []


def frame(folder: Path) -> Any:
    """The table in a folder."""
    columns: dict[str, Any] = {}
    for name, file in json.loads((folder / "columns.json").read_text()):
        path = folder / file
        columns[name] = np.load(path) if path.suffix == ".npy" else json.loads(path.read_text())
    return table(columns)


def table(columns: dict[str, Any]) -> Any:
    """Columns (arrays, or lists of strings) as a user's function is given them."""
    arrays = {
        name: np.array(values, dtype=object) if isinstance(values, list) else values.copy()
        for name, values in columns.items()
    }
    flat = all(values.ndim == 1 for values in arrays.values())
    if flat and importlib.util.find_spec("pandas"):
        import pandas as pd

        return pd.DataFrame(arrays)
    return arrays


def first_of(answer: Any) -> Any:
    """The train features of what a preprocessing returned."""
    if isinstance(answer, dict) and "train" in answer:
        return answer["train"]
    if isinstance(answer, (tuple, list)) and len(answer) > 1:
        return answer[0]
    raise TypeError(f"it returns (train features, test features), got {type(answer).__name__}")


def digests(answer: Any) -> dict[str, str]:
    """Column -> hash of its values, type and length."""
    return {name: digest(values) for name, values in columns_of(first_of(answer)).items()}


def columns_of(features: Any) -> dict[str, Any]:
    """Columns by name, of what libraries return."""
    if isinstance(features, dict):
        return dict(features)
    if hasattr(features, "tocsc"):
        columns = features.tocsc().sorted_indices()
        each = (columns[:, [index]] for index in range(columns.shape[1]))
        return {str(index): (one.indices, one.data, one.shape[0]) for index, one in enumerate(each)}
    if hasattr(features, "column_names") and hasattr(features, "column"):  # Arrow
        return {name: features.column(name).to_pylist() for name in features.column_names}
    if hasattr(features, "columns") and hasattr(features, "iloc"):  # pandas
        return {str(name): _values(features.iloc[:, index]) for index, name in enumerate(features.columns)}
    if hasattr(features, "get_columns"):  # Polars
        return {series.name: series.to_numpy() for series in features.get_columns()}
    return _array(features)


def _array(features: Any) -> dict[str, Any]:
    values = np.asarray(features.detach().cpu() if hasattr(features, "detach") else features)
    if values.ndim == len(("rows", "columns")):
        return {str(index): np.ascontiguousarray(values[:, index]) for index in range(values.shape[1])}
    return {"values": values}


def _values(series: Any) -> Any:
    """A pandas column: an array, or a list where it has no plain NumPy type."""
    plain = isinstance(series.dtype, np.dtype) and series.dtype != np.dtype(object)
    return series.to_numpy() if plain else series.tolist()


def digest(values: Any) -> str:
    """A hash of bits where there are numbers, of what is written otherwise."""
    found = hashlib.blake2b(digest_size=16)
    for part in values if isinstance(values, tuple) else (values,):
        array = part if isinstance(part, np.ndarray) else None
        if array is not None and array.dtype != np.dtype(object):
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        else:
            found.update(repr(part.tolist() if array is not None else part).encode())
    return found.hexdigest()


def predictions(answer: Any) -> Any:
    """Lists of labels, values or probabilities."""
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu().numpy()
    return np.asarray(answer).tolist()


if __name__ == "__main__":
    main(sys.argv[1])

"""Rows that a model is compared on, from a file or a function of the user's."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from daybreak.base.errors import NotFound, UsageError
from daybreak.spec.shorthand import FUNCTION

TABLES = (".parquet", ".csv", ".tsv", ".jsonl")
ARRAYS = (".npz", ".npy")
INPUTS, TARGETS = ("x", "X", "inputs", "x_test", "x_valid"), ("y", "targets", "y_test", "y_valid")


def read(told: str, target: str = "") -> tuple[Any, Any]:
    """Inputs and right answers (None without any): of a table, its columns with `target` taken out; of an .npz its x and y.

    `module:function` is called without arguments and returns (inputs, targets), or inputs. Raises `UsageError`, `NotFound`.
    """
    if FUNCTION.fullmatch(told):
        found = _function(told)()
        return found if isinstance(found, tuple) else (found, None)
    file = Path(told).expanduser()
    if not file.exists():
        raise NotFound(f"samples are a file of rows or a function, module:function; there is no {told}")
    try:
        if file.suffix in ARRAYS:
            return _arrays(file)
        if file.suffix in TABLES:
            return _table(file, target)
    except (OSError, ValueError, BadZipFile) as error:  # Arrow's errors and NumPy's are these
        raise UsageError(f"{file} cannot be read as {file.suffix}: {str(error).splitlines()[0]}") from error
    raise UsageError(f"samples are read from {', '.join((*TABLES, *ARRAYS))} or module:function, got {told}")


def _arrays(file: Path) -> tuple[Any, Any]:
    import numpy as np

    found = np.load(file, allow_pickle=False)
    if file.suffix == ".npy":
        return found, None
    inputs = next((name for name in INPUTS if name in found), None)
    if inputs is None:
        raise UsageError(f"{file} holds its rows as x and their right answers as y, it has {', '.join(found)}")
    targets = next((found[name] for name in TARGETS if name in found), None)
    return found[inputs], targets


def _table(file: Path, target: str) -> tuple[Any, Any]:
    try:
        import pyarrow.csv
        import pyarrow.json
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(
            f"{file} is read by pyarrow, which is missing: pip install 'daybreak[export]', or give .npz"
        ) from error

    if file.suffix == ".parquet":
        table = pyarrow.parquet.read_table(file)
    elif file.suffix == ".jsonl":
        table = pyarrow.json.read_json(file)
    else:
        options = pyarrow.csv.ParseOptions(delimiter="\t" if file.suffix == ".tsv" else ",")
        table = pyarrow.csv.read_csv(file, parse_options=options)
    if target and target not in table.column_names:
        raise UsageError(f"--target names a column of {file}, there is no {target!r}: {', '.join(table.column_names)}")
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return columns, columns.pop(target) if target else None


def _function(told: str) -> Callable[[], Any]:
    module, _, name = told.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--samples {told} cannot be loaded: {error}") from error
    if not callable(found):
        raise UsageError(f"--samples {told} is a function, it is a {type(found).__name__}")
    return found  # type: ignore[no-any-return]

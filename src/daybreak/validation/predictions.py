"""A model's predictions from a file: .npy, or CSV with one column (labels or values) or one column per class (probabilities)."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from daybreak.base.errors import UsageError

Values = np.ndarray[Any, Any]


def read(file: Path) -> Values:
    """Shape (n,) or (n, classes), in the order of the test rows. A header is recognised. Raises `UsageError`."""
    try:
        if file.suffix == ".npy":
            return _checked(np.load(file, allow_pickle=False), file)
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = [row for row in csv.reader(lines) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"predictions are a .npy or CSV file, {file} cannot be read: {error}") from error
    if rows and _is_header(rows):
        rows = rows[1:]
    if not rows or len({len(row) for row in rows}) > 1:
        raise UsageError(f"predictions have one line per test row, all with as many cells: {file} has not")
    values = np.array(rows)
    try:
        values = values.astype(np.float64)
    except ValueError:
        if values.shape[1] > 1:
            raise UsageError(f"several columns of predictions are probabilities, {file} holds text") from None
    return _checked(values[:, 0] if values.shape[1] == 1 else values, file)


def _checked(values: Values, file: Path) -> Values:
    if values.ndim not in {1, 2} or not len(values):
        raise UsageError(f"predictions have the shape (rows,) or (rows, classes), {file} has {values.shape}")
    return values


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first line is words where all others are numbers, or says what it is."""
    if [cell.strip().lower() for cell in rows[0]] in (
        ["prediction"],
        ["predictions"],
        ["label"],
        ["y_pred"],
        ["target"],
    ):
        return True
    return not any(map(_numeric, rows[0])) and len(rows) > 1 and all(map(_numeric, rows[1]))


def _numeric(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

"""Columns in the form that an estimator was fitted on: a frame, a matrix or a list of texts."""

from typing import Any, Literal

import numpy as np

from daybreak.base.errors import UsageError
from daybreak.export.source import rows_of
from daybreak.signature.fields import Columns

Form = Literal["frame", "matrix", "texts"]


def form_of(estimator: Any, columns: Columns) -> Form:
    """What to hand over: a frame where names or words are asked for, the list of texts where there is one column of them."""
    if getattr(estimator, "feature_names_in_", None) is not None:
        return "frame"
    if len(columns) == 1 and next(iter(columns.values())).dtype == object:
        return "texts"
    if any(column.dtype == object for column in columns.values()):
        return "frame"
    return "matrix"


def handed(columns: Columns, form: Form) -> Any:
    """The columns in that form."""
    if form == "texts":
        return next(iter(columns.values()))
    return frame(columns) if form == "frame" else matrix(columns)


def matrix(columns: Columns) -> Any:
    """(rows, columns), of the widest type among them."""
    if len(columns) == 1:
        only = next(iter(columns.values()))
        return only[:, None] if only.ndim == 1 else only
    return np.concatenate([column.reshape(rows_of(columns), -1) for column in columns.values()], axis=1)


def frame(columns: Columns) -> Any:
    """A pandas frame. Raises `UsageError` where pandas is missing."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UsageError(
            "a model that was fitted on a data frame is compared with pandas, which is missing: pip install pandas"
        ) from error
    return pd.DataFrame({name: list(column) if column.ndim > 1 else column for name, column in columns.items()})

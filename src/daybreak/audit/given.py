"""The user's predictions for the test rows, whatever form they have: labels, values, or probabilities of classes."""

from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit.baselines import Predicted
from daybreak.audit.canonical import label_texts, numbers, plain
from daybreak.audit.frame import Frame
from daybreak.audit.problem import Problem
from daybreak.base.errors import UsageError


def given(frame: Frame, problem: Problem, predictions: Any) -> Predicted:
    """Predictions for the frame's test rows that have a target, in the form of the baselines'.

    `predictions`: (m,) labels or values, (m,) probabilities of the second of two classes, or (m, classes) probabilities in the order of the
    sorted classes (numbers by size); m is the whole test side. Raises `UsageError` where they do not fit.
    """
    values = np.asarray(predictions)
    if values.ndim == 2 and values.shape[1] == 1:  # noqa: PLR2004 (a column)
        values = values[:, 0]
    if len(values) != frame.test.total:
        raise UsageError(
            f"there is one prediction per test row, got {len(values):,} for {frame.test.total:,} rows: "
            "predict for the test data as it is, in its order"
        )
    values = values[frame.test.positions[problem.rows_test]]
    if problem.numeric:
        return _values(values)
    return _probabilities(values, problem) if values.ndim == 2 else _labels(values, problem)  # noqa: PLR2004 (a matrix)


def _values(values: Any) -> Predicted:
    try:
        found = np.asarray(values, np.float64)
    except (ValueError, TypeError) as error:
        raise UsageError(f"predictions of a number are numbers, got {values[0]!r}") from error
    if found.ndim != 1 or not np.isfinite(found).all():
        raise UsageError(
            "predictions of a number are one finite number per test row, these hold NaN, infinity or more than one"
        )
    return Predicted(found)


def _probabilities(values: Any, problem: Problem) -> Predicted:
    """The likeliest class. Columns are all classes, or those of train."""
    known = np.unique(problem.y)
    if values.shape[1] == len(problem.classes):
        known = np.arange(len(problem.classes), dtype=np.float64)
    elif values.shape[1] != len(known):
        raise UsageError(
            f"probabilities have one column per class ({len(problem.classes)}: {', '.join(problem.classes[:10])}), "
            f"got {values.shape[1]}"
        )
    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        raise UsageError("probabilities are finite numbers, these hold NaN or infinity")
    return Predicted(known[values.argmax(1)], values[:, 1] if len(known) == 2 else None)  # noqa: PLR2004


def _labels(values: Any, problem: Problem) -> Predicted:
    """Labels by their canonical names; otherwise class numbers from 0; otherwise probabilities of the second class."""
    named = _named(values, problem)
    if named is not None:
        return named
    found = numbers(plain(pa.array(values))).to_numpy(zero_copy_only=False)
    if np.isnan(found).any():
        raise UsageError(
            f"predictions are classes of the target ({', '.join(problem.classes[:10])}), got {sorted(set(values.tolist()))[:5]}"
        )
    whole = (found == np.floor(found)).all()
    if whole and found.min() >= 0 and found.max() < len(problem.classes):
        return Predicted(found)
    if len(problem.classes) == 2 and found.min() >= 0 and found.max() <= 1:  # noqa: PLR2004
        return Predicted((found > 0.5).astype(np.float64), found)  # noqa: PLR2004
    raise UsageError(
        f"predictions are classes of the target ({', '.join(problem.classes[:10])}) or probabilities, "
        f"got numbers from {found.min():g} to {found.max():g}"
    )


def _named(values: Any, problem: Problem) -> Predicted | None:
    """Codes of labels where nearly all are names of classes (as they are, but for case, or for a mark at their end)."""
    texts = label_texts(plain(pa.array(values.tolist() if values.dtype == object else values)))
    encoded = texts.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    for write in (str, str.casefold, lambda name: name.rstrip(".,;:!").casefold()):
        codes = {write(name): code for code, name in enumerate(problem.classes)}
        found = np.array([codes.get(write(word), -1) for word in words], np.float64)
        labels = found[encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)] if words else np.empty(0)
        if texts.null_count == 0 and len(codes) == len(problem.classes) and (labels >= 0).mean() > 0.5:  # noqa: PLR2004
            return Predicted(labels)  # a class that was never heard of is a wrong answer
    return None

"""Missing words: NaN or None where an estimator was fitted, the empty text in a graph, which knows no null among strings."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np


def as_empty(estimator: Any) -> Any:
    """The estimator with the empty text for missing words, in encoders and imputers of words; itself where there are none.

    Whether that is right (somebody's words may be empty and not missing) is for parity to say.
    """
    if not any(_misses(part) for part in _parts(estimator)):
        return estimator
    changed = copy.deepcopy(estimator)
    for part in filter(_misses, _parts(changed)):
        if hasattr(part, "categories_"):
            part.categories_ = [np.array([_word(value) for value in known], known.dtype) for known in part.categories_]
        else:
            part.missing_values = ""
    return changed


def _parts(estimator: Any) -> Iterator[Any]:
    """The estimator and all that it is made of."""
    yield estimator
    for step in getattr(estimator, "steps", []):
        yield from _parts(step[1])
    for step in getattr(estimator, "transformers_", []):
        yield from _parts(step[1])


def _misses(part: Any) -> bool:
    """Whether it was fitted on words of which some were missing, or asks for missing ones."""
    if hasattr(part, "categories_"):
        return any(_missing(value) for known in part.categories_ if known.dtype.kind == "O" for value in known)
    told = getattr(part, "statistics_", None)
    return told is not None and told.dtype.kind == "O" and _missing(part.missing_values)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _word(value: Any) -> Any:
    return "" if _missing(value) else value

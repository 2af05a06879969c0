"""The task's metrics, from the answers that a package gives and the right ones. The first of each is judged; for it more is better."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.signature.answers import decided
from daybreak.signature.fields import Columns, Output, Span


def measured(outputs: Sequence[Output], answers: Columns, targets: Any, known: Sequence[str] = ()) -> dict[str, float]:
    """Metrics of the first output; none for one without a metric. `known`: the original's own names of classes, where others are told.

    Raises `UsageError` for right answers that cannot be held against the output.
    """
    output, given = outputs[0], answers[outputs[0].name]
    if len(targets) != len(given):
        raise UsageError(f"there is one right answer a row, got {len(targets)} for {len(given)} rows")
    if output.kind == "label":
        return _labels(given, places(targets, output, known, given.shape[1]), output.threshold)
    if output.kind == "number":
        return _numbers(np.asarray(given[:, 0] if output.interval else given, np.float64), _plain(targets))
    if output.kind == "span":
        return _spans(given, targets)
    if output.kind == "text":
        return {"exact": float(np.mean([str(a) == str(b) for a, b in zip(given, targets, strict=True)]))}
    if output.kind == "tensor" and given.dtype != object and np.shape(targets) == given.shape:
        return _numbers(given.reshape(-1).astype(np.float64), _plain(targets))
    return {}


def places(targets: Any, output: Output, known: Sequence[str], width: int) -> NDArray[np.intp]:
    """(rows,) which score each right answer is: by its name, or else by its number. Raises `UsageError`."""
    values = [value.item() if isinstance(value, np.generic) else value for value in targets]
    for names in (output.classes, known):
        table = {name: place for place, name in enumerate(names)}
        if table and all(str(value) in table for value in values):
            return np.array([table[str(value)] for value in values], np.intp)
    if all(isinstance(value, int) and 0 <= value < width for value in values):
        return np.array(values, np.intp)
    strange = next(value for value in values if str(value) not in output.classes)
    raise UsageError(
        f"a right answer is one of {', '.join(output.classes[:10])}, or a number below {width}, got {strange!r}"
    )


def _labels(scores: NDArray[Any], right: NDArray[np.intp], threshold: float | None) -> dict[str, float]:
    accuracy = float((decided(scores, threshold) == right).mean())
    if np.all((scores == 0) | (scores == 1)):  # it knows no probabilities
        return {"accuracy": accuracy}
    sure = np.clip(scores[np.arange(len(right)), right].astype(np.float64), 1e-15, 1.0)
    return {"accuracy": accuracy, "log_loss": float(-np.log(sure).mean())}


def _numbers(told: NDArray[np.float64], right: NDArray[np.float64]) -> dict[str, float]:
    residual = right - told
    spread = float(((right - right.mean()) ** 2).mean())
    mean_square = float((residual**2).mean())
    errors = {"rmse": mean_square**0.5, "mae": float(np.abs(residual).mean())}
    return {"r2": 1 - mean_square / spread, **errors} if spread else {}


def _plain(targets: Any) -> NDArray[np.float64]:
    values = np.asarray(targets, np.float64)
    odd = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if odd.size:
        raise UsageError(
            f"right answers are finite numbers, got others in {odd.size} of {len(values)} rows, first in row {odd[0]}: leave those rows out"
        )
    return values.reshape(-1)


def _spans(given: NDArray[Any], targets: Any) -> dict[str, float]:
    """F1 over words and exact matches, as SQuAD counts them (Rajpurkar et al., 2016)."""
    pairs = [
        (_words(a.text), _words(b.text if isinstance(b, Span) else str(b))) for a, b in zip(given, targets, strict=True)
    ]
    return {"f1": float(np.mean([_f1(a, b) for a, b in pairs])), "exact": float(np.mean([a == b for a, b in pairs]))}


def _words(text: str) -> list[str]:
    kept = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", kept).split()


def _f1(a: list[str], b: list[str]) -> float:
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if a and b else float(a == b)

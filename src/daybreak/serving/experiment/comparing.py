"""Whether two versions answer the same rows alike, output by output; outputs are matched by name and kind."""

from collections.abc import Callable
from typing import Any

import numpy as np

from daybreak.serving.calls import Arm
from daybreak.signature.answers import decided, undecided
from daybreak.signature.fields import Columns, Output

CLOSE = 0.01  # numbers within 1 % of each other agree
Alike = tuple[Any, Any]  # (rows,) bool: agree; (rows,) float: how far apart, NaN where that is no number


def compare(one: Arm, ours: Columns, other: Arm, theirs: Columns, rows: int) -> Alike:
    """Of two arms' outputs for the same rows: agreement in all outputs, and the largest difference of scores or numbers in any.

    A label agrees by its name, a number or tensor within 1 %, texts, spans and images exactly. Without an output in common none agrees.
    """
    agree, apart = np.ones(rows, bool), np.full(rows, np.nan)
    outputs = {output.name: output for output in other.model.signature.outputs}
    pairs = [
        (output, outputs[output.name])
        for output in one.model.signature.outputs
        if output.name in outputs and outputs[output.name].kind == output.kind
    ]
    for left, right in pairs:
        if left.kind == "label":
            same, gap = _labels(one, left, ours[left.name], other, right, theirs[right.name])
        elif left.kind in {"number", "tensor"}:
            same, gap = _numbers(ours[left.name], theirs[right.name])
        else:
            same, gap = _exactly(ours[left.name], theirs[right.name]), np.full(rows, np.nan)
        agree &= same
        apart = np.fmax(apart, gap)
    return (agree if pairs else np.zeros(rows, bool)), apart


def _labels(one: Arm, left: Output, ours: Any, other: Arm, right: Output, theirs: Any) -> Alike:
    names = [
        _named(output, decided(scores, arm.served.thresholds.get(output.name, output.threshold)))
        for arm, output, scores in ((one, left, ours), (other, right, theirs))
    ]
    comparable = ours.shape == theirs.shape and left.classes == right.classes
    gap = np.abs(ours - theirs).max(axis=1) if comparable else np.full(len(ours), np.nan)
    return (names[0] == names[1]) & (undecided(ours) == undecided(theirs)), gap


def _named(output: Output, places: Any) -> Any:
    return np.array(output.classes, object)[places] if output.classes else places.astype(str).astype(object)


def _numbers(ours: Any, theirs: Any) -> Alike:
    """Rows of tensors with a free axis are arrays of their own."""
    if object in (ours.dtype, theirs.dtype) or ours.shape != theirs.shape:
        return _exactly(ours, theirs), np.full(len(ours), np.nan)
    ours, theirs = (np.asarray(one, np.float64).reshape(len(one), -1) for one in (ours, theirs))
    with np.errstate(invalid="ignore"):
        gap = np.abs(ours - theirs)
        same = (
            (gap <= CLOSE * np.maximum(np.abs(ours), np.abs(theirs)))
            | (np.isnan(ours) & np.isnan(theirs))
            | (ours == theirs)
        )
    return same.all(axis=1), gap.max(axis=1, initial=0.0)


def _exactly(ours: Any, theirs: Any) -> Any:
    equal: Callable[[Any, Any], bool] = lambda left, right: bool(np.array_equal(left, right))  # noqa: E731
    return np.fromiter(map(equal, ours, theirs), bool, len(ours))

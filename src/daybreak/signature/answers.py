"""Outputs as JSON, row by row: {"digit": {"label": "7", "score": 0.98, "probabilities": {...}}, ...}, keyed by output.

Scores are told to seven significant digits, one %-format a row (a tenth of what building objects costs); numbers by the shortest text
that reads back as the same number; what is not finite is null, and so is the label where a score is NaN.
"""

from collections.abc import Callable, Mapping
from math import isfinite, isnan
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.signature.fields import Columns, Output, Signature
from daybreak.signature.media import as_png

Writer = Callable[[NDArray[Any]], list[str]]  # a column of one output as JSON, row by row

_json = msgspec.json.Encoder(order="deterministic")


def encoder(signature: Signature, thresholds: Mapping[str, float] | None = None) -> Callable[[Columns], list[bytes]]:
    """A function from outputs to one JSON object a row. `thresholds`: of two-class outputs by name, in place of the signature's."""
    given = thresholds or {}
    writers = [(output.name, writer(output, given.get(output.name, output.threshold))) for output in signature.outputs]
    heads = ["{" + _text(writers[0][0]) + ":"] + ["," + _text(name) + ":" for name, _ in writers[1:]]
    if len(writers) == 1:
        (name, write), head = writers[0], heads[0]
        return lambda outputs: [f"{head}{value}}}".encode() for value in write(outputs[name])]

    def encode(outputs: Columns) -> list[bytes]:
        columns = [write(outputs[name]) for name, write in writers]
        rows = zip(*columns, strict=True)
        return [("".join(map("".join, zip(heads, row, strict=True))) + "}").encode() for row in rows]

    return encode


def writer(output: Output, threshold: float | None = None) -> Writer:
    """The writer of one output's column."""
    if output.kind == "label":
        return _Labels(output.classes, threshold)
    if output.kind == "number":
        return _intervals if output.interval else _numbers
    return {"text": _texts, "span": _spans, "image": _images, "tensor": _tensors}[output.kind]


def undecided(scores: NDArray[Any]) -> NDArray[np.bool_]:
    """(rows,) whether a row has a score that is no number (NaN): then none is the highest, and no class is told."""
    with np.errstate(invalid="ignore", over="ignore"):
        if not np.isnan(scores.sum()):
            return np.zeros(len(scores), bool)
    return np.asarray(np.isnan(scores).any(axis=1))


def decided(scores: NDArray[Any], threshold: float | None) -> NDArray[Any]:
    """(rows,) the place of the class that is told: the highest score, or the second of two from the threshold on.

    It means nothing for rows that are `undecided`.
    """
    if threshold is not None and scores.shape[1] == 2:  # noqa: PLR2004 - two classes
        return (scores[:, 1] >= threshold).astype(np.intp)
    places: NDArray[Any] = scores.argmax(axis=1)
    return places


class _Labels:
    """Scores (rows, classes) as label, score and probabilities."""

    def __init__(self, classes: tuple[str, ...], threshold: float | None) -> None:
        self.threshold = threshold
        self.names: list[str] = []
        self._name(classes)

    def _name(self, classes: tuple[str, ...]) -> None:
        self.names = [_text(name) for name in classes]
        escaped = [name.replace("%", "%%") for name in self.names]
        self.form = '{"label":%s,"score":%.7g,"probabilities":{' + ",".join(f"{name}:%.7g" for name in escaped) + "}}"

    def __call__(self, scores: NDArray[Any]) -> list[str]:
        if not self.names:  # nobody named them: by their places
            self._name(tuple(map(str, range(scores.shape[1]))))
        form, names = self.form, self.names
        places = decided(scores, self.threshold).tolist()
        return [
            form % (names[place], row[place], *row) if isfinite(sum(row)) else self._odd(row, place)
            for row, place in zip(scores.tolist(), places, strict=True)
        ]

    def _odd(self, row: list[float], place: int) -> str:
        told = [f"{score:.7g}" if isfinite(score) else "null" for score in row]
        unknown = any(isnan(score) for score in row)
        label, sure = ("null", "null") if unknown else (self.names[place], told[place])
        probabilities = ",".join(f"{name}:{score}" for name, score in zip(self.names, told, strict=True))
        return f'{{"label":{label},"score":{sure},"probabilities":{{{probabilities}}}}}'


def _text(value: object) -> str:
    return _json.encode(str(value)).decode()


def _number(value: Any) -> str:
    return str(value) if np.isfinite(value) else "null"


def _numbers(column: NDArray[Any]) -> list[str]:
    if column.dtype == np.bool_:  # 0 and 1, as the signature promises numbers
        column = column.astype(np.int8)
    return [_number(value) for value in column]


def _intervals(column: NDArray[Any]) -> list[str]:
    return ['{"value":%s,"low":%s,"high":%s}' % tuple(map(_number, row)) for row in column]  # noqa: UP031


def _texts(column: NDArray[Any]) -> list[str]:
    return [_text(value) for value in column]


def _spans(column: NDArray[Any]) -> list[str]:
    return [_json.encode(span).decode() for span in column]


def _images(column: NDArray[Any]) -> list[str]:
    return [_text(as_png(pixels)) for pixels in column]


def _tensors(column: NDArray[Any]) -> list[str]:
    return [_json.encode(row.tolist()).decode() for row in column]

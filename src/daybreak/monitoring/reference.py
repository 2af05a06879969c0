"""The reference that live windows are compared with, from a sample of what the model takes and gives; made at registration."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import UsageError
from daybreak.monitoring.bins import cut, finite_of, tally
from daybreak.monitoring.calibration import accuracy, calibrated, rightness, scored_numbers
from daybreak.monitoring.columns import CONFIDENCE, WHOLE, Texts, Values, as_texts, measured
from daybreak.monitoring.kinds import answer_kind, kind_of, of_input, of_output
from daybreak.monitoring.measures import tensors, texts
from daybreak.monitoring.records import QUANTILES, Calibration, Classes, Column, Kind, Numbers, Reference, Score, Track
from daybreak.monitoring.special import Vector
from daybreak.signature.fields import Signature

MOST_VALUES = 200  # classes of a column that are counted by name
MOST_CHARACTERS = 80  # of a class's name
MOST_ROWS = 100_000  # more are thinned evenly: beyond that the reference's own chance no longer matters
PREDICTED = ("label", "category", "number")
DIGITS = 5  # of a centre's numbers


def make(
    columns_in: Values,
    columns_out: Values,
    *,
    signature: Signature | None = None,
    kinds: Mapping[str, Kind] | None = None,
    truth: Any = None,
    predicted: str | None = None,
) -> Reference:
    """A reference of columns: name -> values whose first axis is rows (NumPy array, or a list of texts, pictures, sounds).

    `columns_in`: what the model takes, as the signature lays it out in memory; rows of the evaluation set, not of training.
    `columns_out`: its answers to the same rows; scores (rows, classes) of labels. What the signature does not name is guessed from values,
    unless `kinds` says it (the only way to name an "embedding").
    `truth`: right answers (rows,), None where unknown; with them the reference holds the score, and how confidence and being right go
    together. `predicted`: the output that they are of (default: the first label, category or number).

    Raises `UsageError` where columns differ in rows, or hold what cannot be followed.
    """
    rows = _rows(columns_in, columns_out, truth)
    step = -(-rows // MOST_ROWS)
    fields = [of_input(field) for field in signature.inputs] if signature else []
    answers = [of_output(output) for output in signature.outputs] if signature else []
    inputs = _columns(columns_in, fields, kinds or {}, kind_of, step)
    outputs = _columns(columns_out, answers, kinds or {}, answer_kind, step)
    predicted = predicted or next((column.name for column in outputs if column.kind in PREDICTED), "")
    column = next((column for column in outputs if column.name == predicted), None)
    if truth is None or column is None:
        return Reference(-(-rows // step), inputs, outputs, predicted)
    score, calibration = _proved(column, columns_out[predicted], truth)
    return Reference(-(-rows // step), inputs, outputs, predicted, score, calibration)


def _columns(
    values: Values, described: Sequence[Column], kinds: Mapping[str, Kind], guess: Callable[[str, Any], Kind], step: int
) -> tuple[Column, ...]:
    known = {column.name: column for column in described}
    made = []
    for name, held in values.items():
        column = known.get(name) or Column(name, kinds.get(name) or guess(name, held))
        if name in kinds:
            column = msgspec.structs.replace(column, kind=kinds[name])
        made.append(_followed(column, held[::step]))
    return tuple(made)


def _proved(column: Column, answers: Any, truth: Any) -> tuple[Score | None, Calibration | None]:
    """The score of answers, and of labels what their confidence says."""
    tracks = measured(column, answers)
    if column.kind == "number":
        return scored_numbers(np.asarray(tracks[WHOLE]), truth), None
    right = rightness(tracks[WHOLE], truth)
    score = accuracy(int((right == 1).sum()), int((right >= 0).sum()))
    track = next((track for track in column.tracks if track.name == CONFIDENCE), None)
    if not isinstance(track, Numbers):
        return score, None
    return score, calibrated(column.name, np.asarray(tracks[CONFIDENCE]), right, track.edges)


def _rows(columns_in: Values, columns_out: Values, truth: Any) -> int:
    counts = {f"input {name!r}": len(values) for name, values in columns_in.items()}
    counts |= {f"output {name!r}": len(values) for name, values in columns_out.items()}
    if truth is not None:
        counts["truth"] = len(truth)
    if not counts or min(counts.values()) == 0:
        raise UsageError("a reference needs rows, got none: give samples of what the model takes and gives")
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {rows}" for name, rows in counts.items())
        raise UsageError(f"columns of a reference must have the same number of rows, got {told}")
    return next(iter(counts.values()))


def _followed(column: Column, values: Any) -> Column:
    """The column with its tracks, and what they are measured with."""
    if column.kind == "text":
        return _text_column(column, values)
    if column.kind == "embedding":
        column = msgspec.structs.replace(column, centre=_centre(values))
    if column.kind == "label" and not column.classes:
        column = msgspec.structs.replace(column, classes=tuple(map(str, range(np.shape(values)[1]))))
    tracks = tuple(_track(name, held, column) for name, held in measured(column, values).items())
    return msgspec.structs.replace(column, tracks=tracks)


def _text_column(column: Column, values: Any) -> Column:
    """Words are learnt from every other text and counted in the others: else all were known, and any window were new."""
    rows = as_texts(values)
    column = msgspec.structs.replace(column, words=texts.known_words(rows[1::2]))
    held = {**measured(column, rows), texts.KNOWN: measured(column, rows[::2])[texts.KNOWN]}
    return msgspec.structs.replace(column, tracks=tuple(_track(name, track, column) for name, track in held.items()))


def _centre(values: Any) -> tuple[float, ...]:
    rows = tensors.flat(values)
    if isinstance(rows, list) or not 1 < rows.shape[1] <= tensors.MOST_CENTRE:
        return ()
    mean = np.nanmean(rows, axis=0)
    return tuple(float(f"{value:.{DIGITS}g}") for value in mean) if np.isfinite(mean).all() else ()


def _track(name: str, values: Vector | Texts, column: Column) -> Track:
    if isinstance(values, list):
        return _classes(name, values, column.classes)
    return _numbers(name, values, cut(values, column.low, column.high))


def _numbers(name: str, values: Vector, edges: Vector) -> Numbers:
    counted = tally(values, edges)
    finite = finite_of(values)
    quantiles = np.quantile(finite, QUANTILES) if len(finite) else np.zeros(len(QUANTILES))
    mean, sd = (float(finite.mean()), float(finite.std())) if len(finite) else (0.0, 0.0)
    bins = counted.bins[1:-1]
    return Numbers(
        name,
        len(values),
        counted.missing,
        tuple(edges.tolist()),
        tuple(bins.tolist()),
        mean,
        sd,
        tuple(quantiles.tolist()),
    )


def _classes(name: str, values: Texts, declared: tuple[str, ...]) -> Classes:
    counts = Counter(value[:MOST_CHARACTERS] for value in values if value is not None)
    once = sum(count == 1 for count in counts.values())
    common = {**dict.fromkeys((value[:MOST_CHARACTERS] for value in declared), 0), **counts}
    kept = dict(sorted(common.items(), key=lambda item: -item[1])[:MOST_VALUES])
    missing = sum(value is None for value in values)
    rest = sum(counts.values()) - sum(kept.values())
    return Classes(name, len(values), missing, tuple(kept), tuple(kept.values()), rest, once)


def to_json(reference: Reference) -> bytes:
    """The reference as JSON, a few 10 kB."""
    return msgspec.json.encode(reference)


def from_json(data: bytes) -> Reference:
    """A reference from JSON. Raises `UsageError` where it is none, or of a newer format."""
    try:
        reference = msgspec.json.decode(data, type=Reference)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"reference.json must be a reference of monitoring, but {error}: register the model again"
        ) from None
    if reference.format != 1:
        raise UsageError(f"reference.json must be of format 1, got {reference.format}: update Daybreak")
    return reference

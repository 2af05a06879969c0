"""The reference that live windows are compared with, from a sample of what the model takes and gives; made at registration."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.monitoring.bins import cut, tally
from daybreak.monitoring.calibration import calibrated, rightness, scored
from daybreak.monitoring.columns import Columns, Texts, as_texts, measured
from daybreak.monitoring.kinds import answer_kind, kind_of
from daybreak.monitoring.measures import tensors, texts
from daybreak.monitoring.records import QUANTILES, Calibration, Classes, Column, Kind, Numbers, Reference, Track
from daybreak.monitoring.special import Vector

MOST_VALUES = 200  # classes of a column that are counted by name
MOST_CHARACTERS = 80  # of a class's name
MOST_ROWS = 100_000  # more are thinned evenly: beyond that the reference's own chance no longer matters
DIGITS = 5  # of a centre's numbers


def make(
    columns_in: Columns,
    columns_out: Columns,
    *,
    kinds_in: Mapping[str, Kind] | None = None,
    kinds_out: Mapping[str, Kind] | None = None,
    classes: Mapping[str, tuple[str, ...]] | None = None,
    truth: Any = None,
    predicted: str | None = None,
    confidence: str | None = None,
) -> Reference:
    """A reference of columns: name -> values whose first axis is rows (NumPy array, or a list of texts, pictures, sounds).

    `columns_in`: what the model was given, as a caller sends it; rows of the evaluation set, not of training. `columns_out`: its answers to
    the same rows. `kinds_*` say what columns hold (kind_of guesses the others). `classes`: declared classes, never called new.
    `truth`: right answers (n,); with them the reference holds the score and how confidence and being right go together. `predicted`: the
    output that is compared with truth (default: the first category or number); `confidence`: the output that tells how sure the model is,
    probabilities (n, k) or a number in [0, 1] (default: the first of probabilities).

    Raises `UsageError` where columns differ in rows, or hold what cannot be followed.
    """
    rows = _rows(columns_in, columns_out, truth)
    step = -(-rows // MOST_ROWS)
    kinds_in = {name: (kinds_in or {}).get(name) or kind_of(name, values) for name, values in columns_in.items()}
    kinds_out = {name: (kinds_out or {}).get(name) or answer_kind(name, values) for name, values in columns_out.items()}
    declared = classes or {}
    inputs, outputs = (
        tuple(_column(name, kinds[name], values[::step], declared.get(name, ())) for name, values in columns.items())
        for kinds, columns in ((kinds_in, columns_in), (kinds_out, columns_out))
    )
    predicted = predicted or next((name for name, kind in kinds_out.items() if kind in {"category", "number"}), "")
    confidence = confidence or next((name for name, kind in kinds_out.items() if kind == "probabilities"), "")
    score, calibration = None, None
    if truth is not None and predicted in columns_out:
        score = scored(kinds_out[predicted], columns_out[predicted], truth)
        if kinds_out[predicted] == "category":
            right = rightness(columns_out[predicted], truth)
            calibration = _calibration(
                next((column for column in outputs if column.name == confidence), None), columns_out, right
            )
    return Reference(-(-rows // step), inputs, outputs, predicted, score, calibration)


def _calibration(column: Column | None, columns_out: Columns, right: NDArray[np.int8]) -> Calibration | None:
    track = column.tracks[0] if column is not None and column.kind in {"probabilities", "number"} else None
    if column is None or not isinstance(track, Numbers):
        return None
    sure = measured(column.kind, columns_out[column.name], None, ())[track.name]
    return calibrated(column.name, sure, right, track.edges) if isinstance(sure, np.ndarray) else None


def _rows(columns_in: Columns, columns_out: Columns, truth: Any) -> int:
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


def _column(name: str, kind: Kind, values: Any, declared: tuple[str, ...]) -> Column:
    if kind == "text":
        return _text_column(name, values)
    centre = _centre(values) if kind == "embedding" else ()
    tracks = measured(kind, values, None, centre)
    return Column(name, kind, tuple(_track(track, held, declared) for track, held in tracks.items()), "", centre)


def _text_column(name: str, values: Any) -> Column:
    """Words are learnt from every other text and counted in the others: else all were known, and any window were new."""
    rows = as_texts(values)
    words = texts.known_words(rows[1::2])
    tracks = {track: held for track, held in texts.measure(rows, words).items() if track != texts.NAMES[-1]}
    apart = texts.measure(rows[::2], words)[texts.NAMES[-1]]
    return Column(
        name,
        "text",
        tuple(_track(track, held, ()) for track, held in [*tracks.items(), (texts.NAMES[-1], apart)]),
        texts.packed(words),
    )


def _centre(values: Any) -> tuple[float, ...]:
    rows = tensors.flat(values)
    if isinstance(rows, list) or not 1 < rows.shape[1] <= tensors.MOST_CENTRE:
        return ()
    mean = np.nanmean(rows, axis=0)
    return tuple(float(f"{value:.{DIGITS}g}") for value in mean) if np.isfinite(mean).all() else ()


def _track(name: str, values: Vector | Texts, declared: tuple[str, ...]) -> Track:
    return _classes(name, values, declared) if isinstance(values, list) else _numbers(name, values)


def _numbers(name: str, values: Vector) -> Numbers:
    edges = cut(values)
    counted = tally(values, edges)
    finite = values[np.isfinite(values)]
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

"""Original against export, on real samples: exporters are silently wrong often enough that nothing ships without it.

Every row is asked of both, of the export in two or more batch sizes: an exporter may have baked the batch of its trace into the graph
(pytorch#166797, pytorch#169178 are of other kinds: wrong shapes of weights, wrong answers throughout). An export passes when

- it answers every batch, with as many rows, of the same shape, and finite where the original is finite, which it is somewhere;
- the largest |original - export| is at most `Tolerance.difference` times the root mean square of the original's values, of a tensor by
  each place of its last axis, whose numbers may be of different units;
- at most `Tolerance.decisions` of the rows are decided otherwise; a row is open, and does not count, where the original's two best scores
  are closer than twice the allowed difference;
- the task's metric is at most `Tolerance.loss` of itself worse than the original's, and than what training told of the same rows.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import DaybreakError
from daybreak.export.options import Options, Tolerance
from daybreak.export.source import chosen, rows_of
from daybreak.signature.answers import decided
from daybreak.signature.fields import Columns, Output, Span

Verdict = Literal["passed", "failed", "not run"]
ROUNDING = 1e-6  # of float32, in a metric that is near zero
ROUNDED = 5e-4  # what training told may be rounded to three digits
SMALLEST = 1e-3  # of a tensor's scale: float32 rounds sums of large numbers by 1e-7 of them, which may be all that a place holds


class Compared(msgspec.Struct, frozen=True):
    """One output at one batch size.

    `largest`, `mean`: of |original - export|; `share`: the largest as a share of its scale; `disagreeing`: rows decided otherwise;
    `not_finite`: rows in which one of both is not finite.
    """

    output: str
    batch: int
    rows: int
    largest: float
    mean: float
    disagreeing: int
    not_finite: int = 0
    share: float = 0.0


class Parity(msgspec.Struct, frozen=True):
    """What parity.json holds.

    `why`: the reason in a sentence; `scale`: of each output, the root mean square over all its values; `metric`: the task's,
    empty without right answers, with its value for `original` and `export` over all rows, and what training `told`.
    """

    verdict: Verdict
    why: str
    rows: int = 0
    batches: tuple[int, ...] = ()
    compared: tuple[Compared, ...] = ()
    scale: dict[str, float] = {}
    metric: str = ""
    original: float | None = None
    export: float | None = None
    told: float | None = None
    allowed: dict[str, float | None] = {}

    @property
    def largest(self) -> float:
        """Of all differences, as a share of its output's scale."""
        return max((one.share for one in self.compared), default=0.0)

    @property
    def disagreeing(self) -> int:
        """Rows decided otherwise, at the batch size where they are most."""
        return max((one.disagreeing for one in self.compared), default=0)


Predict = Callable[[Columns], Columns]


def compare(
    original: Columns, predict: Predict, columns: Columns, outputs: Sequence[Output], options: Options
) -> tuple[Parity, Columns]:
    """Ask the export in every batch size; returns its answers to all rows, too.

    All rows are asked in the largest, `options.rows` in the others; where they do not fill one batch they are asked again until they do.
    """
    rows, largest = rows_of(columns), max(options.batches)
    compared: list[Compared] = []
    answers: Columns = {}
    for batch in sorted(set(options.batches)):
        asked = rows if batch == largest else min(rows, options.rows)
        try:
            answers = _in_batches(predict, columns, asked, batch)
        except DaybreakError as error:
            return _failed(f"at batch size {batch} the export fails: {error}", compared, options, rows), {}
        for output in outputs:
            expected = original[output.name][:asked]
            if (odd := _unlike(expected, answers[output.name])) is not None:
                return _failed(f"at batch size {batch} {output.name!r} {odd}", compared, options, rows), {}
            compared.append(_compared(output, batch, original[output.name], answers[output.name], options.allowed))
    scale = {output.name: _overall(original[output.name]) for output in outputs}
    parity = Parity(
        "passed", "", rows, tuple(sorted(set(options.batches))), tuple(compared), scale, allowed=_told(options.allowed)
    )
    if empty := [output.name for output in outputs if not _any_finite(original[output.name])]:
        return _as_failed(
            parity, f"the original's {', '.join(empty)} is finite in no row: nothing was compared"
        ), answers
    return _judged(parity, options.allowed), answers


def with_metric(
    parity: Parity, name: str, original: float, export: float, told: float | None, allowed: Tolerance
) -> Parity:
    """The same with the task's metric (higher is better), which may fail what passed."""
    if odd := [value for value in (original, export, told) if value is not None and not np.isfinite(value)]:
        return parity if parity.verdict != "passed" else _as_failed(parity, f"{name} is a finite number, got {odd[0]}")
    parity = msgspec.structs.replace(parity, metric=name, original=original, export=export, told=told)
    if parity.verdict != "passed":
        return parity
    why = f"{parity.why}; {name} {original:.4g} of the original, {export:.4g} of the export"
    if export < original - allowed.loss * abs(original) - ROUNDING:
        return _as_failed(
            parity, f"{name} falls from {original:.4g} to {export:.4g}, allowed is {allowed.loss:.2%} less"
        )
    if told is not None and export < told - allowed.loss * abs(told) - ROUNDED:
        return _as_failed(
            parity,
            f"training told {name} {told:.4g} of these rows, the export and the original behind its steps reach {export:.4g}: "
            "rows are not prepared as in training, or they are others",
        )
    return msgspec.structs.replace(parity, why=why)


def not_run(why: str, options: Options) -> Parity:
    """Nothing was compared."""
    return Parity("not run", why, allowed=_told(options.allowed))


def _in_batches(predict: Predict, columns: Columns, rows: int, batch: int) -> Columns:
    """Answers to the first `rows`; the last batch is filled up with the first of them, for its size is what is tried."""
    parts = [predict(chosen(columns, np.arange(at, at + batch) % rows)) for at in range(0, rows, batch)]
    asked = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {name: answers[: len(answers) - -rows % batch] for name, answers in asked.items()}


def _unlike(original: NDArray[Any], export: NDArray[Any]) -> str | None:
    """What is wrong with the shape, in words."""
    if original.shape != export.shape:
        return f"has shape {export.shape}, the original's is {original.shape}"
    if original.dtype != object or _of_words(original):
        return None
    shapes = ((np.shape(a), np.shape(b)) for a, b in zip(original, export, strict=True))
    return next((f"has rows of shape {b}, the original's are {a}" for a, b in shapes if a != b), None)


def _compared(output: Output, batch: int, whole: NDArray[Any], export: NDArray[Any], allowed: Tolerance) -> Compared:
    """`whole`: what the original says of all rows, of which the export was asked the first."""
    original = whole[: len(export)]
    disagreeing = _disagreeing(output, original, export, allowed)
    if output.kind == "text":
        return Compared(output.name, batch, len(original), 0.0, 0.0, disagreeing)
    a, b = _flat(original), _flat(export)
    finite = np.isfinite(a) & np.isfinite(b)
    alike = finite | (np.isnan(a) & np.isnan(b)) | (a == b)
    difference = np.abs(np.where(finite, a, 0) - np.where(finite, b, 0))
    odd = int((~alike).any(axis=1).sum())
    largest, share = float(difference.max(initial=0)), float((difference / _scale(output, whole)).max(initial=0))
    mean = float(difference.mean()) if difference.size else 0.0
    return Compared(output.name, batch, len(original), largest, mean, disagreeing, odd, share)


def _flat(values: NDArray[Any]) -> NDArray[np.float64]:
    """(rows, values) of float64: arrays of their own sizes filled up with zeros, of spans the score."""
    if values.dtype != object:
        return values.reshape(len(values), -1).astype(np.float64)
    if len(values) and isinstance(values[0], Span):
        return np.array([[value.score] for value in values], np.float64)
    parts = [np.asarray(value, np.float64).reshape(-1) for value in values]
    filled = np.zeros((len(parts), max(map(len, parts), default=0)))
    for row, part in zip(filled, parts, strict=True):
        row[: len(part)] = part
    return filled


def _of_words(values: NDArray[Any]) -> bool:
    return values.dtype == object and len(values) > 0 and isinstance(values[0], (str, Span))


def _any_finite(values: NDArray[Any]) -> bool:
    """Whether there is anything to compare: texts always are, and rows without any value as they are."""
    if values.dtype == object and _of_words(values) and isinstance(values[0], str):
        return True
    flat = _flat(values)
    return not flat.size or bool(np.isfinite(flat).any())


def _overall(values: NDArray[Any]) -> float:
    """Root mean square of all finite values; 1 where there is none."""
    if _of_words(values) and isinstance(values[0], str):
        return 1.0
    return float(_root(_flat(values).reshape(-1, 1))[0])


def _scale(output: Output, values: NDArray[Any]) -> NDArray[np.float64]:
    """What differences of `_flat` are divided by: of a tensor one for each place of its last axis, once a row."""
    if output.kind != "tensor" or values.dtype == object or values.ndim < 2:  # noqa: PLR2004
        return np.array([_overall(values)])
    of_places = np.maximum(_root(_flat(values).reshape(-1, values.shape[-1])), SMALLEST * _overall(values))
    return np.tile(of_places, int(np.prod(values.shape[1:-1])))


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(columns,) root mean square of the finite values of each; 1 of those that are zero throughout."""
    finite = np.isfinite(values)
    total = np.square(np.where(finite, values, 0)).sum(axis=0)
    root = np.sqrt(total / np.maximum(finite.sum(axis=0), 1))
    return np.where(root > 0, root, 1.0)


def _disagreeing(output: Output, original: NDArray[Any], export: NDArray[Any], allowed: Tolerance) -> int:
    if output.kind == "label":
        differ = decided(original, output.threshold) != decided(export, output.threshold)
        return int((differ & ~_open(output, original, allowed)).sum())
    if output.kind == "span":
        return sum((a.start, a.end) != (b.start, b.end) for a, b in zip(original, export, strict=True))
    return int((original != export).sum()) if output.kind == "text" else 0


def _open(output: Output, scores: NDArray[Any], allowed: Tolerance) -> NDArray[np.bool_]:
    """Rows that the original itself has not decided by more than the allowed difference."""
    if not np.isfinite(allowed.difference) or scores.shape[1] < 2:  # noqa: PLR2004
        return np.zeros(len(scores), np.bool_)
    limit = 2 * allowed.difference * _overall(scores)
    if output.threshold is not None and scores.shape[1] == 2:  # noqa: PLR2004
        return np.asarray(np.abs(scores[:, 1] - output.threshold) <= limit)
    best = np.sort(scores, axis=1)[:, -2:]
    return np.asarray(best[:, 1] - best[:, 0] <= limit)


def _judged(parity: Parity, allowed: Tolerance) -> Parity:
    for one in parity.compared:
        at = f"at batch size {one.batch} {one.output!r}"
        if one.not_finite:
            return _as_failed(
                parity,
                f"{at} is not finite in {one.not_finite} of {one.rows} rows where the original is, or the reverse",
            )
        if one.disagreeing > allowed.decisions * one.rows:
            return _as_failed(
                parity,
                f"{at} decides {one.disagreeing} of {one.rows} rows otherwise, allowed are {allowed.decisions:.2%}; {_by(one.share)}",
            )
        if one.share > allowed.difference:
            return _as_failed(parity, f"{at} {_by(one.share)}, allowed is {allowed.difference:.3g}")
    batches = ", ".join(map(str, parity.batches))
    told = f"{parity.rows} rows at batch sizes {batches}: {_by(parity.largest)}, {parity.disagreeing} decided otherwise"
    return msgspec.structs.replace(parity, why=told)


def _by(share: float) -> str:
    return f"differs by up to {share:.3g} of the original's root mean square"


def _as_failed(parity: Parity, why: str) -> Parity:
    return msgspec.structs.replace(parity, verdict="failed", why=why)


def _failed(why: str, compared: list[Compared], options: Options, rows: int) -> Parity:
    scale = {one.output: 1.0 for one in compared}
    return Parity(
        "failed", why, rows, tuple(sorted(set(options.batches))), tuple(compared), scale, allowed=_told(options.allowed)
    )


def _told(allowed: Tolerance) -> dict[str, float | None]:
    """As JSON: no limit is null."""
    return {name: value if np.isfinite(value) else None for name, value in msgspec.to_builtins(allowed).items()}

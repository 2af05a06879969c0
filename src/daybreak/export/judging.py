"""The original's answers, held against those of a package that is not one yet."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.export import metrics, parity
from daybreak.export.asking import asking
from daybreak.export.opening import Opened, as_held
from daybreak.export.options import Options
from daybreak.export.parity import Parity
from daybreak.export.samples import Samples
from daybreak.export.source import Made, chosen, one_hot, rows_of
from daybreak.inference.loading import load
from daybreak.registry.package import RECORD, Package, seal
from daybreak.signature.answers import decided
from daybreak.signature.fields import Columns, Output, Signature
from daybreak.signature.inferring import columns_of

SLOW = 32  # rows that a model in Python is asked about one by one: a call costs milliseconds
KEPT_APART = 4  # of the rows at most a quarter measures int8's ranges, where no others are given for that


@dataclass(frozen=True)
class Judged:
    """Of one export: parity, its answers to all rows (none where it failed on the way), and its metrics that are finite."""

    parity: Parity
    answers: Columns
    metrics: dict[str, float]


class Judge:
    """Asks the original once; judges as many exports as are tried. `columns`: the rows that are judged."""

    def __init__(self, opened: Opened, samples: Samples, options: Options, folder: Path) -> None:
        self.signature: Signature = opened.signature
        self._options, self._folder, self._source = options, folder, opened.source
        self._fewer = msgspec.structs.replace(options, rows=min(options.rows, SLOW))
        rows = rows_of(opened.held)
        self.calibration, judged = _apart(opened, samples, options, rows)
        self.columns: Columns = chosen(opened.held, judged)
        self.targets = None if samples.targets is None else _picked(samples.targets, judged, rows)
        self.told = dict(samples.metrics)
        self.original, self._decisions_alone = self._asked(opened, samples, judged)
        self._first = self._measured(self.original)

    def judge(self, made: Made) -> Judged:
        """Parity of what lies in the folder; the metric on all rows included."""
        package = Package("candidate", 1, time.time(), self.signature, made.runtime, made.before, made.after)
        seal(self._folder, package)
        try:
            model = load(self._folder, limit=600.0)
        except DaybreakError as error:
            raise UsageError(f"it cannot be loaded: {error}") from error
        finally:
            (self._folder / RECORD).unlink()
        try:
            predict = self._decided(model.predict) if self._decisions_alone else model.predict
            options = self._options if made.runtime.kind == "onnx" else self._fewer
            found, answers = parity.compare(self.original, predict, self.columns, self.signature.outputs, options)
        finally:
            model.close()
        told = self._measured(answers) if answers else {}
        finite = {name: value for name, value in told.items() if np.isfinite(value)}
        return Judged(self._with_metric(found, told), answers, finite)

    def _with_metric(self, found: Parity, told: dict[str, float]) -> Parity:
        if not told:
            return found
        name, value = next(iter(told.items()))
        return parity.with_metric(found, name, self._first[name], value, self.told.get(name), self._options.allowed)

    def _measured(self, answers: Columns) -> dict[str, float]:
        if self.targets is None:
            return {}
        return metrics.measured(self.signature.outputs, answers, self.targets, self.known)

    @property
    def known(self) -> tuple[str, ...]:
        """The original's own names of classes, where others are told."""
        return tuple(getattr(self._source, "known", ()))

    def _asked(self, opened: Opened, samples: Samples, judged: Any) -> tuple[Columns, bool]:
        """The original's answers, and whether they are decisions without scores."""
        if samples.answers is None:
            rows = chosen(opened.raw, judged)
            with asking(rows):
                return self._source.ask(rows), False
        output = self.signature.outputs[0]
        told = samples.answers(opened.raw) if callable(samples.answers) else samples.answers
        told = np.asarray(_picked(told, judged, rows_of(opened.held)))
        if output.kind == "label" and told.ndim == 1:
            return {output.name: self._one_hot(told, output)}, True
        return {output.name: told}, False

    def _one_hot(self, told: Any, output: Output) -> Any:
        width = len(output.classes)
        return one_hot(metrics.places(told, output, self.known, width), range(width))

    def _decided(self, predict: Any) -> Any:
        output = self.signature.outputs[0]

        def told(columns: Columns) -> Columns:
            scores = predict(columns)[output.name]
            return {output.name: one_hot(decided(scores, output.threshold), range(scores.shape[1]))}

        return told


def _apart(opened: Opened, samples: Samples, options: Options, rows: int) -> tuple[Columns, Any]:
    """Rows for calibration, and which are judged: none of those."""
    everything = slice(None)
    if options.precision != "int8":
        return {}, everything
    if samples.calibration is not None:
        raw = columns_of(samples.calibration, samples.names)
        held = {field.name: as_held(field, raw[field.name]) for field in opened.signature.inputs}
        return chosen(held, slice(options.calibration)), everything
    count = min(options.calibration, rows // KEPT_APART)
    if count < 1:
        raise UsageError(
            f"int8 measures ranges on rows that are not judged, {rows} are too few: give `calibration` or more samples"
        )
    apart = np.linspace(0, rows - 1, count).astype(int)
    return chosen(opened.held, apart), np.setdiff1d(np.arange(rows), apart)


def _picked(values: Any, judged: Any, rows: int) -> Any:
    values = values.to_numpy() if hasattr(values, "to_numpy") else values
    if len(values) != rows:
        raise UsageError(f"there is one right answer a row, got {len(values)} for {rows} rows")
    if isinstance(judged, slice):
        return values[judged]
    return values[judged] if isinstance(values, np.ndarray) else [values[place] for place in judged]

"""Real rows with their right answers: what an export is inferred from, calibrated with and compared on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daybreak.registry.package import Step
from daybreak.signature.fields import Columns


@dataclass(frozen=True)
class Samples:
    """The evaluation set of a model, as its users have it.

    `inputs`: columns (name -> values, first axis is rows), a data frame, one array (rows, ...) or a list of texts.
    `targets`: right answers, (rows,): names or indices of classes, numbers, or `Span`s; None: no metric is told.
    `names`: of the columns of an array (rows, columns), each an input of its own then; one name for an array that is one input.
    `classes`: names in the order of the model's scores; `units`: input's or output's name -> unit; `output`: name of the answer.
    `before`, `after`: declared steps, in place of those that are derived; `code`: the folder or file with the user's functions, which goes
    into the package with a step `python`; `assets`: a folder of files that steps read, as `assets/NAME`.
    `calibration`: inputs for int8 that are not for judging (training rows); without, some of these rows are kept apart for it.
    `answers`: what the original said to these rows as training's own evaluation asked it (its own preparation of rows included), in the
    form of the output's column; or a function of columns that says it. Without, the model is asked behind the declared steps, which
    therefore are not checked themselves.
    `metrics`: what training told of the model on these very rows; parity fails where the export does not reach it.
    """

    inputs: Any
    targets: Any = None
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    output: str = "prediction"
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    code: Path | None = None
    assets: Path | None = None
    calibration: Any = None
    answers: Any | Callable[[Columns], Any] = None
    metrics: Mapping[str, float] = field(default_factory=dict)

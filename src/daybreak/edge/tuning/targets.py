"""What people said was right, as what the last layer should have given."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.edge.tuning.augmented import Told
from daybreak.edge.tuning.fitting import Task
from daybreak.registry.package import Package
from daybreak.signature.fields import Output

CLOSE = 1e-3  # relative; told in float32 or float16


@dataclass(frozen=True)
class Aim:
    """`output`: what people judge; `scale`, `offset`: of a number that is told as logit * scale + offset."""

    output: Output
    task: Task
    scale: float = 1.0
    offset: float = 0.0

    def targets(self, truths: list[Any]) -> NDArray[np.float64]:
        """Class numbers, or numbers. Raises `UsageError` for a truth that cannot be."""
        if self.task == "numbers":
            return (
                np.array([_number(truth, row) for row, truth in enumerate(truths)])[:, None] - self.offset
            ) / self.scale
        places = {name: place for place, name in enumerate(self.output.classes)}
        wrong = [f"row {row}: {truth!r}" for row, truth in enumerate(truths) if str(truth) not in places]
        if wrong:
            raise UsageError(f"the right answer is one of {', '.join(places)}; got {'; '.join(wrong[:5])}")
        return np.array([places[str(truth)] for truth in truths], np.float64)


def aim(record: Package, told: Told) -> Aim:
    """What the last layer is for. Raises `UsageError` where it is not what the judged output is told from."""
    outputs = [output for output in record.signature.outputs if output.kind in ("label", "number")]
    if len(outputs) != 1:
        raise UsageError(f"a model that is tuned here gives one label or number, this one {len(outputs)}")
    made = _aim(record, outputs[0], told.logits.shape[1])
    if not _agrees(made, told):
        raise UsageError(
            f"{outputs[0].name} is not told from the last layer alone (a step after the model changes its order or meaning); "
            "tune the model where it was trained"
        )
    return made


def _aim(record: Package, output: Output, width: int) -> Aim:
    if output.kind == "number" and width == 1 and not output.interval:
        options = next((step.options for step in record.after if step.name == "number"), {})
        return Aim(output, "numbers", float(options.get("scale", 1.0)), float(options.get("offset", 0.0)))
    if output.kind == "label" and width == len(output.classes) > 1:
        return Aim(output, "classes")
    if output.kind == "label" and width == 1 and len(output.classes) == 2:  # noqa: PLR2004
        return Aim(output, "two classes")
    raise UsageError(
        f"the last layer gives {width} numbers a row, {output.name} is a {output.kind} of {len(output.classes)} classes"
    )


def _agrees(made: Aim, told: Told) -> bool:
    column = np.asarray(told.outputs[made.output.name], np.float64)
    if made.task == "numbers":
        return bool(
            np.allclose(column.reshape(-1), told.logits[:, 0] * made.scale + made.offset, rtol=CLOSE, atol=CLOSE)
        )
    if made.task == "two classes":
        told_from = np.where(told.logits[:, 0] > 0, 1, 0)
        unsure = np.abs(told.logits[:, 0]) < CLOSE
        return bool(((column.argmax(axis=1) == told_from) | unsure).all())
    return bool((column.argmax(axis=1) == told.logits.argmax(axis=1)).all())


def _number(truth: Any, row: int) -> float:
    try:
        made = float(truth)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the right answer is a number, got row {row}: {truth!r}") from error
    if not np.isfinite(made):
        raise UsageError(f"the right answer is a finite number, got row {row}: {truth!r}")
    return made

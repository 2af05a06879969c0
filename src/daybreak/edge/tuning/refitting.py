"""The tuning process: `python -m daybreak.edge.tuning.refitting`. An order on standard input, an answer on standard output, no disk.

Of Daybreak's device it alone imports torch and onnx. What it is given is the decrypted package, so it is told through a pipe.
"""

import sys
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.edge.memory import no_core_dumps
from daybreak.edge.tuning import augmented, targets
from daybreak.edge.tuning.fitting import Fitted, Layer, Rows, fit
from daybreak.edge.tuning.head import Head, find
from daybreak.edge.tuning.initializers import places
from daybreak.edge.tuning.order import FEWEST, Answer, Order, Report
from daybreak.edge.tuning.patch import Span, make
from daybreak.registry import package as packages


def refit(order: Order) -> Answer:
    """Fit, patch, and look at what the patch did. Raises `UsageError` and what inference raises."""
    record = packages.parse(order.files[packages.RECORD], packages.RECORD)
    if record.runtime.kind != "onnx":
        raise UsageError(
            "a model that is tuned here is ONNX, this one is served in Python; tune it where it was trained"
        )
    if len(order.feedback) < FEWEST:
        raise UsageError(f"a layer is fitted to at least {FEWEST} judged rows, got {len(order.feedback)}; gather more")
    model = order.files[record.runtime.file]
    head = find(model)
    everything = [*order.feedback, *order.anchors]
    told = augmented.ask(order.files, head, [each.row for each in everything])
    goal = targets.aim(record, told)
    rows = Rows(told.features, goal.targets([each.truth for each in everything]))
    count = len(order.feedback)
    feedback, anchors = rows.take(np.arange(count)), rows.take(np.arange(count, len(everything)))
    fitted = fit(head.values, feedback, anchors, goal.task)
    made = None if fitted.layer is None else make(model, _spans(model, head, fitted.layer))
    after = (
        told
        if made is None
        else augmented.ask(
            {**order.files, record.runtime.file: made.apply(model)}, head, [each.row for each in everything]
        )
    )
    rest = bool(np.array_equal(told.features, after.features))
    if not rest:
        raise UsageError(
            "features before the last layer changed with it, which must not be; tune the model where it was trained"
        )
    return Answer(made, _report(goal, fitted, rows, count, (told, after)))


def _report(
    goal: targets.Aim, fitted: Fitted, rows: Rows, count: int, told: tuple[augmented.Told, augmented.Told]
) -> Report:
    scale = goal.scale**2
    known = (
        [_score(goal, each.logits[count:], rows.y[count:]) for each in told] if len(rows.y) > count else [None, None]
    )
    labels = goal.task != "numbers"
    return Report(
        task=goal.task,
        rows=count,
        anchors=len(rows.y) - count,
        before=fitted.right_before if labels and fitted.right_before is not None else fitted.before * scale,
        after=fitted.right_after if labels and fitted.right_after is not None else fitted.after * scale,
        loss_before=fitted.before,
        loss_after=fitted.after,
        anchors_before=known[0],
        anchors_after=known[1],
        strength=fitted.strength,
        rest=True,
    )


def _score(goal: targets.Aim, logits: Any, truth: Any) -> float:
    if goal.task == "numbers":
        return float((((logits - truth) * goal.scale) ** 2).mean())
    told = logits.argmax(axis=1) if goal.task == "classes" else logits[:, 0] > 0
    return float((told == truth).mean())


def _spans(model: bytes, head: Head, layer: Layer) -> tuple[Span, ...]:
    weight = layer[0].T if head.transposed else layer[0]
    values = {head.weight: weight} | ({head.bias: layer[1]} if head.bias else {})
    found = places(model)
    spans = []
    for name, numbers in values.items():
        if name not in found:
            raise UsageError(f"the numbers of {name} do not stand in the model's file; export the model as one file")
        place = found[name]
        data = np.ascontiguousarray(numbers).astype(f"<f{np.dtype(place.dtype).itemsize}").tobytes()
        if len(data) != place.end - place.start:
            raise UsageError(
                f"{name} has {place.end - place.start} bytes in the file, {len(data)} were expected; export the model again"
            )
        spans.append(Span(place.start, data))
    return tuple(spans)


def answer(text: bytes) -> bytes:
    """The answer to an encoded order."""
    try:
        told = refit(msgspec.msgpack.decode(text, type=Order))
    except DaybreakError as error:
        told = Answer(error=str(error), kind=type(error).__name__)
    return msgspec.msgpack.encode(told)


if __name__ == "__main__":
    no_core_dumps()
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))

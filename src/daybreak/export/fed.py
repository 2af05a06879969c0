"""Models of arrays (torch, Keras, ONNX): steps make the arrays, the model answers with arrays, steps read them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.export import picturing
from daybreak.export.options import Options
from daybreak.export.samples import Samples
from daybreak.export.source import Declared, Made, Way, chosen, rows_of
from daybreak.export.stage import Arrays, Stage
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Columns, Field, Output, Signature

PROBED = 64  # rows that show what kind of numbers a model gives
CHUNK = 256
EVEN = 1e-3  # probabilities of a row sum to 1 within this


class Core(Protocol):
    """The model itself. `inputs`: names, in the order in which it takes them."""

    framework: str
    inputs: tuple[str, ...]

    def answer(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """What the original says; outputs by name."""

    def files(self, feeds: Arrays, free: Mapping[str, tuple[int, ...]], options: Options) -> Iterator[Way]:
        """Ways of writing model.onnx. `free`: further axes of a feed that have any length; `feeds`: rows to trace with."""


@runtime_checkable
class Telling(Protocol):
    """A core that knows its own steps: what prepares its rows comes with the model."""

    def declared(self, columns: Columns, samples: Samples, folder: Path) -> Declared:
        """Steps and outputs; files that steps read go to the folder."""


@runtime_checkable
class Shaped(Protocol):
    """A core that knows the shapes it takes: name -> shape, its first axis rows, None for any length."""

    shapes: Mapping[str, picturing.Shape]


class Fed:
    """A `Source` around a core. `fields`: the inputs; steps that are not declared are derived from what the model gives for some rows.

    `outputs`: as they were declared, in place of those that are derived.
    """

    def __init__(
        self,
        core: Core,
        columns: Columns,
        fields: Sequence[Field],
        samples: Samples,
        stage: Stage,
        outputs: tuple[Output, ...] = (),
    ) -> None:
        self.core, self.framework, self._stage = core, core.framework, stage
        own = core.declared(columns, samples, stage.folder) if isinstance(core, Telling) else None
        self._inputs = dict.fromkeys(core.inputs, (None, ()))
        self._before = samples.before or (own.before if own else _before(core, fields, columns))
        self._signature = Signature(tuple(fields), (Output("?", "tensor"),))
        probe = chosen(columns, slice(PROBED))
        feeds = self._fed(probe)
        given = core.answer(feeds)
        _same_rows(given, rows_of(feeds))
        found = own.outputs if own else _outputs(given, samples)
        self.outputs = outputs or found
        self._limits: tuple[str, ...] = ()
        if samples.after or own:
            self._after = samples.after or (own.after if own else ())
        else:
            self._after, self._limits = _after(given, found, self._further(columns))
        self._signature = Signature(tuple(fields), self.outputs)

    def ask(self, columns: Columns) -> Columns:
        """Steps, the original, steps: in chunks of rows."""
        rows = rows_of(columns)
        parts = [self._ask(chosen(columns, slice(at, at + CHUNK))) for at in range(0, rows, CHUNK)]
        return {output.name: np.concatenate([part[output.name] for part in parts]) for output in self.outputs}

    def _further(self, columns: Columns) -> Iterator[NDArray[Any]]:
        """The model's first output for all rows behind those that were probed, as long as somebody asks."""
        for at in range(PROBED, rows_of(columns), CHUNK):
            yield next(iter(self.core.answer(self._fed(chosen(columns, slice(at, at + CHUNK)))).values()))

    def _ask(self, columns: Columns) -> Columns:
        held = self._stage.feeds(self._before, self._signature, self._inputs, columns)
        given = self.core.answer(self._ordered(held))
        return self._stage.outputs(self._after, self._signature, given, columns, held)

    def ways(self, columns: Columns, options: Options) -> Iterator[Way]:
        """Those of the core, with the steps around them."""
        feeds = self._fed(columns)
        for way in self.core.files(feeds, self._free(feeds, columns), options):
            yield Way(way.name, lambda folder, way=way: self._made(way, folder))  # type: ignore[misc]

    def _made(self, way: Way, folder: Path) -> Made:
        made = way.write(folder)
        return Made(Runtime("onnx"), self._before, self._after, (*made.limits, *self._limits))

    def _fed(self, columns: Columns) -> Arrays:
        return self._ordered(self._stage.feeds(self._before, self._signature, self._inputs, columns))

    def _ordered(self, held: Arrays) -> Arrays:
        missing = [name for name in self.core.inputs if name not in held]
        if missing:
            raise UsageError(
                f"steps before feed every input of the model, nothing feeds {', '.join(missing)}; steps made {', '.join(held)}"
            )
        return {name: _narrow(held[name]) for name in self.core.inputs}

    def _free(self, feeds: Arrays, columns: Columns) -> dict[str, tuple[int, ...]]:
        """Axes whose length depends on the rows: seen by asking for some of them one by one."""
        shapes: dict[str, list[tuple[int, ...]]] = {name: [feed.shape[1:]] for name, feed in feeds.items()}
        for row in range(min(rows_of(columns), 8)):
            for name, feed in self._fed(chosen(columns, slice(row, row + 1))).items():
                shapes[name].append(feed.shape[1:])
        return {
            name: tuple(axis + 1 for axis, lengths in enumerate(zip(*seen, strict=True)) if len(set(lengths)) > 1)
            for name, seen in shapes.items()
        }


def _narrow(feed: NDArray[Any]) -> NDArray[Any]:
    """float64 as float32, small whole numbers as int64: what networks take."""
    if feed.dtype == np.float64:
        return feed.astype(np.float32)
    small = feed.dtype.kind in "iu" and feed.dtype not in (np.int64, np.uint8)
    return feed.astype(np.int64) if small else feed


def _same_rows(given: Mapping[str, NDArray[Any]], rows: int) -> None:
    for name, array in given.items():
        if array.ndim == 0 or len(array) != rows:
            raise UsageError(
                f"a model answers each row: the first axis of {name} must be {rows}, its shape is {array.shape}"
            )


def _before(core: Core, fields: Sequence[Field], columns: Columns) -> tuple[Step, ...]:
    inputs = core.inputs
    if len(inputs) == len(columns):
        pairs = zip(inputs, inputs, strict=True) if set(inputs) == set(columns) else zip(columns, inputs, strict=True)
        shapes = core.shapes if isinstance(core, Shaped) else {}
        known = {field.name: field for field in fields}
        return tuple(picturing.step_of(known[field], name, shapes.get(name, ())) for field, name in pairs)
    if len(inputs) == 1 and all(column.ndim == 1 and column.dtype != object for column in columns.values()):
        return (Step("stack", {"fields": list(columns), "to": inputs[0]}),)
    raise UsageError(
        "fields become the model's inputs by name, in order, or side by side, "
        f"got {', '.join(columns)} for {', '.join(inputs)}: declare `before`"
    )


def _outputs(given: Mapping[str, NDArray[Any]], samples: Samples) -> tuple[Output, ...]:
    """What the model's numbers are: scores of classes where they are known, or else a number or a tensor."""
    if len(given) > 1:
        return tuple(_tensor(name, array) for name, array in given.items())
    (array,) = given.values()
    name = samples.output or "prediction"
    if classes := _classes(array, samples):
        return (Output(name, "label", classes=classes),)
    if array.ndim == 1 or array.shape[1:] == (1,):
        return (Output(name, "number", unit=samples.units.get(name, "")),)
    return (_tensor(name, array),)


def _after(
    given: Mapping[str, NDArray[Any]], outputs: tuple[Output, ...], further: Iterator[NDArray[Any]]
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The step that reads the model's numbers, and a sentence where it was derived from them. `further`: the same of more rows."""
    if len(given) > 1:
        return (), ()
    ((of, array),), (output,) = given.items(), outputs
    if output.kind != "label":
        return (Step(output.kind, {"of": of, "to": output.name}),), ()
    name, why = _scores(array, further)
    told = (
        f"Nobody declared what the scores are: {why}, so the step `{name}` was derived; another is declared by `after`."
    )
    return (Step(name, {"of": of, "to": output.name}),), (told,)


def _tensor(name: str, array: NDArray[Any]) -> Output:
    return Output(name, "tensor", dtype=array.dtype.name, shape=array.shape[1:])


def _classes(array: NDArray[Any], samples: Samples) -> tuple[str, ...]:
    """Names of classes in the order of the scores; none where the model tells numbers. Raises `UsageError` where only the user can know."""
    width = 2 if array.ndim == 1 or array.shape[1:] == (1,) else array.shape[1] if array.ndim == 2 else 0  # noqa: PLR2004
    if samples.classes:
        if len(samples.classes) != width:
            raise UsageError(
                f"`classes` names each of the model's scores, got {len(samples.classes)} names for scores of shape {array.shape}"
            )
        return samples.classes
    if samples.targets is None or not width:
        return ()
    targets = np.asarray(samples.targets)
    if targets.ndim == 1 and targets.dtype.kind in "USO" and isinstance(targets[0], str):
        raise UsageError("right answers that are names need `classes` in the order of the model's scores")
    whole = targets.ndim == 1 and targets.dtype.kind in "iub"
    return tuple(map(str, range(width))) if whole and targets.min() >= 0 and targets.max() < width else ()


def _scores(array: NDArray[Any], further: Iterator[NDArray[Any]]) -> tuple[str, str]:
    """The step, and why: one number beyond 0..1 shows logits, probabilities are seen in all rows alone.

    Raises `UsageError` for rows within 0..1 that do not sum to 1: classes of which several may be right, or logits that are small.
    """
    one, even = array.ndim == 1 or array.shape[1] == 1, True
    for part in chain((array,), further):
        if not bool(np.all((part >= 0) & (part <= 1))):
            return "sigmoid" if one else "softmax", "some are beyond 0..1"
        even = even and (one or bool(np.all(np.abs(part.sum(axis=1) - 1) < EVEN)))
    if not even:
        raise UsageError(
            "scores of classes are logits or sum to 1 in each row, all of these are within 0..1 and do not sum to 1: declare `after`, "
            "as Step('probabilities') for classes of which several may be right, Step('softmax') for logits"
        )
    return "probabilities", "all are within 0..1" + ("" if one else " and sum to 1 in each row")

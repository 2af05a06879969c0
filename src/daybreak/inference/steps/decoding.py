"""What a model gives, as the columns that its signature promises."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.inference.session import Arrays
from daybreak.inference.steps import After, Context, Options
from daybreak.inference.steps.tables import wide
from daybreak.registry.package import Step
from daybreak.signature.columns import objects
from daybreak.signature.fields import Columns, Span


def ends(options: Options, context: Context) -> tuple[str, str]:
    """From which of the model's outputs to which of the signature's: options `of` and `to`, or the only ones."""
    to = str(options["to"]) if "to" in options else _only([output.name for output in context.signature.outputs], "to")
    of = (
        str(options["of"]) if "of" in options else (to if to in context.outputs else _only(list(context.outputs), "of"))
    )
    return of, to


def _only(names: list[str], option: str) -> str:
    if len(names) != 1:
        raise UsageError(f"a step says `{option}` which output it means, there are {', '.join(names)}")
    return names[0]


def softmax(options: Options, context: Context) -> After:
    """Logits (rows, classes) as probabilities. Options: `of`, `to`, `temperature` (1)."""
    of, to = ends(options, context)
    temperature = float(options.get("temperature", 1.0))

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        logits = wide(outputs[of])
        if temperature != 1.0:
            logits = logits / np.asarray(temperature, logits.dtype)
        powers = np.exp(logits - np.maximum.reduce(logits, axis=1, keepdims=True))
        outputs[to] = powers / np.add.reduce(powers, axis=1, keepdims=True)

    return step


def sigmoid(options: Options, context: Context) -> After:
    """One logit a row as the probabilities (rows, 2) of both classes; several as (rows, classes) of each by itself. Options: `of`, `to`."""
    of, to = ends(options, context)

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        logits = wide(outputs[of])
        outputs[to] = _two(np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), logits.dtype))  # does not overflow

    return step


def probabilities(options: Options, context: Context) -> After:
    """Probabilities as they are: (rows, classes), (rows,) or (rows, 1) of the second of two, or skl2onnx's dicts. Options: `of`, `to`."""
    of, to = ends(options, context)
    output = context.output(to)
    classes = output.classes if output else ()

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        given = outputs[of]
        if isinstance(given, list):  # ZipMap: a dict a row, keyed by class
            named = [{str(key): score for key, score in row.items()} for row in given]
            order = classes if named and set(classes) == set(named[0]) else tuple(named[0]) if named else classes
            given = np.array([[row[name] for name in order] for row in named], np.float32).reshape(
                len(named), len(order)
            )
        outputs[to] = _two(wide(given))

    return step


def _two(scores: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([1 - scores, scores], axis=1) if scores.shape[1] == 1 else scores


def number(options: Options, context: Context) -> After:
    """One number a row. Options: `of`, `to`, `scale` (1), `offset` (0): told is value * scale + offset."""
    of, to = ends(options, context)
    scale, offset = float(options.get("scale", 1.0)), float(options.get("offset", 0.0))

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        values = outputs[of].reshape(len(outputs[of]))
        outputs[to] = values if (scale, offset) == (1.0, 0.0) else (values * scale + offset).astype(values.dtype)

    return step


def interval(options: Options, context: Context) -> After:
    """(rows, 3): value, low, high. Options: `of`, `to`.

    `of`: three names, or one output of that shape; or one number a row with `below` and `above`, its distances to low and high.
    """
    _, to = (
        ends({"of": "", **options}, context) if isinstance(options.get("of"), (list, tuple)) else ends(options, context)
    )
    of = options.get("of", ends(options, context)[0])
    below, above = options.get("below"), options.get("above")

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        if isinstance(of, (list, tuple)):
            outputs[to] = np.stack([outputs[name].reshape(-1) for name in of], axis=1)
        elif below is not None and above is not None:
            value = outputs[of].reshape(-1)
            outputs[to] = np.stack([value, value - value.dtype.type(below), value + value.dtype.type(above)], axis=1)
        else:
            outputs[to] = outputs[of].reshape(-1, 3)

    return step


def tensor(options: Options, context: Context) -> After:
    """The model's output as it is. Options: `of`, `to`."""
    of, to = ends(options, context)

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        outputs[to] = outputs[of]

    return step


def text(options: Options, context: Context) -> After:
    """Strings (rows,), or with `words` (a list) the word at each number. Options: `of`, `to`, `words`."""
    of, to = ends(options, context)
    known = options.get("words")

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        values = outputs[of].reshape(-1).tolist()
        outputs[to] = objects([known[value] if known else str(value) for value in values])

    return step


def span(options: Options, context: Context) -> After:
    """The best part of a text. Options: `start`, `end` (the model's scores, (rows, tokens)), `to`, `longest` (tokens, 30), `of`.

    `of` is the step `tokenize`'s `as`, whose in-between feeds say which tokens are of the passage and where they stand in it. The score
    is the product of both softmaxes over the passage's tokens, in all its windows (Devlin et al., BERT, 2019, section 4.2, with the
    length limited).
    """
    start, end, longest = str(options["start"]), str(options["end"]), int(options.get("longest", 30))
    to = str(options["to"]) if "to" in options else _only([output.name for output in context.signature.outputs], "to")
    output = context.output(to)
    field, tokens = (output.of if output else ""), str(options.get("of", "tokens"))
    if not field:
        raise ValueError(f"output {to!r} must say `of` which text its spans are")

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        offsets, rows = feeds[f"{tokens}.offsets"], feeds[f"{tokens}.rows"]
        inside = offsets[:, :, 1] > offsets[:, :, 0]
        first, last = (_of_passage(outputs[name], inside, rows, len(columns[field])) for name in (start, end))
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] * len(columns[field])
        for window, row in enumerate(rows.tolist()):
            score, left, right = _best(first[window], last[window], longest)
            if score > best[row][0]:
                best[row] = (score, int(offsets[window, left, 0]), int(offsets[window, right, 1]))
        texts = [value or "" for value in columns[field]]
        outputs[to] = objects([Span(text[a:b], a, b, score) for text, (score, a, b) in zip(texts, best, strict=True)])

    return step


def _of_passage(
    logits: NDArray[Any], inside: NDArray[np.bool_], rows: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Probabilities over the tokens that are inside, of all windows of a row together; zeros elsewhere."""
    held = np.where(inside, logits.astype(np.float64), -np.inf)
    top, total = np.full(count, -np.inf), np.zeros(count)
    np.maximum.at(top, rows, held.max(axis=1, initial=-np.inf))
    powers = np.where(inside, np.exp(held - np.where(np.isfinite(top), top, 0)[rows][:, None]), 0)
    np.add.at(total, rows, powers.sum(axis=1))
    return np.asarray(powers / np.where(total > 0, total, 1)[rows][:, None])


def _best(first: NDArray[np.float64], last: NDArray[np.float64], longest: int) -> tuple[float, int, int]:
    scores = np.triu(np.outer(first, last))
    scores -= np.triu(scores, longest)
    left, right = np.unravel_index(scores.argmax(), scores.shape)
    return float(scores[left, right]), int(left), int(right)


def assumed(context: Context) -> list[Step]:
    """What stands in where no step is declared: outputs of the same names, or the only one. Raises `UsageError`."""
    wanted = [output.name for output in context.signature.outputs]
    if set(wanted) <= set(context.outputs):
        return []
    if len(wanted) == 1 and len(context.outputs) == 1:
        return [Step("tensor", {"of": context.outputs[0], "to": wanted[0]})]
    told = f"the signature promises {', '.join(wanted)}, the model gives {', '.join(context.outputs)}"
    raise UsageError(
        f"steps say how the model's outputs become the signature's where their names differ, {told}; declare `after`"
    )

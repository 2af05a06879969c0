"""Steps from their records: which function makes which, what is asked of options, and what stands in where nothing is declared."""

from collections.abc import Callable, Sequence
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.inference.steps import (
    After,
    Before,
    Context,
    Options,
    calling,
    counting,
    decoding,
    pictures,
    sounds,
    tables,
    words,
)
from daybreak.registry.package import Step

BEFORE: dict[str, Callable[[Options, Context], Before]] = {
    "feed": tables.feed,
    "stack": tables.stack,
    "standardize": tables.standardize,
    "onehot": tables.onehot,
    "image": pictures.image,
    "text": words.text,
    "tokenize": words.tokenize,
    "vectorize": counting.vectorize,
    "logmel": sounds.logmel,
    "python": calling.before,
}
AFTER: dict[str, Callable[[Options, Context], After]] = {
    "softmax": decoding.softmax,
    "sigmoid": decoding.sigmoid,
    "probabilities": decoding.probabilities,
    "number": decoding.number,
    "interval": decoding.interval,
    "tensor": decoding.tensor,
    "text": decoding.text,
    "span": decoding.span,
    "image": pictures.drawn,
    "python": calling.after,
}


def before(steps: Sequence[Step], context: Context) -> list[Before]:
    """Steps that make feeds; without any, each input of the model is fed by the field of its name, or by the only one."""
    return [_made(step, BEFORE, context) for step in steps or tables.assumed(context)]


def after(steps: Sequence[Step], context: Context) -> list[After]:
    """Steps that make outputs; without any, the model's output of the same name, or its only one."""
    return [_made(step, AFTER, context) for step in steps or decoding.assumed(context)]


def _made(step: Step, known: dict[str, Callable[[Options, Context], Any]], context: Context) -> Any:
    if step.name not in known:
        raise UsageError(
            f"a step is one of {', '.join(known)}, got {step.name!r}; was the package made by a newer Daybreak?"
        )
    try:
        return known[step.name](step.options, context)
    except (KeyError, TypeError, ValueError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"step {step.name!r}: {why}, got {dict(step.options)}") from error

"""Whether a version takes the rows that clients of the version before it send."""

from pathlib import Path

from daybreak.base.errors import NotFound, UsageError
from daybreak.registry import package
from daybreak.serving.deployment import Served
from daybreak.signature.fields import Field

Row = dict[str, tuple[str, tuple[int | None, ...]]]  # input -> kind, shape


def check_inputs(before: Served, after: Served, advice: str) -> None:
    """Raises `UsageError` where inputs differ by name, kind or shape; ranges and classes change with every training.

    A version whose package is gone cannot be compared, and is let go.
    """
    try:
        old = _row(before)
    except NotFound:
        return
    new = _row(after)
    if new == old:
        return
    told = ", ".join(_differs(name, old, new) for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name))
    versions = f"{after.model} {after.version} takes other inputs than {before.model} {before.version}"
    raise UsageError(f"{versions} ({told}), and its clients would be refused: {advice}")


def check_arms(champion: Served, other: Served) -> None:
    """Raises `UsageError` where replicas would refuse the two beside each other: a unit may come to any arm with the same row.

    What training saw of an input (its range, its classes) may differ, unless it is strict; see `engine.Engine.prepare`.
    """
    advice = f"a unit may come to any arm with the same row; deploy {other.model} {other.version} apart"
    check_inputs(champion, other, advice)
    try:
        known = _fields(champion)
    except NotFound:
        return
    unlike = [name for name, field in _fields(other).items() if field.form != known[name].form]
    if unlike or list(known) != list(_fields(other)):
        told = f"{other.model} {other.version} tells otherwise of its inputs than {champion.model} {champion.version}"
        what = f"{', '.join(unlike)}: type, strictness or the like" if unlike else "another order"
        raise UsageError(f"{told} ({what}): {advice}")


def _fields(served: Served) -> dict[str, Field]:
    return {field.name: field for field in package.read(Path(served.package)).signature.inputs}


def _row(served: Served) -> Row:
    return {name: _look(field) for name, field in _fields(served).items()}


def _look(field: Field) -> tuple[str, tuple[int | None, ...]]:
    return field.kind, field.shape


def _differs(name: str, old: Row, new: Row) -> str:
    return f"{name}: {_told(old.get(name))} before, {_told(new.get(name))} now"


def _told(look: tuple[str, tuple[int | None, ...]] | None) -> str:
    if look is None:
        return "none"
    kind, shape = look
    return f"{kind} {'x'.join('?' if size is None else str(size) for size in shape)}".rstrip()

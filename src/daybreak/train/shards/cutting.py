"""Cutting a batch into equal parts along its first dimension, whatever it is made of."""

from collections.abc import Mapping
from typing import Any

from daybreak.base.errors import UsageError


def cut(batch: Any, parts: int) -> list[Any]:
    """`batch` in `parts` pieces of equal length, in order.

    A batch is an array, a tensor, a range or a list of samples, or a dict, tuple or list of tensors and arrays that are cut alike; the
    pieces have its shape. Raises `UsageError` when the rows cannot be shared out equally.
    """
    if isinstance(batch, Mapping):
        columns = {name: cut(value, parts) for name, value in batch.items()}
        return [{name: column[number] for name, column in columns.items()} for number in range(parts)]
    if _is_container(batch):
        pieces = list(zip(*(cut(value, parts) for value in batch), strict=True))
        return [_like(batch, piece) for piece in pieces]
    if not hasattr(batch, "__len__") or not hasattr(batch, "__getitem__"):
        raise UsageError(
            f"a batch must be an array, a tensor, a list of samples or a dict or tuple of those, got {type(batch).__name__}"
        )
    rows = len(batch)
    if not rows or rows % parts:
        below, above = rows // parts * parts, (rows // parts + 1) * parts
        take = f"{below} or {above}" if below else f"{above}"
        raise UsageError(
            f"every batch is cut into {parts} equal parts, got one of {rows} rows: take batches of {take} rows, and leave out an "
            "epoch's last smaller one (drop_last=True)"
        )
    each = rows // parts
    return [batch[start : start + each] for start in range(0, rows, each)]


def _is_container(batch: Any) -> bool:
    """Whether it holds columns, not samples: a tuple, or a list of arrays, as data loaders make them."""
    return isinstance(batch, tuple) or (isinstance(batch, list) and bool(batch) and hasattr(batch[0], "shape"))


def _like(batch: Any, piece: tuple[Any, ...]) -> Any:
    if isinstance(batch, list):
        return list(piece)
    return type(batch)(*piece) if hasattr(batch, "_fields") else piece

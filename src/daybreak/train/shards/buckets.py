"""Gradients laid out flat: a few buckets of parameters, in the order in which a backward pass finishes them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch

from daybreak.base.errors import UsageError
from daybreak.train.shards import tree

LARGEST = 4 * 2**20  # bytes of one bucket, but for a parameter that is larger


class Bucket:
    """The gradients of some parameters (one dtype, one device) as one flat tensor, and the partial sums a worker holds of them.

    `places`, shaped as in `like`, are further elements that are summed along. `length` is a multiple of `workers`.
    """

    def __init__(self, parameters: Sequence[Any], like: Sequence[Any], *, leaves: int, workers: int) -> None:
        self.parameters = list(parameters)
        shapes = [*parameters, *like]
        used = sum(tensor.numel() for tensor in shapes)
        length = -(-used // workers) * workers
        self._sums = [
            torch.zeros(length, dtype=shapes[0].dtype, device=shapes[0].device) for _ in range(tree.levels(leaves))
        ]
        self._views = [list(_views(flat, shapes)) for flat in self._sums]
        self.waiting = len(self.parameters)

    @property
    def total(self) -> Any:
        """The flat sum, once all leaves are in; (length,)."""
        return self._sums[0]

    @property
    def views(self) -> list[Any]:
        """The same, one view per parameter and further element."""
        return self._views[0]

    def push(self, index: int, further: Sequence[Any]) -> None:
        """Take the parameters' gradients as leaf `index` of this worker's; they are None afterwards. Missing ones count as zeros."""
        at = tree.level(index)
        leaves = [*(parameter.grad for parameter in self.parameters), *further]
        for parameter in self.parameters:
            parameter.grad = None
        (_begin if index % 2 == 0 else _add)(self._views[at], leaves)
        for above in range(at, at - tree.carries(index), -1):
            self._sums[above - 1].add_(self._sums[above])


def make_buckets(parameters: Iterable[Any], like: Any, *, leaves: int, workers: int) -> list[Bucket]:
    """Buckets of all `parameters`, the last of the model first; `like` (a float32 tensor) is summed along in the last bucket."""
    groups = list(_groups(reversed(list(parameters))))
    alike = bool(groups) and (groups[-1][0].dtype, groups[-1][0].device) == (like.dtype, like.device)
    buckets = [Bucket(group, [], leaves=leaves, workers=workers) for group in (groups[:-1] if alike else groups)]
    return [*buckets, Bucket(groups[-1] if alike else [], [like], leaves=leaves, workers=workers)]


def _groups(parameters: Iterable[Any]) -> Iterator[list[Any]]:
    open_groups: dict[Any, list[Any]] = {}
    for parameter in parameters:
        key = parameter.dtype, parameter.device
        group = open_groups.setdefault(key, [])
        if group and sum(map(_bytes, group)) + _bytes(parameter) > LARGEST:
            yield group
            open_groups[key] = group = []
        group.append(parameter)
    yield from open_groups.values()


def _bytes(tensor: Any) -> int:
    return int(tensor.numel() * tensor.element_size())


def _views(flat: Any, shapes: Iterable[Any]) -> Iterator[Any]:
    start = 0
    for tensor in shapes:
        extent = 1 + sum((size - 1) * stride for size, stride in zip(tensor.size(), tensor.stride(), strict=True))
        dense = extent == tensor.numel()  # in whatever order of axes
        strides = tensor.stride() if dense else torch.empty_like(tensor, memory_format=torch.contiguous_format).stride()
        yield flat.as_strided(tensor.size(), strides, start)
        start += tensor.numel()


def _begin(views: list[Any], leaves: list[Any]) -> None:
    if any(leaf is None for leaf in leaves):
        for view, leaf in zip(views, leaves, strict=True):
            view.zero_() if leaf is None else view.copy_(leaf)
    elif leaves:
        torch._foreach_copy_(views, leaves)


def _add(views: list[Any], leaves: list[Any]) -> None:
    if any(leaf is None for leaf in leaves):
        for view, leaf in zip(views, leaves, strict=True):
            view.add_(
                0.0 if leaf is None else leaf
            )  # a zero is added as well: -0.0 + 0.0 is 0.0, on any number of workers
    elif leaves:
        torch._foreach_add_(views, leaves)


def refuse_sparse(parameters: Iterable[Any]) -> None:
    """Raise `UsageError` when a gradient is sparse: the tree sums flat, dense ones."""
    if any(parameter.grad is not None and parameter.grad.layout != torch.strided for parameter in parameters):
        raise UsageError(
            "gradients must be dense to be summed in the tree, got a sparse one: make the embedding with sparse=False"
        )

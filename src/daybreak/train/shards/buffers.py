"""Buffers that a forward pass changes, such as BatchNorm's running statistics: one set per shard.

Between steps the model's own buffers hold the final ones: of S sets the mean, summed in the tree of the shards and divided by S (running
variances too: the mean of the shards' variances). Integers, such as the number of batches, are those of shard 0. All S sets go into a
checkpoint.
"""

from collections.abc import Iterable
from typing import Any

import torch

from daybreak.base.errors import UsageError
from daybreak.train.shards import tree
from daybreak.train.shards.exchange import Exchange


class Buffers:
    """The S sets of a model's changing buffers; `names` are further ones than those of its normalisation layers."""

    def __init__(self, model: Any, shards: int, names: Iterable[str] = ()) -> None:
        self._model = model
        self._shards = shards
        self._names = [*_of_norms(model), *names]
        self._owners = [_owner(model, name) for name in self._names]
        self._still = [buffer for name, buffer in model.named_buffers() if name not in set(self._names)]
        self._resting: list[Any] = []  # the model's own tensors
        self._sets: dict[Any, Any] = {}  # dtype -> (S, n)
        self._views: list[list[Any]] = []  # per shard, in the order of the names

    def __bool__(self) -> bool:
        return bool(self._names)

    def begin(self) -> None:
        """Before a step: the sets begin as the model's own buffers, unless they exist already."""
        self._resting = [module._buffers[key] for module, key in self._owners]  # noqa: SLF001 (as torch's functional_call)
        if not self._views:
            self._lay_out()
        self._versions = [buffer._version for buffer in self._still]  # noqa: SLF001

    def enter(self, shard: int) -> None:
        """The model's buffers are this shard's from now on."""
        self._put(self._views[shard])

    def end(self) -> None:
        """After a step. Raises `UsageError` when other buffers than those of the sets were changed."""
        self._put(self._resting)
        for buffer, version in zip(self._still, self._versions, strict=True):
            if buffer._version != version:  # noqa: SLF001
                name = next(name for name, other in self._model.named_buffers() if other is buffer)
                raise UsageError(
                    f"a buffer that training changes must be kept per shard, {name!r} was changed and is not: "
                    f"daybreak.sharded(..., buffers=[{name!r}])"
                )

    def settle(self, exchange: Exchange) -> None:
        """Every worker gets all sets; the model's own buffers become the final ones. Every worker must call it."""
        if not self._views:
            return
        for rows in self._sets.values():
            exchange.gather(rows.view(exchange.workers, -1))
        with torch.no_grad():
            for number, (module, key) in enumerate(self._owners):
                module._buffers[key].copy_(self._final(number))  # noqa: SLF001

    def state(self) -> dict[str, Any]:
        """All sets: name -> (S, ...)."""
        return (
            {name: torch.stack([views[number] for views in self._views]) for number, name in enumerate(self._names)}
            if self._views
            else {}
        )

    def load(self, state: dict[str, Any]) -> None:
        """Put sets back. Raises `UsageError` for those of another model."""
        if sorted(state) != sorted(self._names):
            theirs, ours = ", ".join(sorted(state)) or "none", ", ".join(sorted(self._names)) or "none"
            raise UsageError(
                f"the checkpoint must hold the sets of the same buffers; it holds {theirs}, the model has {ours}"
            )
        self._lay_out()
        for number, name in enumerate(self._names):
            for shard, views in enumerate(self._views):
                views[number].copy_(state[name][shard])

    def _final(self, number: int) -> Any:
        sets = [views[number] for views in self._views]
        return tree.fold(sets, torch.add) / self._shards if sets[0].is_floating_point() else sets[0]

    def _lay_out(self) -> None:
        live = [module._buffers[key] for module, key in self._owners]  # noqa: SLF001
        kinds = {
            (buffer.dtype, buffer.device): sum(
                other.numel() for other in live if (other.dtype, other.device) == (buffer.dtype, buffer.device)
            )
            for buffer in live
        }
        self._sets = {
            kind: torch.zeros(self._shards, size, dtype=kind[0], device=kind[1]) for kind, size in kinds.items()
        }
        self._views = [[] for _ in range(self._shards)]
        starts = dict.fromkeys(kinds, 0)
        for buffer in live:
            kind = buffer.dtype, buffer.device
            columns = self._sets[kind][:, starts[kind] : starts[kind] + buffer.numel()]
            starts[kind] += buffer.numel()
            for shard, row in enumerate(columns):
                self._views[shard].append(row.view(buffer.shape).copy_(buffer))

    def _put(self, buffers: list[Any]) -> None:
        for (module, key), buffer in zip(self._owners, buffers, strict=True):
            module._buffers[key] = buffer  # noqa: SLF001


def _of_norms(model: Any) -> list[str]:
    """Names of the running statistics of all normalisation layers."""
    norms = torch.nn.modules.batchnorm._NormBase  # noqa: SLF001 (the base of BatchNorm and InstanceNorm)
    return [
        f"{path}.{key}".lstrip(".")
        for path, module in model.named_modules()
        if isinstance(module, norms)
        for key, buffer in module.named_buffers(recurse=False)
        if buffer is not None
    ]


def _owner(model: Any, name: str) -> tuple[Any, str]:
    path, _, key = name.rpartition(".")
    try:
        module = model.get_submodule(path)
        module._buffers[key]  # noqa: SLF001
    except (AttributeError, KeyError):
        known = ", ".join(name for name, _ in model.named_buffers()) or "none"
        raise UsageError(f"buffers must name buffers of the model, got {name!r}; it has {known}") from None
    return module, key

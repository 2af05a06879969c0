"""The exact mode: the same bits on 1, 2, 4, ... up to S workers."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from daybreak.base.errors import UsageError
from daybreak.train.shards import tree
from daybreak.train.shards.buffers import Buffers
from daybreak.train.shards.cutting import cut
from daybreak.train.shards.exchange import Exchange
from daybreak.train.shards.group import check_alike
from daybreak.train.shards.reduction import Reduction, no_loss
from daybreak.train.shards.streams import Streams

Compute = Callable[[Any], Any]


class Exact:
    """Trains `model` over logical shards. Made by `daybreak.sharded`.

    `share` is (rank, workers), for loaders that read only this worker's rows; `pinned` names what the bits depend on; `steps` counts the
    steps done, over all attempts.
    """

    def __init__(
        self,
        model: Any,
        exchange: Exchange,
        *,
        shards: int,
        seed: int,
        accumulate: int = 1,
        threads: int = 1,
        overlap: bool = True,
        buffers: Iterable[str] = (),
    ) -> None:
        tree.check(shards, exchange.workers)
        self.model = model
        self.share = (exchange.rank, exchange.workers)
        self.steps = 0
        self.pinned = {"shards": shards, "accumulate": accumulate, "threads": threads}
        self._exchange = exchange
        self._shards = tree.own(shards, exchange.workers, exchange.rank)
        self._device = next(model.parameters()).device
        self._streams = Streams(seed, self._device)
        self._buffers = Buffers(model, shards, buffers)
        self._reduction: Reduction | None = None
        self._overlap = overlap
        self._stepping = False
        self._settled = 0  # steps after which the final buffers were made
        _pin(threads, self._device)
        model.register_forward_pre_hook(self._check_settled)

    @property
    def sent(self) -> int:
        """Bytes of gradients this worker has sent."""
        return self._exchange.sent

    def step(self, compute: Compute, batch: Any, *, own: bool = False, scaler: Any = None) -> Any:
        """Forward and backward over one global batch; the gradients of its mean loss are in `.grad` then, the same on every worker.

        `batch` is the whole batch, alike on every worker (a tensor, an index array, a dict or tuple of tensors), or with `own` the rows
        of this worker alone. It is cut into `shards` parts (times `accumulate`); `compute(part)` gives the mean loss of a part, a scalar.
        What it draws from Python's, NumPy's or torch's generators is the shard's own. `scaler` is a `torch.amp.GradScaler`. As in torch,
        gradients that are there already are added to. Gives the batch's mean loss, a float32 scalar. Raises `UsageError`.
        """
        parts = self._parts(batch, own=own)
        before = self._begin()
        try:
            with self._streams.aside():
                for index, part in enumerate(parts):
                    self._one(index, compute, part, scaler)
                loss = self._reducing().finish()
        finally:
            self._stepping = False
            self._buffers.end()
        for parameter, gradient in before:
            parameter.grad = gradient.add_(parameter.grad)
        self.steps += 1
        return loss

    def eval(self) -> None:
        """The model is ready to be evaluated: `settle()` and `model.eval()`. Every worker must call it."""
        self.settle()
        self.model.eval()

    def train(self) -> None:
        """The model is ready to be trained: `model.train()`."""
        self.model.train()

    def settle(self) -> None:
        """The model's buffers become the final ones of all shards; every worker must call it. A run does at the end of each unit."""
        if self._settled != self.steps:
            self._buffers.settle(self._exchange)
            self._settled = self.steps

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, beside model and optimiser; it does not depend on the number of workers. Raises `UsageError`."""
        if self._exchange.workers > 1:
            self._refuse_unsettled()
        self.settle()
        return {**self.pinned, "steps": self.steps, "buffers": self._buffers.state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken, on any number of workers. Raises `UsageError` when what is pinned differs."""
        for name, value in self.pinned.items():
            if state.get(name, value) != value:
                raise UsageError(
                    f"{name} must be as in the checkpoint for the same bits: it has {state[name]}, got {name}={value}"
                )
        self.steps = self._settled = state["steps"]
        if state.get("buffers"):
            self._buffers.load(state["buffers"])

    def _parts(self, batch: Any, *, own: bool) -> list[list[Any]]:
        """For each of this worker's shards its parts, one after another."""
        each = self.pinned["accumulate"]
        if own:
            pieces = cut(batch, len(self._shards) * each)
        else:
            pieces = cut(batch, self.pinned["shards"] * each)[self._shards.start * each : self._shards.stop * each]
        return [pieces[start : start + each] for start in range(0, len(pieces), each)]

    def _begin(self) -> list[tuple[Any, Any]]:
        """Ready for a step; the gradients that are there already, out of the way."""
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        if self._reduction is None:
            check_alike(self.model, self._exchange)
        if (
            self._reduction is None
            or len(trained) != len(self._reduction.parameters)
            or any(map(_differ, trained, self._reduction.parameters))
        ):
            self._reduction = self._reduce(trained)
        before = [(parameter, parameter.grad.clone()) for parameter in trained if parameter.grad is not None]
        for parameter in trained:
            parameter.grad = None
        self._buffers.begin()
        self._stepping = True
        return before

    def _reduce(self, trained: list[Any]) -> Reduction:
        if self._reduction is not None:
            self._reduction.close()
        return Reduction(
            trained,
            no_loss(self._device),
            self._exchange,
            len(self._shards),
            overlap=self._overlap,
            threads=self.pinned["threads"],
        )

    def _reducing(self) -> Reduction:
        assert self._reduction is not None  # noqa: S101
        return self._reduction

    def _one(self, index: int, compute: Compute, parts: list[Any], scaler: Any) -> None:
        """Forward and backward over one shard."""
        self._streams.enter(self.steps, self._shards[index])
        self._buffers.enter(self._shards[index])
        total = no_loss(self._device)
        for number, part in enumerate(parts):
            loss = _scalar(compute(part)) / (self.pinned["shards"] * len(parts))  # a power of two first: exact
            total += loss.detach()
            if number == len(parts) - 1:
                self._reducing().begin(index, total)
            (loss if scaler is None else scaler.scale(loss)).backward()
        self._reducing().end()

    def _check_settled(self, model: Any, _: Any) -> None:
        if not self._stepping and not model.training:
            self._refuse_unsettled()

    def _refuse_unsettled(self) -> None:
        if self._buffers and self._settled != self.steps:
            raise UsageError(
                "each shard has its own BatchNorm buffers, the final ones must be made before the model is evaluated or saved: call "
                "trainer.eval() (or trainer.settle()) on every worker first"
            )


def _differ(one: Any, other: Any) -> bool:
    return one is not other


def _scalar(loss: Any) -> Any:
    if not isinstance(loss, torch.Tensor) or loss.dim() or not loss.requires_grad:
        shown = f"shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise UsageError(
            f"what is computed of a part must be its mean loss, a scalar tensor with a gradient, got {shown}"
        )
    return loss


def _pin(threads: int, device: Any) -> None:
    """What else the bits of one shard depend on, as far as this process can say."""
    torch.set_num_threads(threads)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True

"""The fast mode, with the same face: ordinary `DistributedDataParallel`. Its bits depend on the number of workers."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
import torch.distributed as dist

from daybreak.train.shards.cutting import cut
from daybreak.train.shards.streams import Streams

Compute = Callable[[Any], Any]


class Fast:
    """Trains `model` (wrapped, where there are several workers) on one part of the batch per worker. Made by `daybreak.sharded`."""

    def __init__(self, model: Any, rank: int, workers: int, *, seed: int, accumulate: int = 1) -> None:
        self._device = next(model.parameters()).device
        if workers > 1:
            on = [self._device.index] if self._device.type == "cuda" else None
            model = torch.nn.parallel.DistributedDataParallel(model, device_ids=on)
        self.model = model
        self.share = (rank, workers)
        self.steps = 0
        self.pinned: dict[str, int] = {}
        self._accumulate = accumulate
        self._streams = Streams(seed, self._device)

    def step(self, compute: Compute, batch: Any, *, own: bool = False, scaler: Any = None) -> Any:
        """As `Exact.step`; `compute` must call `trainer.model`."""
        rank, workers = self.share
        parts = cut(batch if own else cut(batch, workers)[rank], self._accumulate)
        total = torch.zeros((), device=self._device)
        with self._streams.aside():
            self._streams.enter(self.steps, rank)
            for number, part in enumerate(parts):
                waits = workers > 1 and number < len(parts) - 1
                with self.model.no_sync() if waits else nullcontext():
                    loss = compute(part) / len(parts)
                    (loss if scaler is None else scaler.scale(loss)).backward()
                total += loss.detach()
        if workers > 1:
            dist.all_reduce(total)
        self.steps += 1
        return total / workers

    def eval(self) -> None:
        """`model.eval()`."""
        self.model.eval()

    def train(self) -> None:
        """`model.train()`."""
        self.model.train()

    def settle(self) -> None:
        """Nothing: every worker's buffers are rank 0's."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, beside model and optimiser."""
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken, in either mode."""
        self.steps = state["steps"]

"""From the gradients of single shards to their sum on every worker, overlapping the backward pass where it pays."""

from collections.abc import Callable
from typing import Any

import torch

from daybreak.base.errors import UsageError
from daybreak.train.shards.buckets import Bucket, make_buckets, refuse_sparse
from daybreak.train.shards.exchange import Exchange
from daybreak.train.shards.lanes import Lane, StreamLane, ThreadLane


class Reduction:
    """Sums gradients, and a loss, over `leaves` shards of this worker and over all workers.

    For each of its shards a worker calls `begin`, lets a backward pass fill `.grad`, and calls `end`. Gradients leave `.grad` as soon as
    those of a bucket are there: that saves memory, and with the worker's last shard the bucket is on its way to the others while
    earlier layers are computed. `finish` leaves the sums in `.grad`.
    """

    def __init__(
        self, parameters: list[Any], loss: Any, exchange: Exchange, leaves: int, *, overlap: bool, threads: int
    ) -> None:
        self.parameters = parameters
        self._exchange = exchange
        self._leaves = leaves
        self._buckets = make_buckets(parameters, loss, leaves=leaves, workers=exchange.workers)
        self._lane: Lane | None = None
        self._handles: list[Any] = []
        self._loss: Any = None
        self._armed = False
        self._index = 0  # of the leaf in progress
        self._next = 0  # buckets leave in their order, on every worker alike
        if overlap:
            self._watch()
        if overlap and exchange.workers > 1 and len(self._buckets) > 1:
            self._lane = StreamLane(loss.device) if loss.device.type == "cuda" else ThreadLane(threads)

    def begin(self, index: int, loss: Any) -> None:
        """The backward pass that comes completes leaf `index`, whose loss is `loss`."""
        self._index, self._loss, self._next, self._armed = index, loss, 0, True
        for bucket in self._buckets:
            bucket.waiting = len(bucket.parameters)

    def end(self) -> None:
        """The gradients of the leaf are complete. Raises `UsageError` for sparse ones."""
        self._armed = False
        refuse_sparse(self.parameters)
        self._leave(len(self._buckets))

    def finish(self) -> Any:
        """Wait, and put the sums into `.grad`; the summed loss."""
        if self._lane is not None:
            self._lane.join()
        self._exchange.sum(self._buckets[-1].total)  # nothing is left to overlap with: it goes without the lane
        for bucket in self._buckets:
            for parameter, view in zip(bucket.parameters, bucket.views, strict=False):
                parameter.grad = view
        return self._buckets[-1].views[-1].clone()

    def close(self) -> None:
        """Watch no parameter any more."""
        for handle in self._handles:
            handle.remove()

    def _watch(self) -> None:
        for bucket in self._buckets[:-1]:
            for parameter in bucket.parameters:
                self._handles.append(parameter.register_post_accumulate_grad_hook(self._watcher(bucket)))

    def _watcher(self, bucket: Bucket) -> Callable[[Any], None]:
        def ready(parameter: Any) -> None:
            if not self._armed:
                return
            bucket.waiting -= 1
            if bucket.waiting < 0:
                raise UsageError(
                    f"each parameter must get its gradient once in a backward pass, one of shape {tuple(parameter.shape)} got it "
                    "again (reentrant checkpointing does that): use_reentrant=False, or daybreak.sharded(..., overlap=False)"
                )
            refuse_sparse([parameter])
            while self._next < len(self._buckets) - 1 and self._buckets[self._next].waiting == 0:
                self._leave(self._next + 1)

        return ready

    def _leave(self, end: int) -> None:
        """Buckets up to number `end` take their gradients; those of the last leaf go on to the other workers."""
        for bucket in self._buckets[self._next : end]:
            last = bucket is self._buckets[-1]
            bucket.push(self._index, [self._loss] if last else [])
            if self._index < self._leaves - 1 or last:
                continue
            if self._lane is not None:
                self._lane.put(self._exchange.sum, bucket.total)
            else:
                self._exchange.sum(bucket.total)
        self._next = end


def no_loss(device: Any) -> Any:
    """What a loss looks like: a float32 scalar on `device`."""
    return torch.zeros((), dtype=torch.float32, device=device)

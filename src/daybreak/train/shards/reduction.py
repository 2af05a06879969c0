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

    For each of its shards a worker computes gradients into `.grad` and calls `leaf`; the last one is announced by `last` before its
    backward pass, so that a bucket is on its way as soon as its layers are finished. `finish` leaves the sums in `.grad`.
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
        self._next = 0  # buckets leave in their order, on every worker alike
        if exchange.workers > 1 and overlap and len(self._buckets) > 1:
            self._lane = StreamLane(loss.device) if loss.device.type == "cuda" else ThreadLane(threads)
            self._watch()

    def leaf(self, index: int, loss: Any) -> None:
        """The gradients of leaf `index`, not the last one, are complete."""
        refuse_sparse(self.parameters)
        for bucket in self._buckets:
            bucket.push(index, [loss] if bucket is self._buckets[-1] else [])

    def last(self, loss: Any) -> None:
        """The backward pass that comes is the last of this step."""
        self._loss, self._next, self._armed = loss, 0, True
        for bucket in self._buckets:
            bucket.waiting = len(bucket.parameters)

    def finish(self) -> Any:
        """Send what has not left yet, wait, and put the sums into `.grad`; the summed loss."""
        self._armed = False
        refuse_sparse(self.parameters)
        self._send(len(self._buckets) - 1)
        if self._lane is not None:
            self._lane.join()
        self._push(self._buckets[-1])  # nothing is left to overlap with: it goes without the lane
        self._exchange.sum(self._buckets[-1].total)
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
                self._send(self._next + 1)

        return ready

    def _send(self, end: int) -> None:
        """Buckets up to number `end` are on their way."""
        while self._next < end:
            bucket = self._buckets[self._next]
            self._push(bucket)
            if self._lane is not None:
                self._lane.put(self._exchange.sum, bucket.total)
            else:
                self._exchange.sum(bucket.total)
            self._next += 1

    def _push(self, bucket: Bucket) -> None:
        bucket.push(self._leaves - 1, [self._loss] if bucket is self._buckets[-1] else [])


def no_loss(device: Any) -> Any:
    """What a loss looks like: a float32 scalar on `device`."""
    return torch.zeros((), dtype=torch.float32, device=device)

"""What workers say to each other: sums of flat tensors along the tree, in place, by `torch.distributed` sends and receives."""

from typing import Any

import torch
import torch.distributed as dist

from daybreak.train.shards import tree


class Exchange:
    """This worker's side of the process group. `sent` counts the bytes of gradients it has sent."""

    def __init__(self, rank: int, workers: int) -> None:
        self.rank = rank
        self.workers = workers
        self.sent = 0
        self._scratch: dict[Any, Any] = {}
        self._pair: Any = None  # the process group of this worker and the one it meets last

    def sum(self, flat: Any) -> None:
        """Replace `flat` (a contiguous vector; its length a multiple of the workers) by the sum over all workers, in tree order.

        Every worker must call it with the same length, in the same order.
        """
        plan = tree.rounds(self.workers, self.rank, len(flat))
        whole = plan.pop() if plan and self._adds_alike(flat) else None
        for meeting in plan:
            mine = flat[slice(*meeting.keep)]
            theirs = self._space(mine)
            self._swap(flat[slice(*meeting.give)], theirs, meeting.partner)
            left, right = (mine, theirs) if meeting.left else (theirs, mine)
            torch.add(left, right, out=mine)
        if whole is not None:
            self._sum_of_two(flat[min(whole.keep[0], whole.give[0]) : max(whole.keep[1], whole.give[1])])
        for meeting in reversed(plan):
            self._swap(flat[slice(*meeting.keep)], flat[slice(*meeting.give)], meeting.partner)

    def gather(self, rows: Any) -> None:
        """Fill `rows` (workers x n) on every worker: row w is what worker w had there."""
        if self.workers > 1:
            dist.all_gather(list(rows.unbind()), rows[self.rank].clone())

    def _adds_alike(self, flat: Any) -> bool:
        """Whether an all-reduce of two may stand for the tree's last meeting: then there are two operands, so one sum in whatever order."""
        return flat.device.type == "cpu" and flat.dtype in {torch.float32, torch.float64}

    def _sum_of_two(self, flat: Any) -> None:
        """The last halving and the first doubling, at once: gloo's own threads are woken sooner than ours."""
        if self._pair is None:
            self._pair = _pairs(self.rank, self.workers)
        self.sent += flat.numel() * flat.element_size()
        dist.all_reduce(flat, group=self._pair)

    def _swap(self, give: Any, take: Any, partner: int) -> None:
        self.sent += give.numel() * give.element_size()
        operations = [dist.P2POp(dist.irecv, take, partner), dist.P2POp(dist.isend, give, partner)]
        for work in dist.batch_isend_irecv(operations):
            work.wait()

    def _space(self, like: Any) -> Any:
        """Room for what is received; one per dtype, device and size."""
        key = like.dtype, like.device, len(like)
        if key not in self._scratch:
            self._scratch[key] = torch.empty_like(like)
        return self._scratch[key]


def _pairs(rank: int, workers: int) -> Any:
    """Every worker makes all groups of two that meet last, in the same order; its own."""
    half = workers // 2
    groups = [dist.new_group([first, first + half]) for first in range(half)]
    return groups[rank % half]

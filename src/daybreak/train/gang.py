"""Decisions that the processes of one trial must take together, and what they must know of each other.

A verdict reaches every member alike: it answers the report with the same number. A request to freeze comes when it comes, a checkpoint is
due by one member's clock, and a member that left one unit before the others would leave them waiting in a collective operation for ever.
"""

import sys
from typing import Any, NamedTuple


class Wishes(NamedTuple):
    """What is to happen at a unit's end."""

    stop: int = 0  # 1: no further unit; 2: and a checkpoint
    freeze: bool = False
    save: bool = False  # a periodic checkpoint is due


def agree(own: Wishes) -> Wishes:
    """What any member wishes; every member must ask at the same unit. Without a process group, what this one does."""
    group = _group()
    if group is None:
        return own
    device = "cuda" if group.get_backend() == "nccl" else "cpu"
    votes = sys.modules["torch"].tensor([int(wish) for wish in own], device=device)
    group.all_reduce(votes, group.ReduceOp.MAX)
    stop, freeze, save = votes.tolist()
    return Wishes(stop, bool(freeze), bool(save))


def gather(own: bytes, rank: int) -> list[bytes]:
    """Everybody's bytes, by rank; every member must call it at the same unit. Without a process group, our own alone."""
    group = _group()
    if group is None:
        return [own]
    members: list[Any] = [None] * group.get_world_size()
    group.all_gather_object(members, (rank, own))
    return [given for _, given in sorted(members)]


def _group() -> Any:
    torch = sys.modules.get("torch")
    if torch is None or not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return None
    return torch.distributed

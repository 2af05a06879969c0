"""Decisions that the processes of one trial must take together.

A verdict reaches every member alike: it answers the report with the same number. A request to freeze comes when it comes, and a member
that left one unit before the others would leave them waiting in a collective operation for ever.
"""

import sys


def any_wants(wanted: bool) -> bool:
    """Whether any member wants it; every member must ask at the same unit. Without a process group, whether this one does."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return wanted
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    votes = torch.tensor([int(wanted)], device=device)
    torch.distributed.all_reduce(votes, torch.distributed.ReduceOp.MAX)
    return bool(votes.item())

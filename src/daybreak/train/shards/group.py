"""The workers of one training: how they find each other, and whether they begin alike."""

import hashlib
import os
import sys
from typing import Any

import torch
import torch.distributed as dist

from daybreak.base.errors import UsageError
from daybreak.train.shards.exchange import Exchange

LOOPBACK = {"127.0.0.1", "localhost"}


def join(device: Any) -> tuple[int, int]:
    """(rank, number of workers), of the process group that is there or that the environment describes.

    RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT are set by Daybreak for trials of several slots, and by torchrun. CUDA devices talk
    through NCCL, others through gloo. Without them, and without a process group: (0, 1).
    """
    if not dist.is_available():
        return 0, 1
    if not dist.is_initialized():
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return 0, 1
        if os.environ.get("MASTER_ADDR") in LOOPBACK:  # gloo would listen wherever the host's name leads
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return dist.get_rank(), dist.get_world_size()


def check_alike(model: Any, exchange: Exchange) -> None:
    """Raise `UsageError` unless all workers hold the same parameters, to the bit. Every worker must call it."""
    if exchange.workers == 1:
        return
    digests = torch.zeros(exchange.workers, 1, dtype=torch.int64, device=_device(model))
    digests[exchange.rank] = _digest(model)
    exchange.gather(digests)
    others = [rank for rank, digest in enumerate(digests.flatten().tolist()) if digest != digests[0].item()]
    if others:
        raise UsageError(
            "all workers must begin with the same weights, those of rank "
            f"{', '.join(map(str, others))} differ from rank 0's: build the model from the trial's seed alone (it is set before "
            "your code runs), not from the rank"
        )


def _device(model: Any) -> Any:
    return next(model.parameters()).device


def _digest(model: Any) -> int:
    state = hashlib.sha256()
    for parameter in model.parameters():
        state.update(parameter.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return int.from_bytes(state.digest()[:8], "little", signed=True)

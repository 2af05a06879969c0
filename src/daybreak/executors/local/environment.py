"""What a process is told about its slots, its gang and its trial, as environment variables."""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from daybreak.lifecycle.events import Slot

THREAD_POOLS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "PJRT_NPROC",  # XLA on CPUs: its bits with one thread are not those with more
)

HASH_SEED = {"PYTHONHASHSEED": "0"}  # sets and dicts of strings come in the same order in every process
DETERMINISTIC = {"DAYBREAK_DETERMINISTIC": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}  # read by `train.determinism`


def pinned(slots: Sequence[Slot]) -> dict[str, str]:
    """What keeps one process on its slots: sizes of thread pools, visible devices (none for CPU slots)."""
    threads = str(max(1, sum(slot.threads for slot in slots)))
    devices = ",".join(slot.device for slot in slots if slot.device)
    return dict.fromkeys(THREAD_POOLS, threads) | {"CUDA_VISIBLE_DEVICES": devices, "DAYBREAK_THREADS": threads}


def on_slots(slots: Sequence[Slot], asked: Mapping[str, str], *, deterministic: bool = False) -> dict[str, str]:
    """`pinned`, and what the user asks for; only the devices of a grant are not the user's to change."""
    own = HASH_SEED | (DETERMINISTIC if deterministic else {}) | pinned(slots)
    granted = {"CUDA_VISIBLE_DEVICES": own["CUDA_VISIBLE_DEVICES"]} if own["CUDA_VISIBLE_DEVICES"] else {}
    return own | dict(asked) | granted


def rendezvous(rank: int, world_size: int, port: int) -> dict[str, str]:
    """How the members of a gang on one machine find each other, named as torch's launcher names it."""
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world_size),
        "LOCAL_WORLD_SIZE": str(world_size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


def free_port() -> int:
    """A TCP port that was free on the loopback interface a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hyperparameters(point: Mapping[str, Any]) -> dict[str, str]:
    """A point as variables: all of it as JSON in DAYBREAK_PARAMS, and one variable each (`augment.noise`: DAYBREAK_PARAM_AUGMENT_NOISE)."""
    each = {f"DAYBREAK_PARAM_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}": _text(point[name]) for name in point}
    return each | {"DAYBREAK_PARAMS": json.dumps(dict(point))}


def _text(value: Any) -> str:
    """Text as it is, everything else as JSON, as in a command's words."""
    return value if isinstance(value, str) else json.dumps(value)

"""Who uses how much memory: process groups, and what the machine (or its container) has left."""

import contextlib
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import psutil

GIB = 2**30


class Room(NamedTuple):
    """Memory that could be had without swapping, and all there is; bytes."""

    available: int
    total: int


Gauge = Callable[[], Room]


def resident(groups: Collection[int]) -> dict[int, int]:
    """Resident bytes of each process group, in one pass over the machine's processes; pages that members share count for each."""
    sizes = dict.fromkeys(groups, 0)
    if not sizes:
        return sizes
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            group = os.getpgid(pid)
            if group in sizes:
                sizes[group] += psutil.Process(pid).memory_info().rss
    return sizes


def room(cgroup: Path = Path("/sys/fs/cgroup")) -> Room:
    """What is left on this machine, or in this container where its limit is tighter."""
    memory = psutil.virtual_memory()
    inside = _container(cgroup)
    return (
        inside if inside is not None and inside.available < memory.available else Room(memory.available, memory.total)
    )


def kills_for_want_of_memory() -> int:
    """How many processes the kernel has killed for want of memory since it started; 0 where it does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def in_words(size: float) -> str:
    """Bytes for people: "1.5 GiB", "300 MiB"."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 2**20:.0f} MiB"


def _container(cgroup: Path) -> Room | None:
    """The control group's limit, version 2; files that could be dropped from the cache count as available."""
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such group, or "max"
        return None
    return Room(max(0, limit - used + int(stat.get("inactive_file", 0))), limit)

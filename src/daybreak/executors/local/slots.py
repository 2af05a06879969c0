"""What this machine has to run on: GPUs or MIG instances where `nvidia-smi` shows them, else CPU shares, or what the user says."""

import math
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from daybreak.base.errors import UsageError
from daybreak.lifecycle.events import Slot

RULE = "slots are COUNT, cpu[:COUNT[xTHREADS]], gpu[:INDEX,...] or mig[:INDEX,...], joined by +"
GIB = 2**30

_GPU = re.compile(r"^GPU (\d+): (.*?) \(UUID: (GPU-[^)]+)\)\s*$")
_MIG = re.compile(r"^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)\s*$")
_MIG_GIB = re.compile(r"\.(\d+)gb")


class Device(NamedTuple):
    """A line of `nvidia-smi -L`: a whole GPU or a MIG instance of the GPU above it. `memory` in bytes, 0: unknown."""

    kind: Literal["gpu", "mig"]
    number: int  # of the GPU
    name: str
    uuid: str
    memory: int = 0


def detect_slots(text: str | None = None) -> list[Slot]:
    """The machine's slots, numbered from 0; `text` overrides what is found. Raises `UsageError`.

    "4": the first four GPUs, or four CPU slots where there is no GPU; "cpu:4x2": four CPU slots of two threads;
    "gpu:0,1": these GPUs; "gpu:0+cpu:2": both kinds.
    """
    cpus = usable_cpus()
    if text is None or text.isdigit():
        return _default_slots(cpus, list_devices(), int(text) if text else None)
    slots: list[Slot] = []
    for part in text.split("+"):
        slots += _slots_of(part.strip(), text, cpus)
    return _numbered(slots)


def usable_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """CPUs this process may use: its affinity, or a container's quota where that is less; at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _cpu_quota(cgroup)
    return max(1, count if quota is None else min(count, math.ceil(quota)))


def parse_listing(listing: str) -> list[Device]:
    """Read `nvidia-smi -L`. A GPU that is cut into MIG instances is left out in favour of them."""
    devices: list[Device] = []
    for line in listing.splitlines():
        if whole := _GPU.match(line):
            devices.append(Device("gpu", int(whole[1]), whole[2], whole[3]))
        elif (part := _MIG.match(line)) and devices:
            size = _MIG_GIB.search(part[1])
            devices.append(Device("mig", devices[-1].number, part[1], part[3], int(size[1]) * GIB if size else 0))
    cut = {device.number for device in devices if device.kind == "mig"}
    return [device for device in devices if device.kind == "mig" or device.number not in cut]


def visible(devices: Sequence[Device], allowed: str | None) -> list[Device]:
    """Those that CUDA_VISIBLE_DEVICES (indices or UUIDs, or a UUID's beginning) leaves; None leaves all."""
    if allowed is None:
        return list(devices)
    names = [name.strip() for name in allowed.split(",") if name.strip()]
    return [device for device in devices if any(_names(name, device) for name in names)]


def list_devices() -> list[Device]:
    """The machine's GPUs and MIG instances; empty where there is no driver."""
    devices = visible(parse_listing(_ask("-L")), os.environ.get("CUDA_VISIBLE_DEVICES"))
    if not devices:
        return []
    sizes = parse_memory(_ask("--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits"))
    return [device._replace(memory=device.memory or sizes.get(device.uuid, 0)) for device in devices]


def parse_memory(table: str) -> dict[str, int]:
    """Read "UUID, MiB" lines into bytes by UUID."""
    pairs = [line.split(",") for line in table.splitlines() if line.count(",") == 1]
    return {uuid.strip(): int(mib) * 2**20 for uuid, mib in pairs if mib.strip().isdigit()}


def _names(name: str, device: Device) -> bool:
    return device.number == int(name) if name.isdigit() else device.uuid.startswith(name)


def _ask(*arguments: str) -> str:
    try:
        answer = subprocess.run(["nvidia-smi", *arguments], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def _cpu_quota(cgroup: Path) -> float | None:
    """CPUs a control group grants (version 2, else 1); None: no limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    return int(quota) / int(period) if quota.isdigit() and int(period) else None


def _default_slots(cpus: int, devices: list[Device], count: int | None) -> list[Slot]:
    if count == 0:
        raise UsageError(f"{RULE}; a machine needs at least one slot, got 0")
    if not devices:
        count = count or cpus
        return _cpu_slots(count, max(1, cpus // count))
    if count is not None and count > len(devices):
        raise UsageError(f"{RULE}; got {count}, and there are {len(devices)} GPUs here: say cpu:{count} for CPU slots")
    return _device_slots(devices[:count], cpus)


def _slots_of(part: str, text: str, cpus: int) -> list[Slot]:
    kind, _, rest = part.partition(":")
    if kind == "cpu" and (found := re.fullmatch(r"(?:(\d+)(?:x(\d+))?)?", rest)):
        count = int(found[1]) if found[1] else cpus
        threads = int(found[2]) if found[2] else max(1, cpus // max(1, count))
        if count and threads:
            return _cpu_slots(count, threads)
    elif kind in ("gpu", "mig") and re.fullmatch(r"(\d+(,\d+)*)?", rest):
        return _device_slots(_chosen(kind, rest, text), cpus)
    raise UsageError(f"{RULE}; got {text!r}")


def _chosen(kind: str, rest: str, text: str) -> list[Device]:
    found = [device for device in list_devices() if device.kind == kind]
    wanted = [int(index) for index in rest.split(",")] if rest else sorted({device.number for device in found})
    missing = [index for index in wanted if index not in {device.number for device in found}]
    if missing or not found:
        raise UsageError(
            f"{text!r} asks for {kind} {missing or ''}: nvidia-smi -L shows {len(found)} of that kind here"
        )
    return [device for index in wanted for device in found if device.number == index]


def _cpu_slots(count: int, threads: int) -> list[Slot]:
    return [Slot(number=number, threads=threads) for number in range(count)]


def _device_slots(devices: Sequence[Device], cpus: int) -> list[Slot]:
    threads = max(1, cpus // len(devices))
    return _numbered(
        [
            Slot(number=0, kind=device.kind, device=device.uuid, threads=threads, memory=device.memory)
            for device in devices
        ]
    )


def _numbered(slots: list[Slot]) -> list[Slot]:
    return [Slot(number, slot.kind, slot.device, slot.threads, slot.memory) for number, slot in enumerate(slots)]

"""Only operators that give the same bits each time: torch's deterministic mode, for the attempt's processes.

Where an operator has no deterministic form torch warns and goes on. On a CPU at a fixed number of threads kernels give the same bits with
and without; what it changes there is that memory of `torch.empty` is filled first, at a cost. On CUDA it chooses other kernels, slower
ones for some. JAX has its own switch, XLA_FLAGS=--xla_gpu_deterministic_ops=true.
"""

import os
import sys
from typing import Any

DETERMINISTIC = (
    "DAYBREAK_DETERMINISTIC"  # "1" in the environment of an attempt whose experiment says `deterministic: true`
)
CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
WORKSPACE = ":4096:8"  # 24 MiB on the device; of the two settings that cuBLAS documents as reproducible the faster one


def ask() -> None:
    """For this process and those it starts, from here on: also for a torch that is imported later."""
    os.environ[DETERMINISTIC] = "1"
    os.environ.setdefault(CUBLAS, WORKSPACE)  # read when cuBLAS is first used
    switch_on()


def switch_on() -> None:
    """Where it was asked for and torch has been imported."""
    torch = sys.modules.get("torch")
    if os.environ.get(DETERMINISTIC) != "1" or torch is None:
        return
    torch.set_deterministic_debug_mode("warn")  # use_deterministic_algorithms would import the compiler, for a second
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    inductor: Any = sys.modules.get("torch._inductor.config")
    if inductor is not None:
        inductor.deterministic = True  # as use_deterministic_algorithms does

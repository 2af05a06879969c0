"""What a training process does with itself: its group, its output, its threads, its end."""

import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

PR_SET_PDEATHSIG = 1
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "PJRT_NPROC",  # XLA on a CPU: its bits with one thread are not those with more
)
JEMALLOC = "jemalloc_bg_thd"

# Looked up once in the parent, so that a child finds it ready.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with(parent: int) -> None:
    """Be killed when process `parent` dies; ends at once when it is dead already. Linux only: elsewhere the closed socket tells."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def redirect_output(log: str) -> None:
    """Append standard output and error to `log`; nothing to read on standard input."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.close(nothing)


def count_threads() -> int:
    """Threads of this process, those of native libraries too where the system tells (Linux), but for jemalloc's own.

    pyarrow, which pandas imports, starts one that gives memory back; jemalloc itself sees to it that a forked child does well without.
    Arrow's pools begin with the first work that they are given, and count then.
    """
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return threading.active_count()
    return sum(_name_of(task) != JEMALLOC for task in tasks.iterdir())


def _name_of(task: Path) -> str:
    try:
        return (task / "comm").read_text().strip()
    except OSError:  # it has just ended
        return JEMALLOC


def limit_threads(threads: int) -> None:
    """For libraries not loaded yet: make pools of this size."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))


def set_threads(threads: int) -> None:
    """For libraries that are loaded already, and for those to come."""
    limit_threads(threads)
    torch, pools = sys.modules.get("torch"), sys.modules.get("threadpoolctl")
    if torch is not None:
        torch.set_num_threads(threads)
    if pools is not None and threads > 1:  # one is what the parent has: looking for pools would only cost time
        pools.threadpool_limits(threads)


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0

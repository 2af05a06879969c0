"""Why a process ended, in words; failures of one cause have one fingerprint, whatever the trial."""

import re
import signal

from daybreak.base.hashing import hash_bytes
from daybreak.wire.worker import Failure

# Signals that somebody else sends on purpose; the others are a fault of the process itself.
FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})

_PYTHON_ERROR = re.compile(
    r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration)|[\w.]+\.[A-Z]\w*)(?::\s*(.*))?$"
)
_PLACE = re.compile(r'^\s*File "([^"]+)", line (\d+)')
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def exit_failure(status: int, output: str) -> Failure:
    """Why a process failed: `status` is its exit code, or minus a signal's number; `output` the end of what it printed."""
    if status < 0:
        return make_failure("signal", f"ended by {signal_name(-status)}{_hint(-status)}", output)
    last = next((found for line in reversed(output.splitlines()) if (found := _PYTHON_ERROR.match(line))), None)
    if last is None or "Traceback (most recent call last)" not in output:
        return make_failure("exit", f"ended with exit code {status}", output)
    return make_failure(last[1].rpartition(".")[2], last[2] or "", output)


def make_failure(kind: str, message: str, output: str = "") -> Failure:
    """A failure with its fingerprint: its kind, its message without numbers, and the place of a traceback."""
    places = [found[0].strip() for line in output.splitlines() if (found := _PLACE.match(line))]
    cause = f"{kind}|{_CHANGING.sub('#', message)}|{places[-1] if places else ''}"
    return Failure(kind=kind, message=message, tail=output, fingerprint=hash_bytes(cause.encode())[:16])


def signal_name(number: int) -> str:
    """SIGSEGV for 11; "signal 77" for what has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hint(number: int) -> str:
    if number == signal.SIGKILL:
        return " from outside (the system does this when memory runs out)"
    if number in FROM_OUTSIDE:
        return " from outside"
    if number == signal.SIGSEGV:
        return " (it touched memory that is not its own: a fault in native code)"
    return ""

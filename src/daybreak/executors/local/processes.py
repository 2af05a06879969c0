"""Starting, signalling and reaping process groups. Exits are noticed by the loop, never waited for."""

import contextlib
import os
import select
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from daybreak.ports.reactor import Reactor


class Child:
    """A process of ours that leads a session and group of its own; `exited(status)` is called once, on the loop's thread.

    `status` is the exit code, or minus the signal's number. Raises `OSError` when it cannot be started.
    """

    def __init__(
        self,
        reactor: Reactor,
        words: Sequence[str],
        exited: Callable[[int], None],
        environment: Mapping[str, str],
        folder: Path,
        output: int,
        keep: Sequence[int] = (),
    ) -> None:
        self._process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._exited = exited
        self._reactor = reactor
        self._notice = exit_notice(self.pid)
        reactor.watch(self._notice, self._reap)

    @property
    def alive(self) -> bool:
        """False once it has been reaped."""
        return self._process.returncode is None

    def wait(self, seconds: float) -> bool:
        """Block until it has ended, at most so long; False: it has not. For closing down only: `exited` is not called."""
        if self.alive:
            wait_for([self.pid], seconds)
        if self._process.poll() is None:
            return False
        self._forget()
        return True

    def _reap(self) -> None:
        status = self._process.wait()
        self._forget()
        self._exited(status)

    def _forget(self) -> None:
        if self._notice.fileno() >= 0:
            self._reactor.forget(self._notice)
            self._notice.close()


class _Descriptor:
    """A file descriptor that can be watched and closed once."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def close(self) -> None:
        if self._number >= 0:
            os.close(self._number)
            self._number = -1


if sys.platform == "darwin":

    def exit_notice(pid: int) -> "select.kqueue":
        """Something that can be read once the process has ended."""
        queue = select.kqueue()
        queue.control([select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)], 0)
        return queue

else:

    def exit_notice(pid: int) -> _Descriptor:
        """Something that can be read once the process has ended."""
        return _Descriptor(os.pidfd_open(pid))


def signal_group(group: int, number: int) -> bool:
    """Signal every process of a group; False: there is none."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS refuses for a group of zombies
        return False
    return True


def end_groups(groups: Iterable[int], number: int = signal.SIGKILL) -> None:
    """Signal several groups, suspended ones too."""
    for group in groups:
        if signal_group(group, number) and number != signal.SIGKILL:
            signal_group(group, signal.SIGCONT)


def tail(path: Path, size: int = 4096) -> str:
    """The last lines of a file of output; "" when it cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - size))
        text = file.read().decode(errors="replace")
        return text if end <= size else text.partition("\n")[2]
    return ""


def wait_for(pids: Iterable[int], seconds: float) -> None:
    """Block until these processes have ended, at most so long. For closing down only."""
    deadline = time.monotonic() + seconds
    for pid in pids:
        with (
            contextlib.suppress(ProcessLookupError),
            contextlib.closing(exit_notice(pid)) as notice,
            selectors.DefaultSelector() as selector,
        ):
            selector.register(notice, selectors.EVENT_READ)
            selector.select(max(0.0, deadline - time.monotonic()))

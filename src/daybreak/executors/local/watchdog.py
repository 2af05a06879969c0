"""A small process that outlives this one for a moment: when this one is killed, it ends every process group it was told of.

A signal at the parent's death (PR_SET_PDEATHSIG) is Linux's alone and reaches one process, not its group; a suspended
command would not notice a closed pipe. So one watchdog per agent holds the end of a pipe: `+GROUP` adds a group, `-GROUP` drops it,
and the end of the stream, which a kill -9 cannot suppress, is its sign to kill those that are left.

This file is also the program that runs (`python -I -S watchdog.py`, standard library alone), to start in milliseconds.
"""

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess


class Watchdog:
    """The agent's end. The process starts with the first group. Not thread-safe."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: set[int] = set()

    def guard(self, group: int) -> None:
        """End this process group if we die."""
        if group not in self._groups:
            self._groups.add(group)
            self._tell(f"+{group}\n")

    def release(self, group: int) -> None:
        """The group is gone, or is nobody's concern any more. Idempotent."""
        if group in self._groups:
            self._groups.discard(group)
            self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the watchdog; groups still guarded are killed by it."""
        self._groups.clear()
        if self._process is not None:
            process, self._process = self._process, None
            process.communicate()

    def _tell(self, line: str) -> None:
        if self._process is not None:
            try:
                self._write(self._process, line)
            except BrokenPipeError:  # somebody has killed it: start another, and tell it everything
                self._process.communicate()
            else:
                return
        self._process = self._start()
        self._write(self._process, "".join(f"+{group}\n" for group in self._groups))

    @staticmethod
    def _write(process: "subprocess.Popen[bytes]", lines: str) -> None:
        if process.stdin is not None:
            process.stdin.write(lines.encode())

    @staticmethod
    def _start() -> "subprocess.Popen[bytes]":
        import subprocess  # not at the top: this file is also the watchdog's program, which must start fast

        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def main() -> None:
    """Read groups from standard input until it ends, then kill those that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    with os.fdopen(0, "r", closefd=False) as lines, contextlib.suppress(OSError):
        for line in lines:
            (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()

"""The process of an unedited script: its output read line by line into a log, its group suspended and continued.

It outlives the attempt that started it when it is frozen by suspension: the next attempt of its trial takes it over.
"""

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from daybreak.executors.local.memory import resident
from daybreak.executors.local.metrics import LineBuffer
from daybreak.executors.local.processes import Child, end_groups, signal_group
from daybreak.executors.local.redacted import RedactedLog
from daybreak.executors.local.watchdog import Watchdog
from daybreak.ports.reactor import Reactor
from daybreak.provenance.redaction import Redactor

CHUNK = 2**16


class Line(NamedTuple):
    """A line that the script wrote: on its output, or (`told`) into the metrics pipe."""

    text: str
    told: bool


class Stopwatch:
    """Seconds that a script has run, without those in which it was suspended. Starts running."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = time.monotonic()

    def __call__(self) -> float:
        """Seconds so far."""
        return self._before + (time.monotonic() - self._since if self._since is not None else 0.0)

    def stop(self) -> None:
        """Idempotent."""
        self._before, self._since = self(), None

    def go_on(self) -> None:
        """Idempotent."""
        self._before, self._since = self(), time.monotonic()


class _Pipe:
    """The reading end of a pipe, watched unless paused."""

    def __init__(self, reactor: Reactor, number: int, took: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        os.set_blocking(number, False)
        self._reactor = reactor
        self._number = number
        self._took = took
        self._ended = ended
        self.open = True

    def fileno(self) -> int:
        return self._number

    def watch(self) -> None:
        if self.open:
            self._reactor.watch(self, self._ready)

    def pause(self) -> None:
        if self.open:
            self._reactor.forget(self)

    def _ready(self) -> None:
        self.read()

    def read(self) -> bool:
        """Take what is there, one piece; False: there is nothing."""
        if not self.open:
            return False
        try:
            data = os.read(self._number, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self._took(data)
        else:
            self.close()
            self._ended()
        return bool(data)

    def close(self) -> None:
        if self.open:
            self._reactor.forget(self)
            self.open = False
            os.close(self._number)


class Script:
    """One started command. `heard` is called when there are lines or when it has ended. Raises `OSError` when it cannot start."""

    def __init__(
        self,
        reactor: Reactor,
        watchdog: Watchdog,
        words: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        heard: Callable[[], None],
        redactor: Redactor | None = None,
    ) -> None:
        self.lines: deque[Line] = deque()
        self.status: int | None = None  # exit code, or minus the signal's number
        self.heard = heard
        self.seconds = Stopwatch()
        self.stopped = False
        self._watchdog = watchdog
        self._redactor = redactor
        self._log = _appending(log, redactor)
        self._output, self._told = LineBuffer(), LineBuffer()
        output, output_end = os.pipe()
        metrics, metrics_end = os.pipe()
        told = dict(environment) | {"DAYBREAK_METRICS_FD": str(metrics_end)}
        self._pipes = [
            _Pipe(reactor, output, self._print, self._printed),
            _Pipe(reactor, metrics, self._tell, lambda: None),
        ]
        try:
            self._child = Child(reactor, words, self._exited, told, folder, output_end, keep=(metrics_end,))
        except OSError:
            self._close()
            raise
        finally:
            os.close(output_end)
            os.close(metrics_end)
        self.pid = self._child.pid
        watchdog.guard(self.pid)
        for pipe in self._pipes:
            pipe.watch()

    @property
    def alive(self) -> bool:
        """False once it has been reaped."""
        return self.status is None and self._child.alive

    def suspend(self) -> None:
        """Stop its group; what it has written and we have not read stays in the pipes."""
        if self.alive and not self.stopped:
            self.stopped = True
            self.seconds.stop()
            signal_group(self.pid, signal.SIGSTOP)
            for pipe in self._pipes:
                pipe.pause()

    def proceed(self) -> None:
        """Let it go on. Idempotent."""
        if self.alive and self.stopped:
            self.stopped = False
            self.seconds.go_on()
            for pipe in self._pipes:
                pipe.watch()
            signal_group(self.pid, signal.SIGCONT)

    def write_to(self, log: Path) -> None:
        """From now on its output goes to another file."""
        self._log.close()
        self._log = _appending(log, self._redactor)

    def terminate(self) -> None:
        """Ask it to end."""
        if self.alive:
            end_groups([self.pid], signal.SIGTERM)
            self.proceed()

    def kill(self) -> None:
        """End its group now; `heard` is called when it has been reaped."""
        if self.alive:
            end_groups([self.pid])

    def size(self) -> int:
        """Resident bytes of its group."""
        return resident([self.pid])[self.pid]

    def wait(self, seconds: float) -> bool:
        """Block until it has ended. For closing down only."""
        ended = self._child.wait(seconds)
        if ended:
            end_groups([self.pid])
            self._close()
        return ended

    def _print(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end the training
            self._log.write(data)
        self.lines.extend(Line(text, told=False) for text in self._output.feed(data))
        self.heard()

    def _printed(self) -> None:
        if rest := self._output.end():
            self.lines.append(Line(rest, told=False))

    def _tell(self, data: bytes) -> None:
        self.lines.extend(Line(text, told=True) for text in self._told.feed(data))
        self.heard()

    def _exited(self, status: int) -> None:
        """Read what it left, then end those of its group that outlived it."""
        for pipe in self._pipes:
            while pipe.read():
                pass
        self._printed()
        end_groups([self.pid])
        self.status = status
        self.seconds.stop()
        self._close()
        self.heard()

    def _close(self) -> None:
        if getattr(self, "pid", None) is not None:
            self._watchdog.release(self.pid)
        for pipe in self._pipes:
            pipe.close()
        self._log.close()


def _appending(log: Path, redactor: Redactor | None) -> BinaryIO | RedactedLog:
    log.parent.mkdir(parents=True, exist_ok=True)
    file = log.open("ab", buffering=0)
    return RedactedLog(file, redactor) if redactor else file

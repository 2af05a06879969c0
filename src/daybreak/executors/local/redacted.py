"""Output on its way to a log, without the values of credentials."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from daybreak.ports.reactor import Reactor
from daybreak.provenance.redaction import Redactor

CHUNK = 2**16
LINGER = 5.0  # seconds


class RedactedLog:
    """A log that is written through a redactor."""

    def __init__(self, log: BinaryIO, redactor: Redactor) -> None:
        self._log = log
        self._redactor = redactor

    def write(self, data: bytes) -> None:
        """Write what is known to be no secret."""
        self._log.write(self._redactor.feed(data))

    def close(self) -> None:
        """Write the rest. Idempotent."""
        if not self._log.closed:
            with contextlib.suppress(OSError):  # a full disk
                self._log.write(self._redactor.end())
            self._log.close()


class RedactingPipe:
    """A named pipe that a process opens in place of its log; what comes through it is written to the log, without secrets.

    A process that writes to a file of its own would leave them on the disk until somebody took them out; so it never gets the file. The
    pipe lies in the home's run folder, which only its owner can enter. Raises `OSError`.
    """

    def __init__(self, reactor: Reactor, folder: Path, log: Path, redactor: Redactor) -> None:
        self._reactor = reactor
        self._place = Path(tempfile.mkdtemp(dir=folder, prefix="output-"))
        self.path = self._place / "pipe"
        os.mkfifo(self.path, 0o600)
        self._handle = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)  # for writing, too: it has no end while we listen
        self._log = RedactedLog(log.open("ab", buffering=0), redactor)
        log.chmod(0o600)
        self._open = True
        reactor.watch(self, self._ready)

    def fileno(self) -> int:
        """The pipe's end that is watched."""
        return self._handle

    def drain(self) -> None:
        """Take in all that is there."""
        while self._open and self._read():
            pass

    def leave(self) -> None:
        """Close in a while: the process may still say its last words."""
        self.drain()
        self._reactor.later(LINGER, self.close)

    def close(self) -> None:
        """Take in the rest; nobody writes any more. Idempotent."""
        if self._open:
            self.drain()
            self._open = False
            self._reactor.forget(self)
            os.close(self._handle)
            self._log.close()
            self.path.unlink(missing_ok=True)
            self._place.rmdir()

    def _ready(self) -> None:
        self._read()

    def _read(self) -> bool:
        try:
            data = os.read(self._handle, CHUNK)
        except BlockingIOError:
            return False
        with contextlib.suppress(OSError):  # a full disk must not end the training
            self._log.write(data)
        return bool(data)

"""The user's functions, or a model that lives in Python, in a process of its own: what it breaks is its own.

A call that takes longer than its limit ends the process, as does a crash; the next call starts another one. The process ends with its
parent (its end of a pipe closes), whatever it is doing.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from daybreak.base.errors import BadRows, ModelFailed
from daybreak.inference.frames import Arrays, Unsendable, receive, send
from daybreak.inference.source import Source

START = 120.0  # seconds that imports of the user's code may take
STDERR = 2  # where the user's prints go: standard output may be a protocol's, or somebody's JSON


@dataclass
class Worker:
    """One process, started by the first call. `model`: module:function(folder) of a Python model, whose answer predicts.

    `limit`: seconds that one call may take.
    """

    source: Source
    model: str = ""
    limit: float = 30.0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _socket: socket.socket | None = field(default=None, init=False)
    _life: int | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process and load the user's code, so that the first call need not. Raises `ModelFailed`."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair()
        listened, self._life = os.pipe()
        ends = (theirs.fileno(), listened)
        command = [sys.executable, "-P", "-m", "daybreak.inference.working", *map(str, ends)]  # -P: nothing of the cwd
        try:
            self._socket = ours
            self._process = subprocess.Popen(command, pass_fds=ends, stdin=subprocess.DEVNULL, stdout=STDERR)
        finally:
            theirs.close()
            os.close(listened)
        folder = str(self.source.folder) if self.source.folder else ""
        code = (
            {} if folder else {name: data for name, data in self.source.under("code/").items() if name.endswith(".py")}
        )
        try:
            self._ask({"folder": folder, "code": code, "model": self.model}, {}, START)
        except BaseException:
            self.close()  # what could not load its code answers nothing
            raise

    def call(self, function: str, arrays: Arrays) -> Arrays:
        """The function's answer; an empty name is the model. Raises `BadRows`, `ModelFailed`."""
        self.start()
        return self._ask({"function": function}, arrays, self.limit)

    def _ask(self, head: dict[str, Any], arrays: Arrays, limit: float) -> Arrays:
        if self._socket is None:
            raise ModelFailed("the model's process was closed")
        deadline = time.monotonic() + limit
        try:
            send(self._socket, head, arrays, deadline)
            answer, told = receive(self._socket, deadline)
        except TimeoutError as error:
            self.close()
            raise ModelFailed(f"the model's own code may take {limit:g} s, took longer; it was ended") from error
        except Unsendable as error:  # of which nothing was sent
            raise ModelFailed(f"the model's own code cannot be given these rows: {error}") from error
        except (OSError, EOFError, ValueError) as error:
            code = self._ended()
            raise ModelFailed(
                f"the process of the model's own code ended ({code}); the next call starts another"
            ) from error
        except BaseException:
            self.close()  # Ctrl-C, say: the answer to this call would be taken for the next one's
            raise
        if "faults" in answer:
            raise BadRows({int(row): why for row, why in answer["faults"].items()})
        if "error" in answer:
            raise ModelFailed(f"the model's own code failed: {answer['error']}")
        return told

    def _ended(self) -> str:
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(1.0)
        self.close()
        return "cut off" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"

    def close(self) -> None:
        """End the process."""
        if self._socket is not None:
            self._socket.close()
        if self._life is not None:
            os.close(self._life)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._socket = self._life = None

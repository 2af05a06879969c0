"""Work that must not hold the controller's loop runs in a process of its own, started by name; it answers in JSON lines."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from daybreak.base import errors
from daybreak.base.errors import ControllerError

Progress = Callable[[dict[str, Any]], None]


def run_job(name: str, words: Sequence[str], given: Any, progress: Progress | None = None) -> Any:
    """Run `python -m daybreak.bootstrap.NAME WORDS` with `given` as JSON on its standard input; its result.

    Lines of standard output are JSON objects: `{"progress": ...}` any number of times, then `{"result": ...}` or
    `{"error": CLASS, "message": TEXT}`. Raises the error it names, or `ControllerError` when it ended otherwise.
    """
    with tempfile.TemporaryFile() as errors_said:  # a pipe that nobody reads would fill up and hold the job
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"daybreak.bootstrap.{name}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors_said,
        )
        try:
            return _converse(process, msgspec.json.encode(given), progress)
        except EOFError:
            errors_said.seek(0)
            tail = errors_said.read().decode(errors="replace").strip().splitlines()[-5:]
            raise ControllerError(f"daybreak.bootstrap.{name} ended without an answer:\n" + "\n".join(tail)) from None
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()


def _converse(process: "subprocess.Popen[bytes]", given: bytes, progress: Progress | None) -> Any:
    """Raises `EOFError` when it ends without an answer."""
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError):  # why it does not listen is told by what it says
        process.stdin.write(given)
        process.stdin.close()
    for line in process.stdout:
        said: dict[str, Any] = msgspec.json.decode(line)
        if "result" in said:
            return said["result"]
        if "error" in said:
            raise errors.named(said["error"])(said["message"])
        if progress is not None and "progress" in said:
            progress(said["progress"])
    process.wait()
    raise EOFError

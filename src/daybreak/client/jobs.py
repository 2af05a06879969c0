"""Work that must not hold the controller's loop runs in a process of its own, started by name; it answers in JSON lines."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from daybreak.base import errors
from daybreak.base.errors import ControllerError, DaybreakError

Progress = Callable[[dict[str, Any]], None]


def run_job(name: str, words: Sequence[str], given: Any, progress: Progress | None = None) -> Any:
    """Run `python -m daybreak.bootstrap.NAME WORDS` with `given` as JSON on its standard input; its result.

    Lines of standard output are JSON objects: `{"progress": ...}` any number of times, then `{"result": ...}` or
    `{"error": CLASS, "message": TEXT}`. Raises the error it names, or `ControllerError` when it ended otherwise.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", f"daybreak.bootstrap.{name}", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        return _converse(name, process, msgspec.json.encode(given), progress)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _converse(name: str, process: "subprocess.Popen[bytes]", given: bytes, progress: Progress | None) -> Any:
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    process.stdin.write(given)
    process.stdin.close()
    for line in process.stdout:
        said: dict[str, Any] = msgspec.json.decode(line)
        if "result" in said:
            return said["result"]
        if "error" in said:
            raise _named(said["error"])(said["message"])
        if progress is not None and "progress" in said:
            progress(said["progress"])
    tail = process.stderr.read().decode(errors="replace").strip().splitlines()[-5:]
    raise ControllerError(f"daybreak.bootstrap.{name} ended without an answer:\n" + "\n".join(tail))


def _named(kind: str) -> type[DaybreakError]:
    found = getattr(errors, kind, ControllerError)
    return found if isinstance(found, type) and issubclass(found, DaybreakError) else ControllerError

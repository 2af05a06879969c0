"""One process serves from a device's folder: two would end each other's trials, and swap under each other."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.base.errors import UsageError

LOCK = "serving.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a device's folder until the block ends, or the process does. Raises `UsageError` where another process holds it."""
    try:
        file = (folder / LOCK).open("ab")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}; name another place") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another `daybreak edge run` serves from {folder}: stop that one, give this one another --state, "
                "or install a newer bundle beside it: daybreak edge update"
            ) from None
        yield

"""Files and folders that the user named: what becomes of them where the system says no."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.base.writing import unwritable


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Raises `UsageError` where a file or folder that is written cannot be: no such folder, no rights, no room."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def written_file(path: Path) -> Iterator[None]:
    """As `written`, of one file. Raises `UsageError` for a folder, which `.` and `/` are, too."""
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder; name a file in it")
    with written(path):
        yield


def of_the_user(error: OSError, words: Iterable[str]) -> UsageError | None:
    """A refusal, where the system said no to a path that stands on the command line or lies below one; None where it is our own."""
    if not isinstance(error.filename, str | bytes) or not error.strerror:
        return None
    name = error.filename if isinstance(error.filename, str) else error.filename.decode(errors="replace")
    path = Path(name).absolute()
    for word in (part for whole in words for part in {whole, whole.partition("=")[2]}):
        if word and not word.startswith("-") and path.is_relative_to(Path(word).expanduser().absolute()):
            return UsageError(f"{word} cannot be read or written: {error.strerror}; name another place")
    return None

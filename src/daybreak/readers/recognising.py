"""Which reader a given thing needs: by what it is, and by its extension."""

from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.readers import columnar, delimited
from daybreak.readers.request import Progress, Request
from daybreak.readers.source import Source

COMPRESSED = (".gz", ".bz2", ".zst")


def recognise(given: Any, request: Request, progress: Progress | None = None) -> Source:
    """The source of what a user names. Raises `UsageError` for what does not exist or is of no known kind."""
    path = Path(given).expanduser()
    if not path.exists():
        raise UsageError(f"there is no {path}")
    name, extension = str(given), extension_of(path)
    if extension in columnar.EXTENSIONS:
        return columnar.Columnar([path], name, columnar.EXTENSIONS[extension])
    if extension in delimited.EXTENSIONS:
        return delimited.Delimited(path, name, delimiter=request.delimiter, header=request.header, names=request.names)
    raise UsageError(
        f"{name}: the extension {extension!r} says nothing about its format; known are {', '.join(known())}"
    )


def extension_of(path: Path) -> str:
    """The extension in small letters, without that of a compression."""
    inner = Path(path.stem) if path.suffix.lower() in COMPRESSED else path
    return inner.suffix.lower()


def known() -> list[str]:
    """Extensions of files that can be read."""
    return sorted({*columnar.EXTENSIONS, *delimited.EXTENSIONS})

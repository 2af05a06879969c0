"""What a replica counted, as a file that the supervisor takes; written whole, taken once."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from daybreak.monitoring.records import Partial

FOLDER = "windows/parts"
SUFFIX = ".part"


class Part(msgspec.Struct, frozen=True):
    """What one replica counted of one arm. `since`, `until`: its first and last row (seconds since 1970); `skipped`: rows not counted."""

    arm: str
    model: str
    version: int
    package: str
    since: float
    until: float
    window: Partial
    skipped: int = 0


def write(file: Path, parts: list[Part]) -> None:
    """Write parts of several arms. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(parts))
    partial.replace(file)


def waiting(folder: Path) -> Iterator[tuple[Path, list[Part]]]:
    """Files that are there, in the order of their names, and what they hold: nothing where one cannot be read."""
    for file in sorted((folder / FOLDER).glob(f"*{SUFFIX}")):
        try:
            yield file, msgspec.json.decode(file.read_bytes(), type=list[Part])
        except (msgspec.DecodeError, FileNotFoundError):
            yield file, []

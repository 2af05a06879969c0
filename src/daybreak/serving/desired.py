"""deployment.json: what commands want. Each change is read, made and written under a lock, so that none is lost, and grows `generation`."""

import fcntl
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.serving.deployment import Deployment

RECORD = "deployment.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Change = Callable[[Deployment], Deployment]


def folder_of(home: Home, name: str) -> Path:
    """HOME/deployments/NAME. Raises `UsageError` for what is no name."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"a deployment's name is letters, digits, `.`, `_` and `-`, at most 64, got {name!r}; give one by --name"
        )
    return home.deployment(name)


def names(home: Home) -> list[str]:
    """All deployments of a home."""
    return sorted(file.parent.name for file in (home.path / "deployments").glob(f"*/{RECORD}"))


def read(folder: Path) -> Deployment:
    """What is wanted. Raises `NotFound`, `DamagedFile`."""
    file = folder / RECORD
    try:
        return msgspec.json.decode(file.read_bytes(), type=Deployment)
    except FileNotFoundError as error:
        raise NotFound(f"there is no deployment {folder.name}; daybreak deployment ls lists them") from error
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{file} is no deployment: {error}") from error


def write(folder: Path, wanted: Deployment) -> Deployment:
    """Want something new, whatever was wanted before; as it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        try:
            generation = read(folder).generation + 1
        except (NotFound, DamagedFile):
            generation = 1
        return _written(folder, msgspec.structs.replace(wanted, generation=generation))


def change(folder: Path, how: Change) -> Deployment:
    """Want something else; as it was written, or as it was where nothing changes. Raises `NotFound`, and what `how` raises."""
    if not folder.is_dir():
        read(folder)
    with _locked(folder):
        before = read(folder)
        after = how(before)
        if after == before:
            return before
        return _written(folder, msgspec.structs.replace(after, generation=before.generation + 1))


def _written(folder: Path, deployment: Deployment) -> Deployment:
    partial = folder / f"{RECORD}.partial"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(deployment), indent=1))
    partial.replace(folder / RECORD)
    return deployment


class _locked:  # noqa: N801 (a context manager, named as it is read)
    def __init__(self, folder: Path) -> None:
        self._file = (folder / f"{RECORD}.lock").open("w")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()

"""What is installed for an interpreter, asked of the interpreter itself and remembered while its folders stay as they are."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.provenance import places
from daybreak.provenance.stats import write_whole

SCRIPT = Path(__file__).with_name("asking.py")
PATIENCE = 60.0  # seconds; a cold network file system is slow

Stamps = dict[str, tuple[int, int] | None]


class Package(msgspec.Struct, frozen=True):
    """One installed distribution."""

    name: str  # as its metadata writes it
    version: str
    info: str  # its .dist-info or .egg-info
    installer: str = ""
    source: dict[str, Any] | None = None  # direct_url.json (PEP 610): where it came from, when from no index
    wheel: bool = True  # it has WHEEL and RECORD: it can be packed again

    @property
    def key(self) -> str:
        """The normalised name."""
        return normalised(self.name)

    @property
    def folder(self) -> Path | None:
        """The project folder it was installed from; None for anything else, also for what conda built somewhere in a folder."""
        if self.installer == "conda":
            return None
        url = str((self.source or {}).get("url", ""))
        if "dir_info" in (self.source or {}) and url.startswith("file:"):
            return Path(unquote(urlsplit(url).path))
        lies_in = Path(self.info).parent
        return (
            lies_in
            if self.info.endswith(".egg-info") and lies_in.name not in {"site-packages", "dist-packages"}
            else None
        )

    @property
    def editable(self) -> bool:
        """Whether its code stays in `folder`."""
        return self.folder is not None and (self.source is None or bool(self.source["dir_info"].get("editable")))


class Installed(msgspec.Struct, frozen=True):
    """An interpreter and its packages."""

    python: str
    implementation: str
    executable: str
    platform: str
    prefix: str
    watched: list[str]
    packages: list[Package]

    @property
    def versions(self) -> dict[str, str]:
        """Normalised name to version, sorted by name."""
        return {package.key: package.version for package in sorted(self.packages, key=lambda package: package.key)}


class _Remembered(msgspec.Struct):
    stamps: Stamps
    installed: Installed


def normalised(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def searched(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The folders of PYTHONPATH, which come before an interpreter's own."""
    return tuple(filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))


def ask(python: str, first: Sequence[str] = ()) -> Installed:
    """Ask an interpreter, in a process of its own. Raises `UsageError` when it does not answer."""
    try:
        told = subprocess.run(
            [python, "-I", str(SCRIPT), *first],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout
        return msgspec.json.decode(told, type=Installed)
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit status {error.returncode}"]
        raise UsageError(f"{python} must be able to say what is installed for it: {last[0]}") from error
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise UsageError(f"{python} must be able to say what is installed for it: {error}") from error


def look(home: Home, python: str, first: tuple[str, ...] = ()) -> Installed:
    """What is installed for `python`; while no folder it looks in has changed, stats alone. Raises `UsageError`."""
    memory = places.interpreter(home, python, first)
    known = _remembered(memory)
    if known is not None and known.stamps == _stamps(known.stamps):
        return known.installed
    before = _stamps([python, *first])
    found = ask(python, first)
    stamps = before | _stamps([*found.watched, *_beside(found)])
    write_whole(memory, msgspec.json.encode(_Remembered(stamps, found)))
    return found


def _beside(found: Installed) -> list[str]:
    """What else decides: the settings of a virtual environment, and where each package's files are listed (an install in place)."""
    return [str(Path(found.prefix) / "pyvenv.cfg"), *(package.info for package in found.packages)]


def _stamps(paths: Sequence[str] | Stamps) -> Stamps:
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (hundreds of them at each hand-in)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _remembered(memory: Path) -> _Remembered | None:
    try:
        return msgspec.json.decode(memory.read_bytes(), type=_Remembered)
    except (OSError, msgspec.MsgspecError):
        return None

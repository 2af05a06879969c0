"""A bundle: one run with everything that made it, in a file that another home takes in.

A tar archive compressed with Zstandard. Its first member is `index.json`: the name, size and blake3 of every other member, in order.
The blake3 of the index is the bundle's digest: who knows it knows that nothing in the bundle is other than it was.

    index.json                        see `Index`
    rows.json                         {experiments: [one], trials, attempts, checkpoints, notices}: rows of the read tables
    recorded.json                     what attempts were told to do: `wire.recorded`
    points.json                       learning curves: [{trial, metric, steps, values}]
    vault/<digest>                    files of the vault: the record, the lock, the diff, manifests, checkpoints, kept wheels and data
    code/<digest>/...                 captured code, with its manifest.json
    environments/<digest>.json        what was learnt of the environment later: hashes, origins, kept wheels
    certificates/...                  certificates of determinism
    audits/...                        audits of the run's data and code
"""

import math
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.hashing import HEX_LENGTH, canonical_json, hash_bytes

FORMAT = 1
INDEX, ROWS, POINTS, RECORDED = "index.json", "rows.json", "points.json", "recorded.json"
PROOFS = ("certificates", "audits")  # folders of an experiment that go with it
LARGEST_INDEX = 2**28  # bytes
_NAME = re.compile(
    rf"(rows|points|recorded)\.json|vault/[0-9a-f]{{{HEX_LENGTH}}}|environments/[0-9a-f]{{{HEX_LENGTH}}}\.json"
    rf"|code/[0-9a-f]{{{HEX_LENGTH}}}/.+|(certificates|audits)/[\w.-]+"
)


class Member(msgspec.Struct, frozen=True, array_like=True):
    """One file of a bundle."""

    name: str
    size: int
    blake3: str


class Index(msgspec.Struct, frozen=True):
    """What a bundle holds. `run`: as it was named at home (3, 3.17); `notes`: what is not in it, and why."""

    run: str
    name: str  # of the experiment
    daybreak: str  # the version that wrote it
    files: list[Member]
    notes: list[str] = []
    format: int = FORMAT

    def encode(self) -> bytes:
        """The bytes that the bundle's digest is of."""
        return canonical_json(msgspec.to_builtins(self))

    @property
    def digest(self) -> str:
        """The bundle's own: 64 hexadecimal digits of blake3."""
        return hash_bytes(self.encode())


def read_index(archive: tarfile.TarFile, source: Path) -> Index:
    """The first member of a bundle. Raises `DamagedFile`, `UsageError` for one of a newer format."""
    first = archive.next()
    if first is None or first.name != INDEX or first.size > LARGEST_INDEX:
        raise DamagedFile(f"{source} is no bundle: it must begin with {INDEX}")
    data = content(archive, first).read()
    try:
        if (version := msgspec.json.decode(data, type=_Format).format) > FORMAT:
            raise UsageError(
                f"{source} has format {version}, this Daybreak reads up to {FORMAT}: pip install -U daybreak"
            )
        index = msgspec.json.decode(data, type=Index)
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{source} is no bundle: its {INDEX} cannot be read: {error}") from error
    for member in index.files:
        check_name(member.name)
    return index


def check_name(name: str) -> None:
    """A name that a bundle may hold: nothing leads out of the folder it is unpacked to. Raises `DamagedFile`."""
    if not _NAME.fullmatch(name) or ".." in name.split("/") or "\\" in name or "\0" in name:
        raise DamagedFile(f"a bundle holds no file named {name!r}: it was tampered with")


def content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """A member's bytes. Raises `DamagedFile` for one that is no plain file."""
    found = archive.extractfile(member) if member.isreg() else None
    if found is None:
        raise DamagedFile(f"a bundle holds plain files, {member.name!r} is none: it was tampered with")
    return found


@contextmanager
def opened(source: Path) -> Iterator[tarfile.TarFile]:
    """The archive, to be read from front to back. Raises `UsageError` without such a file, `DamagedFile`."""
    zstandard = zstd()
    try:
        with (
            source.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as plain,
            tarfile.open(fileobj=plain, mode="r|") as archive,
        ):
            yield archive
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"there is no file {source}") from error
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        raise DamagedFile(f"{source} is no whole bundle (.tar.zst): {error}") from error


def zstd() -> Any:
    """The compression library. Raises `UsageError` where it is missing."""
    try:
        import zstandard
    except ImportError as error:
        raise UsageError("bundles need zstandard: pip install 'daybreak[reproduce]'") from error
    return zstandard


def told(value: Any) -> Any:
    """Plain data for JSON, which has no NaN and no infinity: they become `{"float": "nan"}`."""
    return _replaced(msgspec.to_builtins(value), _as_text)


def untold(value: Any) -> Any:
    """What `told` was given, as plain data."""
    return _replaced(value, _as_number)


def _replaced(value: Any, replace: Callable[[Any], Any]) -> Any:
    found = replace(value)
    if isinstance(found, dict):
        return {name: _replaced(part, replace) for name, part in found.items()} if found is value else found
    return [_replaced(part, replace) for part in found] if isinstance(found, list | tuple) else found


def _as_text(value: Any) -> Any:
    return {"float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value


def _as_number(value: Any) -> Any:
    found = value.get("float") if isinstance(value, dict) and len(value) == 1 else None
    return float(found) if found in ("nan", "inf", "-inf") else value


class _Format(msgspec.Struct):
    format: int

"""Where files lie: on this machine, or behind a URL that fsspec knows (s3://, gs://, https://). A file is written whole or not at all."""

import bz2
import glob
import gzip
import lzma
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from daybreak.base.errors import NotFound, UsageError

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SOUNDS = (".wav", ".flac", ".ogg")
TABLES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
PACKED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
WILD = "*?["


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file, or one folder of pictures or sounds. `stamp`: what changes when it is written again (its time, or the store's tag)."""

    path: str
    kind: str  # parquet, csv, jsonl, images, sounds
    size: int
    stamp: str


def remote(path: str) -> bool:
    """Whether it is a URL."""
    return "://" in path


@lru_cache(maxsize=16)
def _system(path: str) -> Any:
    try:
        import fsspec
    except ImportError as error:
        raise UsageError(
            f"URLs are read by fsspec, which is missing ({path}): pip install 'daybreak[remote]'"
        ) from error
    try:
        return fsspec.core.url_to_fs(path)[0]
    except (ImportError, ValueError) as error:
        raise UsageError(f"fsspec cannot open {path}: {error}") from error


def system(path: str) -> Any:
    """The file system of a URL. Raises `UsageError` where fsspec, or what it needs for it, is missing."""
    scheme, _, rest = path.partition("://")
    return _system(f"{scheme}://{rest.split('/')[0]}")


def opened(path: str) -> Any:
    """For reading bytes."""
    return system(path).open(path, "rb") if remote(path) else Path(path).open("rb")


@contextmanager
def streamed(path: str) -> Iterator[tuple[Any, Callable[[], float]]]:
    """What is in a file, also in a packed one (.gz, .bz2, .xz), and a function that says how much of it was read, 0..1."""
    with opened(path) as raw:
        size = raw.seek(0, os.SEEK_END) or 1
        raw.seek(0)
        kind = PACKED.get(os.path.splitext(path.lower())[1])  # noqa: PTH122 - also of a URL
        yield (kind(raw) if kind else raw), lambda: min(1.0, raw.tell() / size)


def bytes_of(path: str) -> bytes:
    """All of a file."""
    return bytes(system(path).cat_file(path)) if remote(path) else Path(path).read_bytes()


def inputs(patterns: Sequence[str]) -> list[Input]:
    """Files and folders of media that patterns name, in order, each once. Raises `NotFound`, `UsageError`."""
    found: dict[str, Input] = {}
    for pattern in patterns:
        paths = _matching(pattern)
        if not paths:
            raise NotFound(f"no file matches {pattern}; quote a pattern that the shell should leave alone")
        for path in paths:
            found.setdefault(path, _input(path))
    return list(found.values())


def _matching(pattern: str) -> list[str]:
    if remote(pattern):
        files = system(pattern)
        if not any(letter in pattern for letter in WILD):
            return [pattern] if files.exists(pattern) else []
        return sorted(files.unstrip_protocol(path) for path in files.glob(pattern))
    if os.path.exists(pattern):  # noqa: PTH110 - also a name with a star in it
        return [os.path.abspath(pattern)]  # noqa: PTH100 - links stay what they are called
    return sorted(os.path.abspath(path) for path in glob.glob(pattern, recursive=True))  # noqa: PTH100, PTH207


def _input(path: str) -> Input:
    if remote(path):
        files = system(path)
        if files.isdir(path):
            return _folder(path, members(path))
        told = files.info(path)
        return Input(path, kind_of(path), int(told.get("size") or 0), str(files.ukey(path)))
    if Path(path).is_dir():
        return _folder(path, members(path))
    state = os.stat(path)  # noqa: PTH116
    return Input(path, kind_of(path), state.st_size, str(state.st_mtime_ns))


def kind_of(path: str) -> str:
    """By the end of its name. Raises `UsageError`."""
    name = path.lower()
    for end in PACKED:
        name = name.removesuffix(end)
    for end, kind in TABLES.items():
        if name.endswith(end):
            return kind
    raise UsageError(f"inputs are Parquet, CSV, JSONL, or folders of pictures or sounds, got {path}")


def _folder(path: str, files: list[tuple[str, int, str]]) -> Input:
    kinds = {"images" if name.lower().endswith(PICTURES) else "sounds" for name, _, _ in files}
    if len(kinds) != 1:
        what = "pictures and sounds" if kinds else "neither"
        raise UsageError(
            f"a folder holds pictures ({', '.join(PICTURES)}) or sounds ({', '.join(SOUNDS)}), {path} holds {what}"
        )
    told = "\n".join(f"{name} {size} {stamp}" for name, size, stamp in files)
    return Input(path, kinds.pop(), sum(size for _, size, _ in files), blake3(told.encode()).hexdigest())


def members(path: str) -> list[tuple[str, int, str]]:
    """Pictures and sounds below a folder, by name: (name below it, bytes, stamp)."""
    if remote(path):
        files = system(path)
        root = files._strip_protocol(path).rstrip("/")  # noqa: SLF001 - how fsspec itself compares
        found = files.find(root, detail=True)
        all_files = [
            (name[len(root) + 1 :], int(told.get("size") or 0), str(told.get("ETag", told.get("created", ""))))
            for name, told in found.items()
        ]
    else:
        states = ((file, file.stat()) for file in Path(path).rglob("*") if file.is_file())
        all_files = [
            (file.relative_to(path).as_posix(), state.st_size, str(state.st_mtime_ns)) for file, state in states
        ]
    return sorted(one for one in all_files if one[0].lower().endswith((*PICTURES, *SOUNDS)))


def digest(given: Input) -> dict[str, Any]:
    """What the manifest says of an input: BLAKE3 of its bytes; of a file behind a URL the store's own tag."""
    told: dict[str, Any] = {"path": given.path, "bytes": given.size}
    if remote(given.path):
        return told | {"tag": given.stamp}
    if given.kind in ("images", "sounds"):
        whole = blake3()
        for name, _, _ in members(given.path):
            whole.update(name.encode() + b"\0" + blake3((Path(given.path) / name).read_bytes()).digest())
        return told | {"blake3": whole.hexdigest()}
    return told | {"blake3": blake3().update_mmap(given.path).hexdigest()}


class Out:
    """The folder that is written to. A file appears whole, under its name, or not at all."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/") if remote(path) else os.path.abspath(path)  # noqa: PTH100
        self._files = system(path) if remote(path) else None

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write a file. It survives a power cut once this returns (where the place can promise that)."""
        if self._files is not None:
            self._files.makedirs(f"{self.path}/{name}".rsplit("/", 1)[0], exist_ok=True)
            self._files.pipe_file(f"{self.path}/{name}", bytes(data))
            return
        place = Path(self.path) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f"{place.name}.partial")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(place)

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None where there is none."""
        try:
            return (
                bytes(self._files.cat_file(f"{self.path}/{name}"))
                if self._files
                else (Path(self.path) / name).read_bytes()
            )
        except FileNotFoundError:
            return None

    def names(self, folder: str = "") -> list[str]:
        """What lies in it, or in a folder of it, without what is only partly written."""
        place = f"{self.path}/{folder}".rstrip("/")
        if self._files is not None:
            found = (
                [str(name).rsplit("/", 1)[-1] for name in self._files.ls(place, detail=False)]
                if self._files.exists(place)
                else []
            )
        else:
            found = os.listdir(place) if os.path.isdir(place) else []  # noqa: PTH112, PTH208
        return sorted(name for name in found if not name.endswith(".partial"))

    def sizes(self) -> dict[str, int]:
        """Bytes of each file that lies in it, by name."""
        if self._files is not None:
            found = self._files.ls(self.path, detail=True) if self._files.exists(self.path) else []
            return {str(one["name"]).rsplit("/", 1)[-1]: int(one.get("size") or 0) for one in found}
        return {file.name: file.stat().st_size for file in Path(self.path).iterdir() if file.is_file()}

    def remove(self, name: str) -> None:
        """Take a file away, where there is one."""
        try:
            if self._files is not None:
                self._files.rm_file(f"{self.path}/{name}")
            else:
                (Path(self.path) / name).unlink()
        except FileNotFoundError:
            return

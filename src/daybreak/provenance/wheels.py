"""Wheels made again from installed files, and read, written and changed: what no index has can still be installed elsewhere.

A wheel is a zip of files with `RECORD`, a list of their hashes (the binary distribution format, PEP 427). The files an installer put
outside of site-packages go back into the wheel's `.data` folders; scripts made from entry points are left out, since installing
makes them anew. Wheels written here are the same to the byte for the same files.
"""

import base64
import csv
import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from configparser import ConfigParser, Error
from contextlib import contextmanager
from pathlib import Path

from daybreak.provenance.installed import Package, normalised

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip: equal files, equal wheels
NOT_OURS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "RECORD.jws", "RECORD.p7s"})
STORED = frozenset({".so", ".png", ".jpg", ".gz", ".zip", ".a", ".whl"})  # large and slow to compress, or compressed

File = tuple[str, bytes, bool]  # name in the wheel, bytes, executable


class CannotPack(Exception):
    """The installed files are not those of a wheel, or not all there; the message says which."""


def repack(package: Package, folder: Path) -> Path:
    """A wheel in `folder` of a package's installed files. Raises `CannotPack`, `OSError` for a full disk."""
    info = Path(package.info)
    if not package.wheel:
        raise CannotPack("it was not installed from a wheel: nothing says which files are its own")
    target = folder / file_name(package)
    write(target, _installed_files(info), info.name)
    return target


def installed_bytes(package: Package) -> int:
    """What its files take, as its installer wrote it down; 0 where it did not."""
    try:
        with _record(Path(package.info)) as rows:
            return sum(int(row[2]) for row in rows if len(row) > 2 and row[2].isdigit())  # noqa: PLR2004
    except CannotPack:
        return 0


def changed(package: Package) -> list[str]:
    """Installed files that are not as they were installed: edited or deleted since. Raises `CannotPack`, `OSError`."""
    info = Path(package.info)
    with _record(info) as rows:
        told = [
            row[:2]
            for row in rows
            if len(row) > 1 and row[1].startswith("sha256=") and not _is_installers(row[0], info)
        ]
    return sorted(name for name, hashed in told if _hashed(Path(os.path.normpath(info.parent / name))) != hashed)


def file_name(package: Package) -> str:
    """The name a package's wheel has: from its version and the tags it was made for."""
    tags = _tags((Path(package.info) / "WHEEL").read_text())
    name = normalised(package.name).replace("-", "_")
    return f"{name}-{package.version.replace('-', '_')}-{tags}.whl"


def find(package: Package, folders: Iterable[Path]) -> Path | None:
    """The wheel of that version, made for the same tags, in folders of wheels."""
    if not package.wheel:
        return None
    wanted = _tags((Path(package.info) / "WHEEL").read_text()).split("-")
    for path in (wheel for folder in folders for wheel in sorted(folder.glob("*.whl"))):
        parts = path.name.removesuffix(".whl").split("-")
        if len(parts) >= 5 and (normalised(parts[0]), parts[1]) == (package.key, package.version.replace("-", "_")):  # noqa: PLR2004 (name-version-python-abi-platform)
            same = all(
                set(ours.split(".")) & set(theirs.split(".")) for ours, theirs in zip(wanted, parts[-3:], strict=True)
            )
            if same:
                return path
    return None


def write(target: Path, files: Iterable[File], info: str) -> None:
    """A wheel of some files; `info` is the name of its .dist-info folder, where its `RECORD` is put. Raises `OSError`."""
    lines = io.StringIO()
    record = csv.writer(lines, lineterminator="\n")
    with zipfile.ZipFile(target, "w") as wheel:
        for name, data, executable in files:
            _add(wheel, name, data, executable=executable)
            record.writerow([name, _told(hashlib.sha256(data)), len(data)])
        record.writerow([f"{info}/RECORD", "", ""])
        _add(wheel, f"{info}/RECORD", lines.getvalue().encode(), executable=False)


def moved(source: Path, target: Path, old: str, new: str) -> None:
    """A copy of an editable install's wheel whose files name the folder `new` in place of `old`. Raises `OSError`."""
    with zipfile.ZipFile(source) as wheel:
        names = [name for name in wheel.namelist() if not name.endswith(".dist-info/RECORD")]
        info = next(name.split("/")[0] for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
        write(target, ((name, _renamed(name, wheel.read(name), old, new), False) for name in names), info)


def _renamed(name: str, data: bytes, old: str, new: str) -> bytes:
    return data.replace(old.encode(), new.encode()) if "/" not in name else data  # .pth files and import hooks


def _add(wheel: zipfile.ZipFile, name: str, data: bytes, *, executable: bool) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    entry.compress_type = zipfile.ZIP_STORED if Path(name).suffix in STORED else zipfile.ZIP_DEFLATED
    wheel.writestr(entry, data, compresslevel=1)


def _installed_files(info: Path) -> Iterator[File]:
    """The files of its RECORD under their names in a wheel, in the order of names."""
    with _record(info) as rows:
        named = sorted({row[0] for row in rows if row})
    made = _made_scripts(info)
    for name in named:
        path = Path(os.path.normpath(info.parent / name))
        place = _place(name, path, info, made)
        if place is None:
            continue
        try:
            yield place, path.read_bytes(), os.access(path, os.X_OK)
        except OSError as error:
            raise CannotPack(f"{name} is one of its files and cannot be read: {error.strerror}") from error


@contextmanager
def _record(info: Path) -> Iterator[Iterator[list[str]]]:
    try:
        record = (info / "RECORD").open(newline="")
    except FileNotFoundError:
        raise CannotPack("it was not installed from a wheel: nothing says which files are its own") from None
    with record:
        yield csv.reader(record)


def _hashed(path: Path) -> str:
    """As RECORD writes it; empty for a file that is not there."""
    try:
        with path.open("rb") as file:
            return _told(hashlib.file_digest(file, "sha256"))
    except OSError:
        return ""


def _told(digest: "hashlib._Hash") -> str:
    return "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def _is_installers(name: str, info: Path) -> bool:
    """Whether a file is what an installer notes down for itself."""
    return name.startswith(f"{info.name}/") and name.removeprefix(f"{info.name}/") in NOT_OURS


def _place(name: str, path: Path, info: Path, made: frozenset[str]) -> str | None:
    """Where an installed file stands in the wheel; None for what installing makes anew."""
    if name.endswith(".pyc") or _is_installers(name, info):
        return None
    if not name.startswith("../") and not os.path.isabs(name):  # noqa: PTH117 (a name of RECORD, not a path of here)
        return name
    prefix = info.parents[3] if info.parents[1].name.startswith("python") else info.parents[2]
    data = info.name.replace(".dist-info", ".data")
    if path.parent.name in {"bin", "Scripts"}:
        return None if path.name in made else f"{data}/scripts/{path.name}"
    if path.is_relative_to(prefix):
        return f"{data}/data/{path.relative_to(prefix).as_posix()}"
    raise CannotPack(f"{name} lies outside of its environment")


def _made_scripts(info: Path) -> frozenset[str]:
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read(info / "entry_points.txt")
    except Error:
        return frozenset()
    kinds = [kind for kind in ("console_scripts", "gui_scripts") if parser.has_section(kind)]
    names = [name for kind in kinds for name in parser[kind]]
    return frozenset(names) | {f"{name}.exe" for name in names}


def _tags(wheel: str) -> str:
    """`py3-none-any` from the lines of a WHEEL file: each of the three parts joined by dots, as in a file's name."""
    tags = [line.partition(":")[2].strip().split("-") for line in wheel.splitlines() if line.startswith("Tag:")]
    if not tags:
        return f"py{sys.version_info.major}-none-any"
    return "-".join(".".join(dict.fromkeys(tag[place] for tag in tags)) for place in range(3))

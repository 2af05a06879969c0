"""Packages installed from a folder: no index has them, so their files are captured.

An editable install is two things: the code, which stays in the project's folder, and a few files in site-packages that point to it
(`.pth` files or an import hook, metadata). The code is captured as an experiment's is, the other files are kept as a wheel; making it
again writes the code to a new folder and installs that wheel with the folder's new place in it: nothing is built, no index is asked.
An ordinary install from a folder has all its files in site-packages: they are kept as a wheel.
"""

import ast
import contextlib
import re
import shutil
import tempfile
from pathlib import Path

import msgspec

from daybreak.base.hashing import hash_file
from daybreak.base.home import Home
from daybreak.provenance import code, places, wheels
from daybreak.provenance.code import TooMuchCode
from daybreak.provenance.installed import Installed, Package
from daybreak.provenance.record import Local, Wheel
from daybreak.provenance.stats import write_whole
from daybreak.vault.store import Vault

REPACKED = "repacked"
MOST_UNASKED = 64 * 2**20  # bytes of one package that a hand-in packs without being asked


def capture_locals(home: Home, vault: Vault, found: Installed) -> tuple[dict[str, Local], list[Wheel]]:
    """Every package that was installed from a folder; and the wheels that its files in site-packages are kept as."""
    local: dict[str, Local] = {}
    kept: list[Wheel] = []
    for package in sorted(found.packages, key=lambda package: package.key):
        if package.folder is None:
            continue
        wheel, why = _wheel(home, vault, package)
        local[package.key] = captured = _local(home, package, package.folder, why)
        if wheel is not None and (captured.digest or not package.editable):
            kept.append(wheel)
    return local, kept


def restore(home: Home, vault: Vault, local: Local, wheel: Wheel, folder: Path, wheel_folder: Path) -> Path:
    """Write an editable package's code to `folder`; the wheel to install, which points there.

    Raises `VaultError`, `DamagedFile`, `OSError`.
    """
    shutil.copytree(
        code.verified(home, local.digest), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(code.MANIFEST)
    )
    vault.verify(wheel.digest)
    target = wheel_folder / wheel.file
    wheels.moved(vault.path(wheel.digest), target, local.folder, str(folder))
    return target


def _local(home: Home, package: Package, folder: Path, why: str) -> Local:
    """`why`: for what reason there is no wheel; empty when there is one."""
    if not package.editable:
        return Local(package.version, "", str(folder), editable=False, note=why)
    try:
        found = code.capture(home, folder, everything=True, only=_roots(package, folder))
    except TooMuchCode as error:
        return Local(package.version, "", str(folder), note=str(error))
    except OSError as error:
        return Local(
            package.version, "", str(folder), note=f"its folder cannot be read: {error.filename}: {error.strerror}"
        )
    compiled = [left.path for left in found.left_out if left.path in {"*.so", "*.pyd"}]
    note = f"compiled files ({', '.join(compiled)}) are not captured" if compiled else why
    return Local(package.version, found.digest, str(folder), note=note)


class _Kept(msgspec.Struct):
    """A wheel made before, while the files it was made of are as they were."""

    stamp: tuple[int, int]
    wheel: Wheel


def _wheel(home: Home, vault: Vault, package: Package) -> tuple[Wheel | None, str]:
    """The wheel of a package's installed files, made when they have changed; or why there is none."""
    memory = places.repacked(home, package.info)
    stat = Path(package.info).stat()
    stamp = stat.st_ino, stat.st_mtime_ns
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        known = msgspec.json.decode(memory.read_bytes(), type=_Kept)
        if known.stamp == stamp and known.wheel.digest in vault:
            return known.wheel, ""
    wheel, why = _made(vault, package)
    if wheel is not None:
        write_whole(memory, msgspec.json.encode(_Kept(stamp, wheel)))
    return wheel, why


def _made(vault: Vault, package: Package) -> tuple[Wheel | None, str]:
    if (size := wheels.installed_bytes(package)) > MOST_UNASKED:
        return (
            None,
            f"it was installed from a folder, and its {size >> 20} MiB are not kept unasked; keep it: daybreak env keep",
        )
    with tempfile.TemporaryDirectory() as made:
        try:
            return keep(vault, package, wheels.repack(package, Path(made)), REPACKED), ""
        except wheels.CannotPack as error:
            return None, str(error)
        except OSError as error:
            return None, f"{error.filename}: {error.strerror}"


def keep(vault: Vault, package: Package, wheel: Path, origin: str) -> Wheel:
    """Put a wheel into the vault. Raises `VaultError`."""
    digest = hash_file(wheel)
    if digest not in vault:
        vault.put_file(wheel)
    return Wheel(package.key, package.version, wheel.name, digest, wheel.stat().st_size, origin)


def _roots(package: Package, folder: Path) -> tuple[Path, ...]:
    """The folders it is imported from, where they lie in the project's: what stands beside them is not installed."""
    info = Path(package.info)
    named = _pointed_to(info)
    inside = tuple(root for root in named if root.is_relative_to(folder) and root.is_dir())
    return inside if inside and len(inside) == len(named) else (folder,)


def _pointed_to(info: Path) -> list[Path]:
    """What the .pth files and import hooks of an editable install name."""
    try:
        record = (info / "RECORD").read_text()
    except OSError:
        return []
    found: list[Path] = []
    for name in (line.split(",")[0] for line in record.splitlines()):
        if "/" in name or not name.endswith((".pth", ".py")):
            continue
        text = (info.parent / name).read_text(errors="replace")
        if name.endswith(".pth"):
            found += [Path(line.strip()) for line in text.splitlines() if line.startswith("/")]
        elif mapping := re.search(r"^MAPPING[^=]*= (\{.*\})$", text, re.MULTILINE):  # setuptools' import hook
            found += [Path(place) for place in ast.literal_eval(mapping[1]).values()]
    return found

"""Make an environment again: a virtual environment with exactly the recorded versions, checked after it is made.

Kept wheels come first (they are verified by hash), code of editable installs is written back, and only what is left is asked of the
index, with the hashes of the complete lock where there is one. With everything kept, no network is used.
"""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.home import Home
from daybreak.provenance import annex, local, locks, uv
from daybreak.provenance.installed import ask
from daybreak.provenance.record import Environment, Record, Unrecoverable, Wheel
from daybreak.vault.store import Vault

Tell = Callable[[str], None]
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")
_WHEEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.!+-]*\.whl")
CODE = "daybreak-code"  # the folder in an environment where code of editable installs lies


class EnvironmentUnsolvable(UsageError):
    """An environment that cannot be made here. `packages`: those that cannot be had, and why; empty when the interpreter is what lacks."""

    def __init__(self, message: str, packages: list[Unrecoverable]) -> None:
        self.packages = packages
        lines = [f"\n  {lost.package} {lost.version}: {lost.why}" for lost in packages]
        super().__init__(message + "".join(lines))


def recreate(record: Record, vault: Vault, folder: Path, *, progress: Tell | None = None) -> Path:
    """A virtual environment at `folder` with the run's packages in their exact versions; its interpreter.

    `progress` is told what is being done, and first what differs here from the run's machine. The folder must not exist or be empty.
    Raises `EnvironmentUnsolvable` for packages (or a Python) that cannot be had, `UsageError` where there is no uv or the folder is
    taken, `VaultError` for kept files that are missing or damaged. A failure leaves no folder behind.
    """
    wanted = record.environment
    tell = progress or (lambda _: None)
    if not wanted.lock:
        raise EnvironmentUnsolvable(
            f"the run's environment was not captured: {wanted.note or 'no reason is recorded'}", []
        )
    _refuse_odd(wanted, vault)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"an environment is made in a new or empty folder, {folder} is taken: name another, or delete it"
        )
    base = _base(wanted, tell)
    try:
        _create(base, folder)
        return _filled(wanted, vault, folder, tell)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _refuse_odd(wanted: Environment, vault: Vault) -> None:
    """A record may come from somebody else's bundle: what becomes a path or a line for uv must be a plain name. Raises `DamagedFile`."""
    kept = annex.wheels(vault, wanted).values()
    names = [*wanted.packages, *(wheel.package for wheel in kept)]
    odd = [name for name in names if not _NAME.fullmatch(name)]
    odd += [version for version in wanted.packages.values() if not _VERSION.fullmatch(version)]
    odd += [wheel.file for wheel in kept if not _WHEEL.fullmatch(wheel.file)]
    if odd:
        raise DamagedFile(
            f"a record names packages, versions and wheels by plain names, got {odd[0]!r}: it was tampered with"
        )


def _filled(wanted: Environment, vault: Vault, folder: Path, tell: Tell) -> Path:
    python = folder / "bin" / "python"
    kept = annex.wheels(vault, wanted)
    with tempfile.TemporaryDirectory(prefix="daybreak-wheels-") as made:
        lines = [_kept_line(wheel, wanted, vault, folder, Path(made)) for wheel in kept.values()]
        rest = {name: version for name, version in wanted.packages.items() if name not in kept}
        tell(f"installing {len(wanted.packages)} packages: {len(kept)} from kept files, {len(rest)} from the index")
        lines += _index_lines(rest, wanted, vault)
        _install(python, lines, rest, wanted, offline=not rest)
    _check(python, wanted)
    return python


def _base(wanted: Environment, tell: Tell) -> str:
    """An interpreter of the recorded version, or of its minor version, which is told."""
    try:
        found = uv.run("python", "find", "--system", wanted.python).strip()
    except uv.UvFailed:
        minor = ".".join(wanted.python.split(".")[:2])
        try:
            found = uv.run("python", "find", "--system", minor).strip()
        except uv.UvFailed as error:
            told = f"the run used Python {wanted.python}, no Python {minor} is here: uv python install {wanted.python}"
            raise EnvironmentUnsolvable(told, []) from error
    here = ask(found)
    if here.python != wanted.python:
        tell(f"the run used Python {wanted.python}, here it is {here.python}: results may differ")
    if here.platform != wanted.platform:
        tell(f"the run's platform was {wanted.platform}, this one is {here.platform}: results may differ")
    return found


def _create(base: str, folder: Path) -> None:
    try:
        uv.run("venv", "--python", base, str(folder))
    except uv.UvFailed as error:
        raise UsageError(f"cannot make an environment at {folder}: {error}") from error


def _kept_line(wheel: Wheel, wanted: Environment, vault: Vault, folder: Path, made: Path) -> str:
    """The requirement that installs a kept wheel."""
    installed = wanted.local.get(wheel.package)
    if installed is not None and installed.editable:
        home = Home(vault.folder.parent)
        file = local.restore(home, vault, installed, wheel, folder / CODE / wheel.package, made)
    else:
        vault.verify(wheel.digest)
        file = made / wheel.file
        file.symlink_to(vault.path(wheel.digest).absolute())
    return f"{wheel.package} @ {file.as_uri()}"


def _index_lines(rest: dict[str, str], wanted: Environment, vault: Vault) -> list[str]:
    known = annex.read(vault, wanted).pylock or wanted.lock
    return locks.requirements(vault.read(known).decode(), rest)


def _install(python: Path, lines: list[str], rest: dict[str, str], wanted: Environment, *, offline: bool) -> None:
    words = ["pip", "install", "--python", str(python), "--no-deps", "--requirements", "-", "--prerelease", "allow"]
    words += ["--no-index"] if offline else uv.indexes()
    try:
        uv.run(*words, given="\n".join(lines), offline=offline)
    except uv.UvFailed as error:
        lost = _lost(rest, wanted, str(error))
        told = f"the environment cannot be made here; uv says: {error}"
        raise EnvironmentUnsolvable(told + ("\npackages that cannot be had:" if lost else ""), lost) from error


def _lost(rest: dict[str, str], wanted: Environment, said: str) -> list[Unrecoverable]:
    """Which packages the index does not have, asked one by one where that is needed."""
    foretold = {lost.package: lost for lost in wanted.unrecoverable}
    try:
        missing = locks.missing(rest, wanted.python)
    except uv.UvFailed:  # nobody answers: all of them, then
        return [Unrecoverable(name, version, "it is not kept, and no index answers") for name, version in rest.items()]
    told = [foretold.get(lost.package, lost) for lost in missing]
    return told or [
        Unrecoverable(name, version, "uv names it") for name, version in rest.items() if f"{name}==" in said
    ]


def _check(python: Path, wanted: Environment) -> None:
    found = ask(str(python)).versions
    wrong = {name: version for name, version in wanted.packages.items() if found.get(name) != version}
    if wrong:
        told = [
            Unrecoverable(name, version, f"{found.get(name) or 'nothing'} was installed")
            for name, version in wrong.items()
        ]
        raise EnvironmentUnsolvable("the environment that was made is not the run's:", told)

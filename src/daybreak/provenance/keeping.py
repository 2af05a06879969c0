"""What is done for an environment after hand-in, once for all runs that share it: ask the index for hashes and origins, keep wheels."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError
from daybreak.provenance import annex, locks, uv, wheels
from daybreak.provenance.installed import Installed, Package, ask
from daybreak.provenance.local import REPACKED
from daybreak.provenance.local import keep as keep_wheel
from daybreak.provenance.record import Environment, Wheel
from daybreak.vault.store import Vault

FOUND = "found"
Tell = Callable[[str], None]


def keep(vault: Vault, environment: Environment, *, progress: Tell | None = None) -> list[str]:
    """Put wheels of all packages into the vault; say which packages have none and why, and which were edited by hand.

    A wheel is taken from the folders of wheels that pip is configured with, else (and for edited packages) packed again from the installed
    files. Packages of
    which another version is installed now are not kept. Raises `UsageError` when the interpreter is gone, `VaultError`.
    """
    kept = annex.wheels(vault, environment)
    if set(environment.packages) <= set(kept):
        return []
    try:
        found = ask(environment.executable)
    except UsageError as error:
        raise UsageError(f"wheels are kept of what is installed, the run's environment is gone: {error}") from error
    folders = uv.wheel_folders()
    new: list[Wheel] = []
    told: list[str] = []
    for number, package in enumerate(_wanted(found, environment), 1):
        if package.key in kept:
            continue
        if progress is not None:
            progress(f"keeping {package.key} {package.version} ({number} of {len(environment.packages)})")
        try:
            edited = wheels.changed(package)
            new.append(_keep(vault, package, [] if edited else folders))
            told += [_edited(package, edited)] if edited else []
        except (wheels.CannotPack, OSError) as error:
            told.append(f"no wheel of {package.key} {package.version} can be kept: {error}")
    known = annex.read(vault, environment)
    annex.write(vault, environment, msgspec.structs.replace(known, wheels=[*known.wheels, *new]))
    return told + _changed(found, environment)


def lock(vault: Vault, environment: Environment, *, progress: Tell | None = None) -> str:
    """The complete `pylock.toml`: its digest in the vault. The index is asked once; what it does not have stands in the annex.

    Raises `UsageError` when no index answers, where there is no uv, and for a run whose environment was not captured; `VaultError`.
    """
    if not environment.lock:
        raise UsageError(f"the run's environment was not captured: {environment.note or 'no reason is recorded'}")
    known = annex.read(vault, environment)
    if known.pylock and known.pylock in vault:
        return known.pylock
    try:
        text, lost = locks.complete(vault.read(environment.lock).decode(), tell=progress)
    except uv.UvFailed as error:
        raise UsageError(f"an index must answer for hashes and origins, none does: {error}") from error
    digest = vault.put_bytes(text.encode())
    annex.write(vault, environment, msgspec.structs.replace(known, pylock=digest, unrecoverable=lost))
    return digest


def _wanted(found: Installed, environment: Environment) -> list[Package]:
    return [package for package in found.packages if environment.packages.get(package.key) == package.version]


def _changed(found: Installed, environment: Environment) -> list[str]:
    now = found.versions
    return [
        f"no wheel of {name} {version} can be kept: {now.get(name) or 'nothing'} is installed now"
        for name, version in environment.packages.items()
        if now.get(name) != version
    ]


def _edited(package: Package, files: list[str]) -> str:
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""  # noqa: PLR2004
    return (
        f"{package.key} {package.version} was edited after it was installed ({', '.join(files[:3])}{more}): "
        "it is kept as it is now, no index has it so"
    )


def _keep(vault: Vault, package: Package, folders: list[Path]) -> Wheel:
    lies = wheels.find(package, folders)
    if lies is not None:
        return keep_wheel(vault, package, lies, FOUND)
    with tempfile.TemporaryDirectory(dir=vault.folder) as made:
        return keep_wheel(vault, package, wheels.repack(package, Path(made)), REPACKED)

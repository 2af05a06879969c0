"""Keep a wheel of every package of an environment in the vault, so that it can be made again where no index answers."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.provenance import annex, uv, wheels
from daybreak.provenance.installed import Installed, Package, ask
from daybreak.provenance.local import REPACKED
from daybreak.provenance.local import keep as keep_wheel
from daybreak.provenance.record import Environment, Wheel
from daybreak.vault.store import Vault

FOUND = "found"
Tell = Callable[[str], None]


def keep(vault: Vault, environment: Environment, *, progress: Tell | None = None) -> list[str]:
    """Put wheels of all packages into the vault, and say which packages have none and why.

    A wheel is taken from the folders of wheels that pip is configured with, else packed again from the installed files. Packages of
    which another version is installed now are not kept. Raises `UsageError` when the interpreter is gone, `VaultError`.
    """
    found = ask(environment.executable)
    kept = annex.wheels(vault, environment)
    folders = uv.wheel_folders()
    new: list[Wheel] = []
    told: list[str] = []
    for number, package in enumerate(_wanted(found, environment), 1):
        if package.key in kept:
            continue
        if progress is not None:
            progress(f"keeping {package.key} {package.version} ({number} of {len(environment.packages)})")
        try:
            new.append(_keep(vault, package, folders))
        except (wheels.CannotPack, OSError) as error:
            told.append(f"no wheel of {package.key} {package.version} can be kept: {error}")
    known = annex.read(vault, environment)
    annex.write(vault, environment, msgspec.structs.replace(known, wheels=[*known.wheels, *new]))
    return told + _changed(found, environment)


def _wanted(found: Installed, environment: Environment) -> list[Package]:
    return [package for package in found.packages if environment.packages.get(package.key) == package.version]


def _changed(found: Installed, environment: Environment) -> list[str]:
    now = found.versions
    return [
        f"no wheel of {name} {version} can be kept: {now.get(name) or 'nothing'} is installed now"
        for name, version in environment.packages.items()
        if now.get(name) != version
    ]


def _keep(vault: Vault, package: Package, folders: list[Path]) -> Wheel:
    lies = wheels.find(package, folders)
    if lies is not None:
        return keep_wheel(vault, package, lies, FOUND)
    with tempfile.TemporaryDirectory(dir=vault.folder) as made:
        return keep_wheel(vault, package, wheels.repack(package, Path(made)), REPACKED)

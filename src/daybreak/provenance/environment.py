"""The environment of a run: written down at hand-in, locked, kept and made again.

`capture` asks the experiment's interpreter what is installed (stats alone while nothing has changed) and asks no network: what no index
will have is foretold from how it was installed. `complete` asks the index, `keep` puts wheels into the vault, `recreate` makes a virtual
environment of it all in `provenance.recreation`.
"""

from collections.abc import Callable

from daybreak.base.home import Home
from daybreak.provenance import locks
from daybreak.provenance.installed import Package, look
from daybreak.provenance.local import capture_locals
from daybreak.provenance.record import Environment, Local, Unrecoverable, stored
from daybreak.provenance.recreation import EnvironmentUnsolvable, recreate
from daybreak.vault.store import Vault

Tell = Callable[[str], None]

__all__ = ["EnvironmentUnsolvable", "capture", "recreate"]


def capture(home: Home, vault: Vault, python: str, searched: tuple[str, ...] = ()) -> Environment:
    """The environment of an interpreter. `searched`: folders of its PYTHONPATH.

    Raises `UsageError` when the interpreter does not answer, `VaultError`.
    """
    found = look(home, python, searched)
    local, wheels = capture_locals(home, vault, found)
    kept = {wheel.package for wheel in wheels}
    return Environment(
        python=found.python,
        implementation=found.implementation,
        executable=python,
        platform=found.platform,
        lock=stored(vault, locks.text(found).encode()),
        packages=found.versions,
        local=local,
        wheels=wheels,
        unrecoverable=[
            lost
            for package in found.packages
            if package.key not in kept
            for lost in _foretold(package, local.get(package.key))
        ],
    )


def _foretold(package: Package, local: Local | None) -> list[Unrecoverable]:
    """Why a package will not be had, as far as its name and origin tell; nothing when it will."""
    if local is not None:
        return [Unrecoverable(package.key, package.version, local.note)]
    source = package.source or {}
    from_file = str(source.get("url", "")).startswith("file:") and "archive_info" in source
    if from_file and package.installer != "conda":
        why = "it was installed from a file of this machine; keep it: daybreak env keep"
    elif "+" in package.version and "vcs_info" not in source:
        build = package.version.partition("+")[2]
        why = f"+{build} is a local build, which the common index does not have; keep it: daybreak env keep"
    else:
        return []
    return [Unrecoverable(package.key, package.version, why)]

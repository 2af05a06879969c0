"""From a spec as loaded to one that can be handed in: where and with what it runs is written down, and all that made it is captured.

One controller serves many terminals, so what an attempt runs in is its submitter's, not that of whoever started the controller.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from daybreak.base.errors import UsageError, VaultError
from daybreak.base.home import Home
from daybreak.client.command_check import check_command
from daybreak.provenance import record as records
from daybreak.provenance.interpreters import used
from daybreak.provenance.record import Record
from daybreak.provenance.secrets import secret_variables
from daybreak.spec.models import SHELL_VARIABLES, DataSource, Experiment
from daybreak.vault.store import Vault

if TYPE_CHECKING:
    from daybreak.provenance.data import Say
    from daybreak.provenance.data import Tell as Progress


def resolve(
    home: Home,
    spec: Experiment,
    progress: "Progress | None" = None,
    tell: "Say | None" = None,
    *,
    keep_wheels: bool = False,
) -> tuple[Experiment, str]:
    """The spec as it is handed in; and a warning, empty when there is none.

    Its folder and interpreter are absolute, `environment` says in which virtual environment the submitter stands, below what the spec says
    itself, `code` is the digest of its captured code, `data` has the manifests of its datasets, and `provenance` is the digest of the
    record of all that (`provenance.record`). `progress` is told while data is read, `tell` what a person should know of it and of what is
    being kept; `keep_wheels` keeps a wheel of each installed package. Raises `UsageError` when the folder, the interpreter, a command's
    program or script, or a dataset does not exist, and for a secret among the variables.
    """
    folder = Path(spec.folder).expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"`folder` must be a folder that exists, got {folder}")
    _refuse_secrets(spec.environment)
    environment = shell(os.environ) | spec.environment
    if not isinstance(spec.run, str):
        check_command(spec.run, folder, environment.get("PATH"))
    found = {"folder": str(folder), "python": _interpreter(spec.python, folder), "environment": environment}
    spec = spec.model_copy(update=found)
    vault = Vault(home.vault)
    spec = spec.model_copy(update={"data": _data(home, vault, spec, folder, progress, tell)})
    record, warnings = _record(home, spec, folder)
    if record is None:
        return spec.model_copy(update={"code": "", "provenance": ""}), "; ".join(warnings)
    if keep_wheels:
        from daybreak.provenance.keeping import keep

        warnings += keep(vault, record.environment, progress=tell)
    digest = records.write(vault, record)
    return spec.model_copy(update={"code": record.code.digest, "provenance": digest}), "; ".join(warnings)


def _record(home: Home, spec: Experiment, folder: Path) -> tuple[Record | None, list[str]]:
    """What made the run; None when nothing can be stored. And what a person should know."""
    from daybreak.provenance.capture import capture

    manifests = {name: source.manifest for name, source in spec.data.items()}
    try:
        return capture(home, folder, used(spec, spec.environment), spec.environment, manifests)
    except (VaultError, OSError) as error:
        return None, [f"nothing is captured of this run: {error}"]


def _data(
    home: Home, vault: Vault, spec: Experiment, folder: Path, progress: "Progress | None", tell: "Say | None"
) -> dict[str, DataSource]:
    if not spec.data and not spec.credentials and isinstance(spec.run, str):  # a command may name data by itself
        return {}
    from daybreak.provenance.data import capture

    return capture(home, vault, spec, folder, progress, tell)


def _refuse_secrets(variables: Mapping[str, str]) -> None:
    """A spec is stored and shown: what it holds is no secret any more."""
    if named := secret_variables(variables):
        raise UsageError(
            f"`environment` is stored with the experiment, so it must hold no secrets, got {', '.join(named)}: "
            "name a profile that has them (`credentials: [PROFILE]`), or set them where the controller is started"
        )


def shell(environment: Mapping[str, str]) -> dict[str, str]:
    """Those variables that say where programs, modules and libraries are found."""
    return {name: environment[name] for name in SHELL_VARIABLES if name in environment}


def _interpreter(told: str, folder: Path) -> str:
    """Absolute, links not followed: a virtual environment is known by where its link lies."""
    if not told:
        return sys.executable
    named = Path(told).expanduser()
    found = shutil.which(told) if named.name == told else shutil.which(folder / named)
    if found is None:
        raise UsageError(f"`python` must be an interpreter that can be run, got {told}")
    return str(Path(found).absolute())

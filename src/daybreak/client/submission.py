"""From a spec as loaded to one that can be handed in: folder made absolute, code captured, interpreter and environment written down.

One controller serves many terminals, so what an attempt runs in is its submitter's, not that of whoever started the controller.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.client.command_check import check_command
from daybreak.provenance import data
from daybreak.provenance.code import TooMuchCode, capture
from daybreak.spec.models import SHELL_VARIABLES, Experiment
from daybreak.vault.store import Vault


def resolve(
    home: Home, spec: Experiment, progress: data.Tell | None = None, tell: data.Say | None = None
) -> tuple[Experiment, str]:
    """The spec as it is handed in; and a warning, empty when there is none.

    Its folder and interpreter are absolute, `code` is the digest of its captured code, and `environment` says in which virtual
    environment the submitter stands, below what the spec says itself. Datasets have their manifests; `progress` is told while they are
    read, `tell` what a person should know of them. Raises `UsageError` when the folder, the interpreter, a dataset, or a command's
    program or script does not exist.
    """
    folder = Path(spec.folder).expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"`folder` must be a folder that exists, got {folder}")
    digest, warning = "", ""
    try:
        digest = capture(home, folder).digest
    except TooMuchCode as error:
        warning = f"the code is not captured: {error}"
    except OSError as error:
        warning = f"the code is not captured: {error.filename}: {error.strerror}"
    environment = shell(os.environ) | spec.environment
    if not isinstance(spec.run, str):
        check_command(spec.run, folder, environment.get("PATH"))
    python = _interpreter(spec.python, folder)
    found = {"folder": str(folder), "code": digest, "python": python, "environment": environment}
    resolved = spec.model_copy(update=found)
    captured = data.capture(home, Vault(home.vault), resolved, folder, progress, tell)
    return resolved.model_copy(update={"data": captured}), warning


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

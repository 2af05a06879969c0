"""Capture all that makes a run, when it is handed in: code, environment, machine, names of secrets; and write the record.

On an unchanged folder and environment this costs stats and one look by git, well under 150 ms (`benchmarks/capture.py`).
What cannot be captured does not keep an experiment from running: the record says what is missing, and so does a warning.
"""

import getpass
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.provenance import code, environment, machine
from daybreak.provenance.git import Look
from daybreak.provenance.installed import searched
from daybreak.provenance.record import Code, Environment, Record
from daybreak.provenance.secrets import redacted_words, secret_variables
from daybreak.vault.store import Vault


def capture(
    home: Home,
    folder: Path,
    python: str,
    variables: Mapping[str, str],
    data: Mapping[str, str] | None = None,
    command: Sequence[str] | None = None,
) -> tuple[Record, list[str]]:
    """The record of a run that is about to be handed in, not yet written; and what a person should know of it.

    `python`: the interpreter it runs in; `variables`: those it is given besides ours; `data`: manifests by name; `command`: left out, ours.
    Raises `VaultError` when nothing can be stored.
    """
    vault = Vault(home.vault)
    with Look(folder) as look:  # git works while we do
        taken, told = _code(home, folder)
        found, missing = _environment(home, vault, python, variables)
        git = look.answer(vault)
    record = Record(
        code=msgspec.structs.replace(taken, git=git),
        environment=found,
        machine=machine.facts(),
        data=dict(data or {}),
        command=redacted_words(list(sys.argv if command is None else command)),
        user=_user(),
        host=platform.node(),
        secrets=secret_variables(os.environ | variables),
    )
    return record, told + missing


def _code(home: Home, folder: Path) -> tuple[Code, list[str]]:
    try:
        return code.capture(home, folder), []
    except code.TooMuchCode as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
    return Code(note=why), [f"the code is not captured: {why}"]


def _environment(home: Home, vault: Vault, python: str, variables: Mapping[str, str]) -> tuple[Environment, list[str]]:
    try:
        return environment.capture(home, vault, python, searched(variables)), []
    except UsageError as error:
        return Environment(executable=python, note=str(error)), [f"the environment is not captured: {error}"]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""

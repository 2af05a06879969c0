"""Whose python and whose environment: the submitter's, as the spec tells; ours where a spec tells nothing."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from daybreak.spec.models import SHELL_VARIABLES, Experiment

PYTHON = ("python", "python3")


def interpreter(spec: Experiment) -> str:
    """The python that runs its functions."""
    return spec.python or sys.executable


def inherited(told: Mapping[str, str]) -> dict[str, str]:
    """Our own environment as a base for `told`, without the virtual environment in which somebody happened to start us."""
    others = SHELL_VARIABLES if "PATH" in told else ()
    return {name: value for name, value in os.environ.items() if name not in others}


def program(word: str, spec: Experiment, environment: Mapping[str, str]) -> str:
    """The first word of a command: `python` is Daybreak's own where no virtual environment is activated, or none is on the PATH."""
    if word in PYTHON:
        activated = environment.get("VIRTUAL_ENV") or environment.get("CONDA_PREFIX")
        if not shutil.which(word, path=environment.get("PATH")) or (not activated and _is_virtual(interpreter(spec))):
            return interpreter(spec)
    return word


def lacks_daybreak(python: str, output: str) -> str:
    """What to do where the end of what an interpreter printed says that it has no Daybreak; "" otherwise."""
    if "No module named daybreak" not in output and "No module named 'daybreak'" not in output:
        return ""
    return (
        f"{python} has no daybreak: install it there ({python} -m pip install daybreak), or name another with `python:`"
    )


def _is_virtual(python: str) -> bool:
    return (Path(python).parent.parent / "pyvenv.cfg").is_file()

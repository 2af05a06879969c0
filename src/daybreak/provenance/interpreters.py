"""Which Python an experiment runs in: what attempts are started with, and so what is captured."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from daybreak.spec.models import Experiment

PYTHON = ("python", "python3")


def interpreter(spec: Experiment) -> str:
    """The python that runs its functions."""
    return spec.python or sys.executable


def program(word: str, spec: Experiment, environment: Mapping[str, str]) -> str:
    """The first word of a command: `python` is Daybreak's own where no virtual environment is activated, or none is on the PATH."""
    if word in PYTHON:
        activated = environment.get("VIRTUAL_ENV") or environment.get("CONDA_PREFIX")
        if not shutil.which(word, path=environment.get("PATH")) or (not activated and _is_virtual(interpreter(spec))):
            return interpreter(spec)
    return word


def used(spec: Experiment, environment: Mapping[str, str]) -> str:
    """The python an experiment runs in: that of its functions; for a command its own, or the one beside its program (`torchrun`)."""
    if isinstance(spec.run, str):
        return interpreter(spec)
    found = shutil.which(program(spec.run[0], spec, environment), path=environment.get("PATH"))
    if found is None:
        return interpreter(spec)
    beside = Path(found).absolute()
    if beside.name.startswith("python"):
        return str(beside)
    beside = beside.with_name(
        "python"
    )  # that of /usr/bin says nothing of a program there: only an environment's own does
    return str(beside) if beside.is_file() and _is_virtual(str(beside)) else interpreter(spec)


def _is_virtual(python: str) -> bool:
    return (Path(python).parent.parent / "pyvenv.cfg").is_file()

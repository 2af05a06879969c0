"""Whose python and whose environment: the submitter's, as the spec tells; ours where a spec tells nothing."""

import os
from collections.abc import Collection, Mapping

from daybreak.provenance.interpreters import interpreter, program
from daybreak.spec.models import SHELL_VARIABLES

__all__ = ["inherited", "interpreter", "lacks_daybreak", "program"]


def inherited(told: Mapping[str, str], withheld: Collection[str] = ()) -> dict[str, str]:
    """Our own environment as a base for `told`, without the virtual environment in which somebody happened to start us.

    `withheld`: variables that are given to those alone who name a credentials profile.
    """
    others = SHELL_VARIABLES if "PATH" in told else ()
    return {name: value for name, value in os.environ.items() if name not in others and name not in withheld}


def lacks_daybreak(python: str, output: str) -> str:
    """What to do where the end of what an interpreter printed says that it has no Daybreak; "" otherwise."""
    if "No module named daybreak" not in output and "No module named 'daybreak'" not in output:
        return ""
    return (
        f"{python} has no daybreak: install it there ({python} -m pip install daybreak), or name another with `python:`"
    )

"""What leaks: audits that say whether a score can be believed. Pure: Arrow batches in, findings out.

`about` says what the data is, `outcome` what an audit answers, `fold` how one reads batches, `frame` what most of them look at: a sample of
rows that fits in memory. The rules and their audits are listed in `registry`. `daybreak.audit.run` is the way in from Python.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """The public face, `daybreak.audit.run`: it reads files, so it stands in a room above and is imported by name when asked for."""
    if name in {"run", "code"}:
        return getattr(import_module("daybreak.validation.face"), name)
    raise AttributeError(f"module 'daybreak.audit' has no attribute {name!r}; it offers run, code")

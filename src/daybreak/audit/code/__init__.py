"""Leaks that can be seen in the source: test rows in what training learns from, told from Python files alone, without running them.

The package can be called: `daybreak.audit.code(["train.py"])` is the way in from Python, and importing any module of this package
binds the same name to the package.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A package that is a function, too."""

    def __call__(self, paths: Any) -> Any:
        """See `daybreak.validation.face.code`."""
        return import_module("daybreak.validation.face").code(paths)


sys.modules[__name__].__class__ = _Callable

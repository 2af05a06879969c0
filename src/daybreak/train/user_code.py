"""The user's function: found by "module:function", checked, with what its module prepared."""

import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

import msgspec

from daybreak.base.errors import UsageError
from daybreak.train.randomness import SEED_OF_PREPARE, Randomness


class UserCode(msgspec.Struct):
    """A function that trains, and what its module's `prepare()` returned (None where there is none)."""

    main: Callable[[Any], Any]
    module: ModuleType
    prepared: Any = None


def load(run: str) -> UserCode:
    """Import "module:function" from `sys.path`. Raises `UsageError`, and whatever the module raises at import."""
    name, colon, function = run.partition(":")
    if not (name and colon and function):
        raise UsageError(
            f"`run` must be module:function, got {run!r}: for train.py with a function main, write train:main"
        )
    if name not in sys.modules:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name == name.partition(".")[0]:
                raise UsageError(f"`run: {run}` needs a module {name!r}, none is found in {sys.path[0]}") from None
            raise
    module = sys.modules[name]
    return UserCode(_function(module, function, run), module)


def prepare(code: UserCode) -> None:
    """Call the module's `prepare()`, if it has one, from the same random state wherever it runs."""
    function = getattr(code.module, "prepare", None)
    if callable(function):
        Randomness(SEED_OF_PREPARE)
        code.prepared = function()


def _function(module: ModuleType, name: str, run: str) -> Callable[[Any], Any]:
    function = getattr(module, name, None)
    if not callable(function):
        defined = ", ".join(
            key
            for key, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        )
        raise UsageError(f"`run: {run}` needs a function {name!r} in {module.__file__}: it has {defined or 'none'}")
    check_signature(function, run)
    return cast("Callable[[Any], Any]", function)


def check_signature(function: Callable[..., Any], run: str) -> None:
    """Raises `UsageError` unless the function can be called with one argument, the run."""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        signature = f"{getattr(function, '__name__', run)}{inspect.signature(function)}"
        raise UsageError(
            f"the training function takes one argument, the run: def main(run), got {signature}; hyperparameters are in run.params"
        ) from None
    except ValueError:  # built-in without a signature: calling it will tell
        return

"""The worker's own process: `python -m daybreak.inference.working SOCKET LIFE`. It loads the user's code and answers until its parent ends.

A function gets all rows at once. Where it raises, the rows are given one by one to find those that it cannot take: they are the rows'
fault, unless each of them fails with something that is no `ValueError`, which is the code's.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from daybreak.base.errors import BadRows
from daybreak.inference.frames import Arrays, Unsendable, receive, send

Function = Callable[[Arrays], Mapping[str, Any]]


class FromMemory(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports modules from sources that lie on no disk."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self.sources = sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Of a module or a package among the sources."""
        del path, target
        return importlib.util.spec_from_loader(fullname, self) if self._name(fullname) else None

    def is_package(self, fullname: str) -> bool:
        """Whether it is a folder."""
        return (self._name(fullname) or "").endswith("__init__.py")

    def get_source(self, fullname: str) -> str:
        """The module's text. Raises `ImportError`."""
        name = self._name(fullname)
        if name is None:
            raise ImportError(fullname)
        return self.sources[name].decode()

    def get_code(self, fullname: str) -> CodeType:
        """The same, compiled."""
        return compile(self.get_source(fullname), f"<package>/{self._name(fullname)}", "exec")

    def _name(self, fullname: str) -> str | None:
        stem = fullname.replace(".", "/")
        return next((name for name in (f"{stem}.py", f"{stem}/__init__.py") if name in self.sources), None)


class Loaded:
    """The user's functions by name, and the model where there is one."""

    def __init__(self, folder: str, code: Mapping[str, bytes], model: str) -> None:
        if folder:
            _import_from(str(Path(folder).absolute() / "code"))
        else:
            sys.meta_path.insert(0, FromMemory(code))
        self._known: dict[str, Function] = {}
        if model:
            self._known[""] = _found(model)(Path(folder))

    def function(self, name: str) -> Function:
        """By `module:function`; raises what its import raises."""
        if name not in self._known:
            self._known[name] = _found(name)
        return self._known[name]


class FromText(importlib.machinery.SourceFileLoader):
    """Imports a module from its source alone: what lies in __pycache__ may be of another, and no package names it."""

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code, compiled anew."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _import_from(folder: str) -> None:
    """Look for modules in a folder first, and below it by their sources."""
    finder = importlib.machinery.FileFinder.path_hook(
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (FromText, importlib.machinery.SOURCE_SUFFIXES),
    )

    def hook(path: str) -> importlib.abc.PathEntryFinder:
        if not f"{path}/".startswith(f"{folder}/"):
            raise ImportError(path)
        return finder(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.pop(folder, None)
    sys.path.insert(0, folder)


def _found(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def answered(function: Function, arrays: Arrays) -> Arrays:
    """What the function says to all rows. Raises `BadRows`, or what the function raises."""
    rows = max((len(array) for array in arrays.values()), default=0)
    try:
        return _checked(function(arrays))
    except BadRows:
        raise
    except ValueError as error:
        faults = _guilty(function, arrays, rows) if rows > 1 else {0: error}
    except Exception:
        faults = _guilty(function, arrays, rows) if rows > 1 else {}
        if not faults or (len(faults) == rows and not all(isinstance(why, ValueError) for why in faults.values())):
            raise
    if not faults:
        raise ValueError("it fails on these rows together, and on none of them alone")
    raise BadRows({row: _sentence(why) for row, why in faults.items()})


def _guilty(function: Function, arrays: Arrays, rows: int) -> dict[int, Exception]:
    """Rows that fail alone, with why."""
    faults: dict[int, Exception] = {}
    for row in range(rows):
        try:
            function({name: array[row : row + 1] for name, array in arrays.items()})
        except Exception as error:  # noqa: BLE001 - the user's code raises what it likes
            faults[row] = error
    return faults


def _checked(answer: Any) -> Arrays:
    if not isinstance(answer, Mapping):
        raise TypeError(f"the function returns a dict of arrays, got {type(answer).__name__}")
    return {str(name): _plain(values) for name, values in answer.items()}


def _plain(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values
    made = np.asarray(values)
    return made.astype(object) if made.dtype.kind in "US" else made


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def serve(connection: socket.socket) -> None:
    """Answer until the other side is gone."""
    loaded: Loaded | None = None
    while True:
        try:
            head, arrays = receive(connection)
        except (EOFError, OSError):
            return
        answer: dict[str, Any] = {}
        told: Arrays = {}
        try:
            if loaded is None:
                loaded = Loaded(**head)
            else:
                told = answered(loaded.function(head["function"]), arrays)
        except BadRows as bad:
            answer = {"faults": {str(row): why for row, why in bad.faults.items()}}
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            answer = {"error": _sentence(error)}
        _send(connection, answer, told)


def _send(connection: socket.socket, answer: dict[str, Any], told: Arrays) -> None:
    try:
        send(connection, answer, told)
    except Unsendable as error:
        send(connection, {"error": f"of what it returns {error}"}, {})


def _end_with_parent(life: int) -> None:
    os.read(life, 1)  # returns when the parent's end is closed
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is its parent's to answer, which may have rows to finish
    threading.Thread(target=_end_with_parent, args=(int(sys.argv[2]),), daemon=True).start()
    with socket.socket(fileno=int(sys.argv[1])) as inherited:
        serve(inherited)

"""Values from Python, made plain: what JSON can hold, so that a spec can be stored, hashed and loaded again."""

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from daybreak.spec.faults import Faults, Path, shown


def plain(value: Any, faults: Faults, path: Path = ()) -> Any:
    """The value as dicts, lists, text, numbers, booleans and None. What cannot be so is a fault, and None."""
    if isinstance(value, Mapping):
        return {_key(key, faults, path): plain(item, faults, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, faults, (*path, index)) for index, item in enumerate(value)]
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "item") and hasattr(value, "dtype"):  # a number of NumPy's
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        faults.add(f"a number is finite, got {value}", path)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if value is not None:
        faults.add(f"a value is a number, text, a list or a mapping, got {shown(value)}", path)
    return None


def _key(key: Any, faults: Faults, path: Path) -> str:
    if not isinstance(key, str):
        faults.add(f"a key is text, got {shown(key)}", path)
    return str(key)

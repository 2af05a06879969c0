"""Collecting faults while a file is read: where each value was written, what is wrong with it, what it may have meant.

Paths are tuples of keys and positions. Two kinds: *written* paths, as in the file (`space`, `augment`, `noise`, `uniform`, 0),
and *resolved* paths, as in the models (`space`, `augment.noise`, `low`). `Faults.origins` leads from the second to the first.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from daybreak.base.errors import SpecError
from daybreak.base.faults import Fault, Place

Path = tuple[str | int, ...]


class Places(Protocol):
    """Where written paths stand."""

    def find(self, path: Path, *, key: bool = False, offset: int = 0, near: str = "") -> Place:
        """The place of a value, or of its key; of its nearest ancestor where it was not written.

        Within a text: `offset` characters into it, or where `near` stands.
        """
        ...


@dataclass(frozen=True)
class NamedPlaces:
    """Places of data that was never text: `<python>: space.lr`, or the flag that brought it in."""

    source: str
    flags: Mapping[Path, str] = field(default_factory=dict)  # written path -> what the user typed

    def find(self, path: Path, *, key: bool = False, offset: int = 0, near: str = "") -> Place:  # noqa: ARG002 (the protocol's)
        """The flag of the longest known prefix, else the dotted path."""
        for length in range(len(path), 0, -1):
            if flag := self.flags.get(path[:length]):
                return Place(flag)
        return Place(f"{self.source}: {dotted(path)}" if path else self.source)


@dataclass
class Faults:
    """All faults so far. `add` speaks of written paths, `add_resolved` of resolved ones."""

    places: Places
    origins: dict[Path, Path] = field(default_factory=dict)  # resolved -> written
    broken: set[Path] = field(
        default_factory=set
    )  # resolved paths that are known to be wrong: say nothing more of them
    found: list[Fault] = field(default_factory=list)

    def add(self, message: str, path: Path, *, key: bool = False, offset: int = 0, near: str = "") -> None:
        """A fault of what is written at `path`."""
        self.found.append(Fault(message, self.places.find(path, key=key, offset=offset, near=near), dotted(path)))

    def add_resolved(self, message: str, path: Path, *, offset: int = 0) -> None:
        """A fault of the resolved value at `path`."""
        self.broken.add(path)
        self.add(message, self.written(path), offset=offset)

    def written(self, path: Path) -> Path:
        """The written path of a resolved one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]] + path[length:]
        return path

    def is_broken(self, *path: str | int) -> bool:
        """True where this path, something above it or something in it is known to be wrong."""
        return any(path[: len(known)] == known or known[: len(path)] == path for known in self.broken)

    def raise_if_any(self) -> None:
        """Raise `SpecError` with all of them, in the order of the file."""
        if self.found:
            unique = list(dict.fromkeys(self.found))
            unique.sort(key=lambda fault: (fault.place.line or 0, fault.place.column or 0))
            raise SpecError(faults=tuple(unique))


def dotted(path: Path) -> str:
    """`space.lr.low`, `points[0].lr`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean `x`?`, or nothing where nothing is close."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"; did you mean `{names[close[0]]}`?" if close else ""


def listed(names: Iterable[str], last: str = "and") -> str:
    """`a`, `b` and `c`; `last` joins the last two."""
    quoted = [f"`{name}`" for name in names]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted) or "none"


def shown(value: Any) -> str:
    """A value in a message, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004

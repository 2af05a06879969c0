"""What happened to registered models, and what follows: the journal's lines, and the state that they add up to.

A line is never changed. A version is a number from 1 on; an alias (`staging`, `production`) points at one, and its history is kept.
"""

import re
from typing import Literal

import msgspec

from daybreak.base.errors import NotFound, UsageError

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
ALIAS = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
KEPT_NAMES = {"journal.jsonl"}
ROLLBACK = "rollback"  # the verdict of a move that goes back


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. `at`: seconds since 1970.

    registered: `version` and the `digest` of its package; moved: `alias` points at `version` from now on (None: at nothing), `decision`
    tells what the gate said; noted: `text`; tagged: `tags`, where an empty value takes a tag off; retired: the version's files are gone.
    """

    kind: Literal["registered", "moved", "noted", "tagged", "retired"]
    at: float
    by: str
    name: str
    version: int | None = None
    digest: str = ""
    alias: str = ""
    text: str = ""
    tags: dict[str, str] = {}
    decision: dict[str, str] = {}  # verdict, policy, run, parity; of a rollback {"verdict": "rollback"}
    before: str = ""


class Version(msgspec.Struct, frozen=True):
    """A registered version, as its lines add up."""

    version: int
    at: float
    by: str
    digest: str
    tags: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    retired: bool = False


class Registered(msgspec.Struct, frozen=True):
    """A name: its versions, where aliases point, and every move, oldest first."""

    name: str
    versions: dict[int, Version] = {}
    aliases: dict[str, int] = {}
    moves: tuple[Entry, ...] = ()

    @property
    def newest(self) -> int:
        """The newest version that still has its files. Raises `NotFound`."""
        there = [number for number, one in self.versions.items() if not one.retired]
        if not there:
            raise NotFound(f"model {self.name} has no version left; register one: daybreak model register")
        return max(there)

    def version_of(self, told: str) -> int:
        """The version that `3` or `production` names; empty: the newest. Raises `NotFound`."""
        if not told:
            return self.newest
        number = int(told) if is_version(told) else self.aliases.get(told)
        if number is None or number not in self.versions:
            known = ", ".join([*map(str, self.versions), *self.aliases])
            raise NotFound(f"model {self.name} has no version or alias {told}; it has {known}")
        if self.versions[number].retired:
            left = ", ".join(str(one) for one, version in self.versions.items() if not version.retired)
            raise NotFound(
                f"version {number} of model {self.name} was retired: its files are gone; name another ({left or 'none is left'}), "
                "or register the model again"
            )
        return number

    def before(self, alias: str) -> int:
        """Where an alias pointed before it pointed where it does, among versions that still have their files.

        A version that was left by a rollback is passed over: two rollbacks go two steps back. Raises `NotFound`.
        """
        now, steps = self.aliases.get(alias), self._steps(alias)
        for number in reversed(steps):
            if number != now and not self.versions[number].retired:
                return number
        raise NotFound(f"alias {alias} of model {self.name} has no earlier version to go back to")

    def _steps(self, alias: str) -> list[int]:
        """The versions that lead to where an alias is: a rollback takes the steps behind its version back."""
        steps: list[int] = []
        for move in self.moves:
            if move.alias != alias or move.version is None:
                continue
            if move.decision.get("verdict") == ROLLBACK and move.version in steps:
                del steps[len(steps) - steps[::-1].index(move.version) :]
            else:
                steps.append(move.version)
        return steps


def fold(entries: list[Entry]) -> dict[str, Registered]:
    """Name -> what its lines add up to."""
    found: dict[str, Registered] = {}
    for entry in entries:
        found[entry.name] = _after(found.get(entry.name, Registered(entry.name)), entry)
    return found


def _after(model: Registered, entry: Entry) -> Registered:
    change = msgspec.structs.replace
    number = entry.version
    if entry.kind == "moved":
        aliases = {alias: one for alias, one in model.aliases.items() if alias != entry.alias}
        if number is not None:
            aliases[entry.alias] = number
        return change(model, aliases=aliases, moves=(*model.moves, entry))
    if number is None:
        raise UsageError(f"a line about model {entry.name} that is {entry.kind} names its version, it does not")
    if entry.kind == "registered":
        version = Version(number, entry.at, entry.by, entry.digest, notes=(entry.text,) if entry.text else ())
    else:
        version = _told(model.versions[number], entry)
    return change(model, versions={**model.versions, number: version})


def _told(version: Version, entry: Entry) -> Version:
    change = msgspec.structs.replace
    if entry.kind == "retired":
        return change(version, retired=True)
    if entry.kind == "noted":
        return change(version, notes=(*version.notes, entry.text))
    return change(version, tags={key: value for key, value in {**version.tags, **entry.tags}.items() if value})


def is_version(told: str) -> bool:
    """Whether a reference's part is a number, not an alias."""
    return told.isascii() and told.isdigit()


def check_name(name: str) -> str:
    """The name. Raises `UsageError` for one that is no model's."""
    if not NAME.fullmatch(name) or name in KEPT_NAMES:
        raise UsageError(f"a model's name is of a-z, 0-9, '.', '_' and '-', up to 64, got {name!r}: such as digits")
    return name


def check_alias(alias: str) -> str:
    """The alias. Raises `UsageError` for one that cannot be told from a version."""
    if not ALIAS.fullmatch(alias):
        raise UsageError(f"an alias begins with a letter and is of a-z, 0-9 and '-', got {alias!r}: such as production")
    return alias

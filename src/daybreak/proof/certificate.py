"""Determinism certificates: what was run again, what it was held against, how far the bits agree. Stored beside the run.

    <home>/experiments/<n>/certificates/<trial>-<first 16 digits of its blake3>.json

A certificate is canonical JSON and named by its hash, so that one that was altered is known by its name.
"""

import time
from pathlib import Path
from typing import Any, Literal

import msgspec

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.hashing import canonical_json, hash_bytes
from daybreak.base.home import Home
from daybreak.proof.comparing import PointApart
from daybreak.wire.comparison import Difference

VERSION = 1
NAME_DIGITS = 16

Level = Literal["none", "rerun", "resume", "elastic"]
LEVELS: tuple[Level, ...] = ("none", "rerun", "resume", "elastic")
Standing = Literal["same file", "same state", "differs", "damaged", "unknown"]
Outcome = Literal["verified", "bits part", "not proven"]
APART = ("differs", "damaged")


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """One state, held against another.

    `unknown`: the other's file was deleted, and the bytes of the new file are others. `damaged`: the other's file is no longer what its
    hash says.
    """

    units: int
    standing: Standing
    sha256: str  # of the model's tensors, as observed
    digest: str = ""  # blake3 of the file it was held against
    parts: tuple[str, ...] = ()  # of kept, random, last: those that differ
    tensors: tuple[Difference, ...] = ()  # the first that differ
    differing: int = 0  # leaves in all


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of training that was done again."""

    level: Level
    what: str  # in words
    begin: int  # units
    until: int
    world_size: int
    threads: int
    points: int = 0  # compared
    apart: tuple[PointApart, ...] = ()  # the first that differs, of each metric
    largest: float = 0.0  # of the differences of points
    states: tuple[State, ...] = ()
    failure: str = ""  # why it could not be done
    seconds: float = 0.0

    @property
    def same(self) -> bool:
        """Every point, and every state that could be held against another; the last one could be."""
        differs = any(state.standing in APART for state in self.states)
        known = not self.states or self.states[-1].standing != "unknown"
        return not (self.failure or self.apart or differs) and known and bool(self.points or self.states)


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why bits part, as far as experiments tell."""

    kind: str
    told: str  # in words, with what to do
    evidence: tuple[str, ...] = ()  # what was tried, and what came of it


class Parting(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where bits part."""

    step: int | None  # the first unit or step
    metric: str = ""
    tensor: str = ""
    size: float | None = None  # of the largest difference there


class Certificate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was verified of one trial."""

    experiment: int
    trial: int
    name: str
    at: float  # seconds since 1970
    daybreak: str
    level: Level  # the highest that holds, with all below it
    asked: tuple[Level, ...]
    sha256: str  # of the model's tensors at the end of what was verified; "" where nothing is kept
    units: int  # up to which it was verified
    of: int  # units of the trial
    pinned: dict[str, Any]  # what the record holds
    observed: dict[str, Any]  # libraries and machine of the process that trained it again
    checks: tuple[Check, ...]
    limits: tuple[str, ...] = ()  # where bits may part all the same, as adapters of frameworks say in the checkpoints
    notes: tuple[str, ...] = ()  # what lowers the level, or was not looked at, and why
    parting: Parting | None = None
    cause: Cause | None = None
    version: int = VERSION

    @property
    def verified(self) -> bool:
        """All that was asked and could be done holds."""
        return self.level != "none" and all(check.same for check in self.checks)

    @property
    def outcome(self) -> Outcome:
        """In two words; `not proven`: nothing differs, but something that was asked could not be trained again."""
        if self.verified:
            return "verified"
        differs = any(not check.same and not check.failure for check in self.checks)
        return "bits part" if differs or not self.checks else "not proven"


def level_of(checks: list[Check]) -> Level:
    """The highest level of which every check holds, and of those below it."""
    reached: Level = "none"
    for level in LEVELS[1:]:
        own = [check for check in checks if check.level == level]
        if not own or not all(check.same for check in own):
            return reached
        reached = level
    return reached


def folder(home: Home, experiment: int) -> Path:
    """Where an experiment's certificates lie."""
    return home.logs(experiment).parent / "certificates"


def store(home: Home, certificate: Certificate) -> Path:
    """Write it down. Raises `UsageError` when the home cannot be written."""
    data = canonical_json(msgspec.to_builtins(certificate))
    place = folder(home, certificate.experiment)
    file = place / f"{certificate.trial}-{hash_bytes(data)[:NAME_DIGITS]}.json"
    try:
        place.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{time.monotonic_ns()}.new")
        new.write_bytes(data)
        new.replace(file)
    except OSError as error:
        raise UsageError(f"the certificate cannot be written to {place}: {error.strerror}") from error
    return file


def read(file: Path) -> Certificate:
    """One certificate. Raises `DamagedFile` when it is not what its name says."""
    data = file.read_bytes()
    if hash_bytes(data)[:NAME_DIGITS] != file.stem.rpartition("-")[2]:
        raise DamagedFile(
            f"a certificate must match the hash in its name, {file} does not: it was altered; verify again"
        )
    try:
        return msgspec.json.decode(data, type=Certificate)
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{file} must be a certificate, it is not: {error}") from error


def of_experiment(home: Home, experiment: int) -> list[Path]:
    """Files of all certificates of an experiment, oldest first."""
    place = folder(home, experiment)
    return sorted(place.glob("*.json"), key=lambda file: file.stat().st_mtime_ns) if place.is_dir() else []

"""Audits of runs, kept: each a file of its own under the experiment, never written again, named by what it is of and by its content.

An audit counts for every run with the same code and the same data, whichever experiment that belongs to; what it says of a model counts
for that checkpoint alone. Decisions of the gate are kept beside it, so that what was promoted can be explained later.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.hashing import canonical_json, hash_bytes
from daybreak.base.home import Home
from daybreak.proof.bundle import told, untold
from daybreak.validation.binding import DIGITS, Binding, files, verified
from daybreak.validation.report import Report
from daybreak.validation.subject import Subject

VERSION = 1
R = TypeVar("R")


class Audited(msgspec.Struct, frozen=True):
    """One audit of a run. `run`: as it was named in its home; `at`: seconds since 1970."""

    run: str
    binding: Binding
    report: Report
    at: float
    version: int = VERSION


def keep(subject: Subject, report: Report) -> Path:
    """Write an audit of this run down; its file. Raises `UsageError` when the home cannot be written."""
    made = Audited(subject.run, subject.binding, report, report.at or time.time())
    folder = subject.home.audits(subject.experiment.experiment)
    return store(folder, subject.binding.key, made)


def of_run(subject: Subject) -> list[Audited]:
    """All audits of its code and data, newest first. Raises `DamagedFile` for one that was altered."""
    binding = subject.binding
    found = (read(file, Audited) for file in files(subject.home, binding, subject.experiment.experiment))
    return sorted((one for one in found if binding.same(one.binding)), key=lambda one: -one.at)


def every(home: Home) -> Iterator[Audited]:
    """All audits of the home, in no order. Raises `DamagedFile`."""
    return (read(file, Audited) for file in home.path.glob("experiments/*/audits/*.json"))


def store(folder: Path, key: str, made: Any) -> Path:
    """Write a record down, whole or not at all; a record that is there stays as it is. Raises `UsageError`."""
    data = canonical_json(told(msgspec.to_builtins(made, enc_hook=_plain)))
    file = folder / f"{key}-{hash_bytes(data)[:DIGITS]}.json"
    if file.exists():
        return file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{time.monotonic_ns()}.new")
        new.write_bytes(data)
        new.replace(file)
    except OSError as error:
        raise UsageError(f"nothing can be kept in {folder}: {error.strerror}") from error
    return file


def read(file: Path, kind: type[R]) -> R:
    """One record. Raises `DamagedFile` when it is not what its name says."""
    try:
        return msgspec.convert(untold(msgspec.json.decode(verified(file))), kind)
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{file} must be a record of an audit, it is not: {error}") from error


def _plain(value: Any) -> Any:
    """A number of NumPy's as one of Python's."""
    return value.item()

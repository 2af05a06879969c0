"""What differs between two runs, and only that: code, environment, machine, data, hyperparameters, settings, results.

Each run is laid out as flat `name -> value` parts; what is equal on both sides is left out. Code is compared file by file.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daybreak.base.errors import VaultError
from daybreak.base.home import Home
from daybreak.proof.reference import Found
from daybreak.provenance import record
from daybreak.provenance.code import MANIFEST
from daybreak.provenance.data import manifest
from daybreak.provenance.data.comparing import compare as compare_manifests
from daybreak.vault.store import Vault

Flat = dict[str, Any]
MISSING = None
# Parts of a spec that say where and when, or that are compared in a section of their own.
APART = {"name", "folder", "code", "provenance", "parent", "start", "space", "points", "data", "environment", "python"}
# What steers a search and leaves each of its trials as it is.
OF_SEARCH = {
    "search",
    "budget",
    "confirm",
    "baseline",
    "constraints",
    "priority",
    "max_slots",
    "disk_cap",
    "keep_best",
    "retry",
}


class Change(NamedTuple):
    """One thing that differs; None where a side does not have it."""

    what: str
    a: Any
    b: Any


class FileChange(NamedTuple):
    """One captured file that differs: `added`, `removed` or `changed`, from a's side to b's."""

    path: str
    how: str
    plus: int
    minus: int
    patch: str


class Difference(msgspec.Struct, frozen=True):
    """All that differs; a section without a difference is empty. `notes`: what could not be compared, and why."""

    a: str
    b: str
    code: list[FileChange]
    environment: list[Change]
    machine: list[Change]
    data: list[Change]
    hyperparameters: list[Change]
    settings: list[Change]
    results: list[Change]
    notes: list[str] = []

    def is_empty(self) -> bool:
        """Whether the two are the same in everything that is compared."""
        return not any(
            (self.code, self.environment, self.machine, self.data, self.hyperparameters, self.settings, self.results)
        )


def compare(home: Home, a: Found, b: Found) -> Difference:
    """What differs from `a` to `b`. What cannot be read is noted, not raised."""
    notes: list[str] = []
    records = [_record(home, side, notes) for side in (a, b)]
    return Difference(
        a.name,
        b.name,
        list(_files(home, a, b, notes)),
        differing(*(_environment(found) for found in records)),
        differing(*(flat(found.machine) for found in records)),
        list(_data(Vault(home.vault), _manifests(a, records[0]), _manifests(b, records[1]), notes)),
        differing(*(_hyperparameters(side) for side in (a, b))),
        differing(*(_settings(side) for side in (a, b))),
        differing(*(_results(side) for side in (a, b))),
        notes,
    )


def differing(a: Flat, b: Flat) -> list[Change]:
    """The names whose values are not equal, in the order of `a`, then those that only `b` has."""
    names = dict.fromkeys([*a, *b])
    return [Change(name, a.get(name, MISSING), b.get(name, MISSING)) for name in names if not _equal(a, b, name)]


def flat(value: Mapping[str, Any], prefix: str = "") -> Flat:
    """Nested mappings as dotted names; lists are values."""
    found: Flat = {}
    for name, part in value.items():
        if isinstance(part, Mapping) and part:
            found |= flat(part, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = part
    return found


def _equal(a: Flat, b: Flat, name: str) -> bool:
    if (name in a) != (name in b):
        return False
    one, other = a[name], b[name]
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 (NaN is not equal to itself)


def _record(home: Home, side: Found, notes: list[str]) -> record.Record:
    digest = side.experiment.spec.get("provenance", "")
    if not digest:
        notes.append(f"{side.name} has no record of its environment, machine and data: it was handed in without")
        return record.Record()
    try:
        return record.read(Vault(home.vault), digest)
    except VaultError as error:
        notes.append(f"the record of {side.name} cannot be read: {error}")
        return record.Record()


def _environment(found: record.Record) -> Flat:
    environment = found.environment
    if not environment.packages:
        return {}
    wheels = {wheel.package: wheel.digest for wheel in environment.wheels}
    local = {
        name: f"{package.version} (local, {(package.digest or wheels.get(name, ''))[:12]})"
        for name, package in environment.local.items()
    }
    return {"python": environment.python, "platform": environment.platform} | dict(environment.packages) | local


def _manifests(side: Found, found: record.Record) -> Flat:
    """Dataset -> digest of its manifest."""
    told = {name: source.get("manifest") or None for name, source in side.experiment.spec.get("data", {}).items()}
    return told | dict(found.data)


def _data(vault: Vault, a: Flat, b: Flat, notes: list[str]) -> Iterator[Change]:
    """Datasets that only one side has, and files and samples of those that both have."""
    for dataset, one, other in differing(a, b):
        if not one or not other:
            yield Change(dataset, one, other)
            continue
        try:
            old, new = manifest.load(vault, one), manifest.load(vault, other)
        except VaultError as error:
            notes.append(f"the manifests of {dataset} cannot be compared: {error}")
            yield Change(dataset, one, other)
            continue
        found = compare_manifests(old, new)
        yield from (Change(f"{dataset}/{path}", "there", None) for path in found.removed)
        yield from (Change(f"{dataset}/{path}", None, "there") for path in found.added)
        yield from (Change(f"{dataset}/{path}", "changed", "changed") for path in found.changed)
        yield from (Change(dataset, name, renamed) for name, renamed in found.renamed)
        yield from (Change(f"{dataset}: {sample}", *splits) for sample, splits in found.moved.items())
        if found.versions:
            yield Change(f"{dataset} version", *found.versions)


def _hyperparameters(side: Found) -> Flat:
    if side.trial is not None:
        return flat(side.trial.point) | {"seed": side.trial.seed}
    return {name: _domain(domain) for name, domain in side.experiment.spec["space"].items()}


def _domain(domain: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in domain.items() if name != "kind" and value not in (None, False)}
    if domain["kind"] == "constant":
        return str(domain["value"])
    return f"{domain['kind']} " + " ".join(f"{name}={value}" for name, value in rest.items())


def _settings(side: Found) -> Flat:
    spec = side.experiment.spec
    environment = {f"environment.{name}": value for name, value in spec.get("environment", {}).items()}
    apart = APART | OF_SEARCH if side.trial is not None else APART
    return flat({name: value for name, value in spec.items() if name not in apart}) | environment


def _results(side: Found) -> Flat:
    if side.trial is None:
        row = side.experiment
        return {"state": row.state, "trials": row.trials, "units": row.units} | {
            f"best.{k}": v for k, v in row.best.items()
        }
    trial = side.trial
    digest = side.checkpoint.digest if side.checkpoint else trial.checkpoint
    metrics = {f"last.{name}": value for name, value in trial.last.items()} if side.checkpoint is None else {}
    units = side.checkpoint.units if side.checkpoint else trial.units
    return {"units": units, "score": trial.score, **metrics, "checkpoint": digest}


def _files(home: Home, a: Found, b: Found, notes: list[str]) -> Iterator[FileChange]:
    digests = [side.experiment.spec.get("code", "") for side in (a, b)]
    if digests[0] == digests[1]:
        return
    folders = [home.code(digest) for digest in digests]
    manifests = []
    for side, folder, digest in zip((a, b), folders, digests, strict=True):
        if not digest or not (folder / MANIFEST).is_file():
            notes.append(f"the code of {side.name} was not captured, or is gone from {home.path}")
            return
        manifests.append(json.loads((folder / MANIFEST).read_text()))
    for name in sorted(manifests[0].keys() | manifests[1].keys()):
        if manifests[0].get(name) != manifests[1].get(name):
            yield _file(name, *(folder / name for folder in folders))


def _file(name: str, a: Path, b: Path) -> FileChange:
    patch = list(difflib.unified_diff(_lines(a), _lines(b), f"a/{name}", f"b/{name}"))
    how = "added" if not a.is_file() else "removed" if not b.is_file() else "changed"
    plus = sum(line.startswith("+") for line in patch[2:])
    minus = sum(line.startswith("-") for line in patch[2:])
    return FileChange(name, how, plus, minus, "".join(line if line.endswith("\n") else f"{line}\n" for line in patch))


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines(keepends=True) if path.is_file() else []

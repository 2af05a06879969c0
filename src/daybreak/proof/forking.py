"""Forks: a new experiment that comes from another, with lineage.

Of an experiment: the same search again with what is changed, its best points tried first. Of a trial, or of a point of one: every
trial of the fork goes on from that checkpoint, with the seed and random states that stand in it; without any change it trains to the
same bits as the trial it comes from would have.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daybreak.base.errors import NotFound, UsageError, VaultError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.experiment_file import known_names
from daybreak.client.submission import shell
from daybreak.proof.reference import Found, kept_checkpoints
from daybreak.provenance import record
from daybreak.provenance.data import capture
from daybreak.spec.inline import override
from daybreak.spec.models import SHELL_VARIABLES, Experiment
from daybreak.vault.store import Vault
from daybreak.wire.rows import TrialRow, is_searched

BEST = 5  # points that a fork tries first


class Changes(NamedTuple):
    """What is other in the fork: `flags` of `spec.inline`, hyperparameters fixed by `set`, paths of datasets."""

    flags: Mapping[str, Any] = {}
    set: Mapping[str, Any] = {}
    data: Mapping[str, str] = {}

    @property
    def horizon(self) -> int | None:
        """The farther end that is asked for."""
        found: int | None = self.flags.get("max_units")
        return found


def fork(client: Client, source: Found, changes: Changes) -> Experiment:
    """The spec of the fork. Raises `NotFound` without a checkpoint, `UsageError`, `SpecError` for changes that cannot be."""
    names = {row.name for row in client.experiments()}
    data: dict[str, Any] = dict(source.experiment.spec)
    data |= {"name": next_name(source.experiment.name, names), "parent": source.name}
    if source.trial is None:
        data |= _search_again(client, source, changes)
    else:
        data |= _from_point(client, source, source.trial, changes)
    data |= _at_home(client, data)
    data["data"] = _other_data(data["data"], changes.data)
    flags = {name: value for name, value in changes.flags.items() if name != "space"}
    spec = Experiment.model_validate(data)
    spec = override(spec, flags | _space_flag(changes), known=known_names())
    return _with_data(client.home, spec) if changes.data else spec


def _with_data(home: Home, spec: Experiment) -> Experiment:
    """The fork with manifests of its own data, in a record that is otherwise its parent's. Raises `UsageError`, `VaultError`."""
    vault = Vault(home.vault)
    found = capture(home, vault, spec, Path(spec.folder))
    spec = spec.model_copy(update={"data": found})
    if not spec.provenance:
        return spec
    manifests = {name: source.manifest for name, source in found.items()}
    written = record.write(vault, msgspec.structs.replace(record.read(vault, spec.provenance), data=manifests))
    return spec.model_copy(update={"provenance": written})


def _at_home(client: Client, data: Mapping[str, Any]) -> dict[str, Any]:
    """Of a run that came from another machine: where its code lies here, and the interpreter and environment of who forks it."""
    if Path(data["folder"]).is_dir() and (not data["python"] or Path(data["python"]).is_file()):
        return {}
    if not data["code"]:
        raise UsageError(
            f"the code of this run was not captured, and {data['folder']} is not here: it cannot be forked"
        )
    own = {name: value for name, value in data["environment"].items() if name not in SHELL_VARIABLES}
    return {
        "folder": str(client.home.code(data["code"])),
        "python": sys.executable,
        "environment": shell(os.environ) | own,
    }


def _search_again(client: Client, source: Found, changes: Changes) -> dict[str, Any]:
    data = source.experiment.spec
    minimize = data["objectives"][0]["direction"] == "minimize"
    best = best_points(client.trials(source.experiment.experiment), minimize=minimize)
    space = data["space"] | _constants(data["space"], changes.set)
    points = best + [point for point in data["points"] if point not in best]
    return {"space": space, "points": distinct([_fitting(point, changes) for point in points])}


def _from_point(client: Client, source: Found, trial: TrialRow, changes: Changes) -> dict[str, Any]:
    """Train on from there; a search over what `--space` names, everything else as the trial has it."""
    checkpoint = source.checkpoint or next(iter(reversed(kept_checkpoints(client, trial))), None)
    name = f"{trial.experiment}.{trial.trial}"
    if checkpoint is None:
        raise NotFound(
            f"a fork of a trial goes on from its checkpoint, {name} has none: fork {trial.experiment} instead"
        )
    try:
        Vault(client.home.vault).verify(checkpoint.digest)
    except VaultError as error:
        raise NotFound(f"the checkpoint of {name} at {checkpoint.units} units cannot be used: {error}") from error
    spec = source.experiment.spec
    horizon = changes.horizon or spec["search"]["max_units"]
    if horizon is not None and horizon <= checkpoint.units:
        raise UsageError(
            f"{name} stands at {checkpoint.units} of {horizon} units: say how far the fork goes, with --max-units"
        )
    fixed = {name: {"kind": "constant", "value": value} for name, value in (trial.point | dict(changes.set)).items()}
    alone = not changes.flags.get("space")
    search = spec["search"] | {"min_units": checkpoint.units + 1, "max_trials": None}
    start = {
        "trial": name,
        "checkpoint": checkpoint.digest,
        "units": checkpoint.units,
        "size": checkpoint.size,
        "seed": trial.seed,
    }
    return {
        "parent": f"{name}@{checkpoint.units}", "start": start, "space": fixed, "points": (), "constraints": (), "confirm": None,
        "baseline": _number_only(spec["baseline"]),
        "search": search | ({"method": "single", "sampler": "random", "min_units": None} if alone else {}),
        "budget": {"trials": 1} if alone else spec["budget"],
    }  # fmt: skip


def _number_only(baseline: dict[str, Any] | None) -> dict[str, Any] | None:
    """A baseline that would have to be run again is what it was already, in the parent."""
    return baseline if baseline is not None and baseline.get("value") is not None else None


def _constants(space: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(values.keys() - space.keys())
    if unknown:
        raise UsageError(
            f"--set names a hyperparameter of the space, got {', '.join(unknown)}: it has {', '.join(space)}"
        )
    return {name: {"kind": "constant", "value": value} for name, value in values.items()}


def _fitting(point: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    return dict(point) | {name: value for name, value in changes.set.items() if name in point}


def _other_data(data: Mapping[str, Any], other: Mapping[str, str]) -> dict[str, Any]:
    unknown = sorted(other.keys() - data.keys())
    if unknown:
        raise UsageError(
            f"--data names a dataset of the run, got {', '.join(unknown)}: it has {', '.join(data) or 'none declared'}"
        )
    return dict(data) | {name: dict(data[name]) | {"path": path, "manifest": ""} for name, path in other.items()}


def _space_flag(changes: Changes) -> dict[str, Any]:
    return {"space": changes.flags["space"]} if changes.flags.get("space") else {}


def distinct(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each point once, the first stays."""
    found: list[dict[str, Any]] = []
    for point in points:
        if point not in found:
            found.append(point)
    return found


def best_points(trials: list[TrialRow], *, minimize: bool) -> list[dict[str, Any]]:
    """Distinct points of the best trials of the search, best first."""
    scored = [trial for trial in trials if trial.score is not None and trial.state != "failed" and is_searched(trial)]
    scored.sort(key=lambda trial: (trial.score if minimize else -(trial.score or 0.0), trial.trial))
    return distinct([trial.point for trial in scored])[:BEST]


def next_name(name: str, taken: set[str]) -> str:
    """`digits` -> `digits-2` -> `digits-3`: the first that is not taken."""
    found = re.fullmatch(r"(.+)-(\d+)", name)
    stem, number = (found[1], int(found[2])) if found else (name, 1)
    while (candidate := f"{stem}-{number + 1}") in taken:
        number += 1
    return candidate

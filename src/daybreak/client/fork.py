"""A fork: the same search again with the code as it is now, its best points tried first."""

import re
from collections.abc import Mapping
from typing import Any

from daybreak.client.client import Client
from daybreak.client.submission import resolve
from daybreak.spec.models import Experiment
from daybreak.wire.rows import ExperimentRow, TrialRow, is_searched

BEST = 5  # points that a fork tries first


def fork(client: Client, experiment: ExperimentRow, changed: Mapping[str, Any]) -> tuple[Experiment, str]:
    """The resolved spec of the fork, and a warning, empty when there is none.

    It is the experiment's spec with the code of its folder now, another name, `parent`, the best points first, and `changed` fields of
    `budget` and `search`. Raises `UsageError` as `resolve` does. The experiment itself stays as it is.
    """
    data: dict[str, Any] = dict(experiment.spec)
    names = {row.name for row in client.experiments()}
    minimize = data["objectives"][0]["direction"] == "minimize"
    best = best_points(client.trials(experiment.experiment), minimize=minimize)
    data |= {name: data[name] | fields for name, fields in changed.items()}
    data |= {
        "name": next_name(experiment.name, names),
        "parent": str(experiment.experiment),
        "points": best + [point for point in data["points"] if point not in best],
    }
    return resolve(client.home, Experiment.model_validate(data))


def best_points(trials: list[TrialRow], *, minimize: bool) -> list[dict[str, Any]]:
    """Distinct points of the best trials of the search, best first."""
    scored = [trial for trial in trials if trial.score is not None and trial.state != "failed" and is_searched(trial)]
    scored.sort(key=lambda trial: (trial.score if minimize else -(trial.score or 0.0), trial.trial))
    points: list[dict[str, Any]] = []
    for trial in scored:
        if trial.point not in points:
            points.append(trial.point)
    return points[:BEST]


def next_name(name: str, taken: set[str]) -> str:
    """`digits` -> `digits-2` -> `digits-3`: the first that is not taken."""
    found = re.fullmatch(r"(.+)-(\d+)", name)
    stem, number = (found[1], int(found[2])) if found else (name, 1)
    while (candidate := f"{stem}-{number + 1}") in taken:
        number += 1
    return candidate

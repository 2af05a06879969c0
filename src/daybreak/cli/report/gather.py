"""What the page shows, as plain JSON data."""

from math import isfinite
from typing import Any

from daybreak.base.errors import DaybreakError
from daybreak.cli.believing import believed
from daybreak.cli.front import front
from daybreak.cli.trials import ranked
from daybreak.client.client import Client
from daybreak.client.jobs import run_job
from daybreak.wire.rows import ExperimentRow, TrialRow, is_searched

MOST_CURVES = 600  # more than a page can draw or a reader tell apart; the best are kept, the page says so


def gather(client: Client, experiment: int | str) -> dict[str, Any]:
    """Everything about one experiment. Raises `NotFound`."""
    row = client.experiment(experiment)
    trials = ranked(row, client.trials(row.experiment))
    objective = row.spec["objectives"][0]
    shown = [trial.trial for trial in trials[:MOST_CURVES]]
    return {
        "experiment": row,
        "objective": objective,
        "front": [trial.trial for trial in front(row, trials)],
        "trials": trials,
        "curves": client.points(row.experiment, shown, [objective["metric"]]),
        "hidden_curves": max(0, len(trials) - MOST_CURVES),
        "attempts": client.attempts(row.experiment),
        "notices": client.notices(row.experiment),
        "importance": _importance(row, trials),
        "status": client.status(row.experiment),
        "believed": standing.lines if (standing := believed(client, row)) is not None else [],
    }


def _importance(row: ExperimentRow, trials: list[TrialRow]) -> dict[str, float]:
    """Share of each hyperparameter; empty when there is too little to tell."""
    searched = (t for t in trials if is_searched(t) and t.score is not None and isfinite(t.score))
    scored = [{"point": t.point, "score": t.score} for t in searched]
    try:
        found: dict[str, float] = run_job("importance", [], {"spec": row.spec, "trials": scored})
    except DaybreakError:
        return {}
    return found

"""Several objectives: the trials that no other trial beats, for people and for the report page."""

from collections.abc import Iterator
from math import inf, isfinite

from daybreak.cli.output import console
from daybreak.cli.trials import trial_table
from daybreak.wire.rows import ExperimentRow, TrialRow, is_searched

MOST = 30  # rows of the table for people


def front(row: ExperimentRow, trials: list[TrialRow]) -> list[TrialRow]:
    """Trials of the search that none is better than in one objective without being worse in another; the first objective's best first.

    By what each reported last: one model has all of these values, while the best ones of a trial may be of different models.
    Empty with one objective. Quadratic in the trials that hold up, which are few.
    """
    if len(row.spec["objectives"]) < 2:  # noqa: PLR2004
        return []
    ranked = sorted((losses, trial.trial, trial) for trial, losses in _scored(row, trials))
    found: list[tuple[tuple[float, ...], TrialRow]] = []
    for losses, _, trial in ranked:  # whoever beats another comes before it
        if not any(kept != losses and all(a <= b for a, b in zip(kept, losses, strict=True)) for kept, _ in found):
            found.append((losses, trial))
    return [trial for _, trial in found]


def _scored(row: ExperimentRow, trials: list[TrialRow]) -> Iterator[tuple[TrialRow, tuple[float, ...]]]:
    for trial in trials:
        losses = tuple(
            trial.last.get(one["metric"], inf) * (-1.0 if one["direction"] == "maximize" else 1.0)
            for one in row.spec["objectives"]
        )
        searched = trial.state != "failed" and is_searched(trial)
        if searched and all(map(isfinite, losses)):
            yield trial, losses


def print_front(row: ExperimentRow, trials: list[TrialRow]) -> None:
    """A table of the front under a line that says what it is; nothing with one objective or none on it."""
    found = front(row, trials)
    if not found:
        return
    metrics = [str(one["metric"]) for one in row.spec["objectives"]]
    out = console()
    hidden = f", the first {MOST}" if len(found) > MOST else ""
    out.print(f"no trial beats these {len(found)} in {' and '.join(metrics)} together{hidden}:", soft_wrap=True)
    out.print(trial_table(row, found[:MOST], values=metrics))

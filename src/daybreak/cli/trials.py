"""Trials for people: the table of them, and the best one."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from rich.text import Text

from daybreak.cli.output import console, duration, folded, number, point, state, styled, table
from daybreak.wire.rows import ExperimentRow, TrialRow


def print_best(row: ExperimentRow, trial: TrialRow) -> None:
    """The best trial for people, beside the baseline where there is one."""
    out = console()
    named = (f"{row.experiment}.{trial.trial}", "bold")
    out.print(styled("best trial ", named, f": {_metric(row)} ", (number(trial.score), "bold green")))
    first, *more = folded(point(trial.point), out.width - 4)
    out.print(f"  at {trial.units:,} units, {first}", *(f"    {line}" for line in more), sep="\n", soft_wrap=True)
    last = trial.last.get(_metric(row))
    if last is not None and number(last) != number(trial.score):
        out.print(f"  the score is its best report; its last, at {trial.units:,} units: {number(last)}", soft_wrap=True)
    if row.baseline is not None and trial.score is not None:
        lift = (trial.score - row.baseline) * (1 if is_maximized(row) else -1)
        out.print(f"  baseline {number(row.baseline)}, lift {lift:+.4g}")
    for line in _confirmed(row):
        out.print("  " + line)


def is_maximized(row: ExperimentRow) -> bool:
    """Whether a larger first objective is better."""
    return bool(row.spec["objectives"][0]["direction"] == "maximize")


def ranked(row: ExperimentRow, trials: list[TrialRow]) -> list[TrialRow]:
    """Best first by the first objective; those without a finite score last, by number."""
    sign = -1.0 if is_maximized(row) else 1.0

    def place(trial: TrialRow) -> tuple[bool, float, int]:
        known = trial.score is not None and isfinite(trial.score)
        return (not known, sign * (trial.score or 0.0) if known else 0.0, trial.trial)

    return sorted(trials, key=place)


def trial_table(row: ExperimentRow, trials: list[TrialRow], most: int = 30, values: Sequence[str] = ()) -> Any:
    """Trials, best first, as a table; as many hyperparameters as columns as the console is wide, those that differ first.

    `values`: metrics whose last values are shown, in the order of the trials; without, the best first and their scores.
    """
    shown = (list(trials) if values else ranked(row, trials))[:most]
    scores = {name: [t.last.get(name) for t in shown] for name in values} or {"score": [t.score for t in shown]}
    fixed: dict[str, list[Any]] = {
        "trial": [f"{t.experiment}.{t.trial}" for t in shown],
        "state": [state(t.state) for t in shown],
        "units": [t.units for t in shown],
        **scores,
    }
    last: dict[str, list[Any]] = {
        "slot time": [duration(t.slot_seconds) for t in shown],
        "from": [t.source for t in shown],
    }
    names = list(dict.fromkeys(name for t in shown for name in t.point))
    points = {name: [number(t.point.get(name)) for t in shown] for name in names}
    room = console().width - sum(_width(*column) for column in (*fixed.items(), *last.items()))
    fitting = _fitting(points, room)
    columns = fixed | {name: points[name] for name in fitting} | last
    made = table(list(columns), zip(*columns.values(), strict=True), right=["units", "score", *values, "slot time"])
    if hidden := len(names) - len(fitting):
        made.caption = f"and {hidden} more hyperparameter{'s' if hidden > 1 else ''}: daybreak export {row.experiment}"
        made.caption_justify = "left"
    return made


def _fitting(points: dict[str, list[str]], room: int) -> list[str]:
    """Names whose columns fit, in their order; those that differ between the trials are chosen first."""
    by_worth = sorted(points, key=lambda name: len(set(points[name])) == 1)
    chosen = set()
    for name in by_worth:
        if (width := _width(name, points[name])) <= room:
            chosen.add(name)
            room -= width
    return [name for name in points if name in chosen]


def _width(name: str, cells: list[Any]) -> int:
    """Characters of a column, the gap after it included."""
    return max([len(name), *(len(cell if isinstance(cell, str | Text) else number(cell)) for cell in cells)]) + 2


def _metric(row: ExperimentRow) -> str:
    return str(row.spec["objectives"][0]["metric"])


def _confirmed(experiment: ExperimentRow) -> list[str]:
    """One line for each point that was trained again on fresh seeds."""
    found = experiment.summary.get("confirm") or {}
    lines = [
        f"again on {len(row['values'])} fresh seeds, trial {experiment.experiment}.{row['trial']}: mean {number(row['mean'])}"
        + (f", 95 % interval {number(row['low'])} to {number(row['high'])}" if row["low"] is not None else "")
        + (f", {row['failed']} failed" if row.get("failed") else "")
        for row in found.get("points", [])
    ]
    if len(lines) > 1 and not found.get("clear"):
        lines.append("their intervals overlap: which of them is best is not settled")
    return lines

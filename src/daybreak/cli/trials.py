"""Trials for people: the table of them, and the best one."""

from typing import Any

from daybreak.cli.output import console, duration, number, point, state, styled, table
from daybreak.wire.rows import ExperimentRow, TrialRow


def print_best(row: ExperimentRow, trial: TrialRow) -> None:
    """The best trial for people, beside the baseline where there is one."""
    out = console()
    metric = row.spec["objectives"][0]["metric"]
    named = (f"{row.experiment}.{trial.trial}", "bold")
    out.print(styled("best trial ", named, f": {metric} ", (number(trial.score), "bold green")))
    out.print(f"  at {trial.units} units, {point(trial.point)}")
    if row.baseline is not None and trial.score is not None:
        out.print(f"  baseline {number(row.baseline)}, lift {trial.score - row.baseline:+.4g}")
    for line in _confirmed(row.summary):
        out.print("  " + line)


def trial_table(row: ExperimentRow, trials: list[TrialRow], most: int = 30) -> Any:
    """Trials, best first, as a table; hyperparameters as columns."""
    sign = -1.0 if row.spec["objectives"][0]["direction"] == "maximize" else 1.0
    ranked = sorted(trials, key=lambda t: (t.score is None, sign * (t.score or 0.0), t.trial))
    names = list(dict.fromkeys(name for t in trials for name in t.point))
    return table(
        ["trial", "state", "units", "score", *names, "slot time", "from"],
        (
            [f"{t.experiment}.{t.trial}", state(t.state), t.units, t.score, *(t.point.get(n) for n in names),
             duration(t.slot_seconds), t.source]
            for t in ranked[:most]
        ),
        right=["units", "score", "slot time"],
    )  # fmt: skip


def _confirmed(summary: dict[str, Any]) -> list[str]:
    """One line for each point that was trained again on fresh seeds."""
    found = summary.get("confirm") or {}
    lines = [
        f"again on {len(row['values'])} fresh seeds, trial {row['trial']}: mean {number(row['mean'])}"
        + (f", 95 % interval {number(row['low'])} to {number(row['high'])}" if row["low"] is not None else "")
        + (f", {row['failed']} failed" if row.get("failed") else "")
        for row in found.get("points", [])
    ]
    if len(lines) > 1 and not found.get("clear"):
        lines.append("their intervals overlap: which of them is best is not settled")
    return lines

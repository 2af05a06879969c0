"""What is told of an experiment as a whole: plain JSON data, kept in its row.

Keys: `rungs`, `facts` (the searcher's: guard, correlation, regret), `evidence`, `baseline`, `confirm`, `failures`, `diverged`,
`user_share`, `attempts`, `crashes`, `evicted`, `prepared` (how attempts are started, why, and the seconds of imports before, which
no slot was charged for).
"""

from math import isfinite
from typing import Any

from daybreak.lifecycle import confirm, ranking
from daybreak.lifecycle.losses import score, value_of
from daybreak.lifecycle.state import Experiment, Trial


def summary(exp: Experiment) -> dict[str, Any]:
    """Everything that stands beside an experiment's result."""
    facts: dict[str, Any] = {
        "rungs": rung_rows(exp),
        "facts": dict(exp.searcher.view().facts),
        "evidence": evidence(exp),
        "diverged": len(exp.diverged),
        "user_share": exp.user_slot_seconds / exp.slot_seconds if exp.slot_seconds else None,
        "attempts": exp.attempts,
        "crashes": exp.crashes,
        "evicted": exp.evicted,
        "failures": failures(exp),
    }
    if exp.preparation is not None:
        told = exp.preparation
        facts["prepared"] = {"how": told.how, "why": told.why, "seconds": told.seconds}
    if exp.spec.baseline is not None:
        facts["baseline"] = _baseline(exp)
    if exp.spec.confirm is not None:
        facts["confirm"] = confirm.results(exp) if exp.confirming else {"plan": exp.confirm_plan, "points": []}
    return facts


def rung_rows(exp: Experiment) -> list[dict[str, Any]]:
    """Per rung, lowest first: its units, how many trials reported there, the best value of the first objective."""
    return [
        {"units": units, "reported": rung.reported, "best": value_of(exp.spec, rung.best)}
        for units, rung in sorted(exp.rungs.items())
    ]


def evidence(exp: Experiment) -> str:
    """On how much training the best trial's score rests, in words."""
    best = ranking.best(exp)
    if best is None:
        return "no trial has a score"
    if best.state == "finished":
        return f"trial {best.number} is complete ({best.units} units)"
    stands = best.rungs[-1][0] if best.rungs else 0
    of = f" of {exp.horizon}" if exp.horizon else ""
    return f"trial {best.number} is not complete: its score rests on {stands}{of} units"


def failures(exp: Experiment) -> list[dict[str, Any]]:
    """Each cause once, the most frequent first."""
    stories = sorted(exp.failures.values(), key=lambda story: (-story.count, story.first_trial))
    return [
        {
            "kind": story.kind,
            "message": story.message,
            "tail": story.tail,
            "count": story.count,
            "trials": len(story.trials),
            "first_trial": story.first_trial,
        }
        for story in stories
    ]


def baseline_value(exp: Experiment) -> float | None:
    """The baseline's score: the number that was given, or what its run reported; None while not known."""
    if exp.spec.baseline is None:
        return None
    trial: Trial | None = exp.trials.get(0)
    return exp.spec.baseline.value if trial is None else score(exp.spec, trial)


def _baseline(exp: Experiment) -> dict[str, float | None]:
    """`lift`: by how much the best trial is better, in the metric's units; positive is better."""
    value, best = baseline_value(exp), ranking.best(exp)
    lift = None
    if value is not None and best is not None and isfinite(best.loss):
        own = -value if exp.spec.objectives[0].direction == "maximize" else value
        lift = own - best.loss
    return {"value": value, "lift": lift}

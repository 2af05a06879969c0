"""When user code fails: tried again, then the trial fails; each cause is told once; a search that cannot work is ended early."""

from difflib import get_close_matches

from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.state import Experiment, FailureStory, State, Trial, touch
from daybreak.lifecycle.trials import queue, set_state
from daybreak.wire.worker import Failure

GIVE_UP_AFTER = 5  # trials that failed, when none ever reported its objective
MISSING_GIVE_UP_AFTER = 2  # the same, when they ended well but never reported it: the name is wrong
LOST_IN_A_ROW = 10  # attempts of one trial lost without a unit of progress count as a crash


def crashed(state: State, exp: Experiment, trial: Trial, failure: Failure) -> None:
    """Try again from the last checkpoint, or give the trial up."""
    exp.crashes += 1
    trial.crashes += 1
    trial.failure = f"{failure.kind}: {failure.message}"
    _remember(state, exp, trial, failure)
    if trial.crashes <= exp.spec.retry.attempts:
        queue(exp, trial, trial.target, trial.value, f"again after {trial.failure}")
        set_state(state, exp, trial, "waiting", trial.why)
    else:
        fail(state, exp, trial, trial.failure)


def fail(state: State, exp: Experiment, trial: Trial, why: str) -> None:
    """Nothing more will come of this trial; the search goes on."""
    trial.plan, trial.failure = "finish", why
    set_state(state, exp, trial, "failed", why)
    if trial.role != "search":
        return
    exp.failed += 1
    exp.searcher.ended(trial.number, trial.units, None, failed=True)
    if exp.scored == 0 and exp.failed >= GIVE_UP_AFTER:
        give_up(state, exp, f"the first {exp.failed} trials all failed, none reported anything: {why}")


def give_up(state: State, exp: Experiment, why: str) -> None:
    """The experiment as a whole cannot do what was asked."""
    if not exp.leaving and not exp.over:
        exp.leaving, exp.leaving_why = "failed", why
        notify(state, exp, "error", why)
        touch(state, exp)


def _remember(state: State, exp: Experiment, trial: Trial, failure: Failure) -> None:
    name = failure.fingerprint or f"{failure.kind}: {failure.message}"
    story = exp.failures.get(name)
    if story is None:
        story = exp.failures[name] = FailureStory(failure.kind, failure.message, failure.tail, trial.number)
        text = f"trial {trial.number} failed with {failure.kind}: {failure.message}"
        told = f"{text} (told once per cause)" + (f"\n{failure.tail}" if failure.tail else "")
        notify(state, exp, "warning", told, trial.number)
    story.count += 1
    story.trials.add(trial.number)


def metric_missing(state: State, exp: Experiment, trial: Trial, metrics: dict[str, float]) -> bool:
    """Whether the first objective is not among the metrics; told once, with what was seen and what may be meant."""
    metric = exp.spec.objectives[0].metric
    if metric in metrics or (trial.role == "baseline" and metric in trial.best):
        return False
    notify(state, exp, "error", missing_text(metric, metrics), trial.number, once="metric_missing")
    return True


def missing_text(metric: str, metrics: dict[str, float]) -> str:
    """The rule, the values, what to do."""
    if not metrics:
        return f"the objective {metric!r} must be reported, but no metric was; report it with daybreak.log or print it"
    close = get_close_matches(metric, metrics, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"report {metric!r}, or change the objective"
    return f"the objective {metric!r} must be reported, but only {', '.join(sorted(metrics))} were seen; {hint}"

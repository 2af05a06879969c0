"""When user code fails: tried again, then the trial fails; each cause is told once; a search that cannot work is ended early."""

from difflib import get_close_matches

from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.state import Experiment, FailureStory, State, Trial, touch
from daybreak.lifecycle.trials import queue, set_state
from daybreak.lifecycle.turns import Outcome, Turns
from daybreak.wire.worker import Failure

GIVE_UP_AFTER = 5  # trials that failed, or came to a rung without the objective, when none ever reported it
MISSING_GIVE_UP_AFTER = 2  # the same, when they ended well but never reported it: the name is wrong
TOLD_BY_MESSAGE = frozenset(
    {"exit", "import", "signal", "memory", "disk", "stalled", "lost", "crash", "sampler", "internal"}
)
FAULTY = 3  # failures of a slot until somebody should look at it
MOVED_AT_MOST = 5  # times a trial is sent elsewhere; then it counts as a crash
LOST_IN_A_ROW = 10  # attempts of one trial lost without a unit of progress count as a crash


def crashed(state: State, exp: Experiment, trial: Trial, failure: Failure) -> None:
    """Try again from the last checkpoint, or give the trial up; what its output says about that comes first."""
    if failure.policy:
        tell_policy(state, exp, trial, failure)
    if failure.policy == "elsewhere" and trial.moved < MOVED_AT_MOST:
        trial.moved += 1
        queue(exp, trial, trial.target, trial.value, f"elsewhere after: {failure.line}")
        set_state(state, exp, trial, "waiting", trial.why)
        return
    exp.crashes += 1
    trial.crashes += 1
    trial.failure = in_words(failure)
    _remember(state, exp, trial, failure)
    if trial.crashes <= exp.spec.retry.attempts and failure.policy != "fail":
        queue(exp, trial, trial.target, trial.value, f"again after {trial.failure}")
        set_state(state, exp, trial, "waiting", trial.why)
    elif exp.turns is not None and trial.role == "search":
        _hold(state, exp, exp.turns, trial)
    else:
        fail(state, exp, trial, trial.failure)


def tell_policy(state: State, exp: Experiment, trial: Trial, failure: Failure) -> None:
    """What the output said, and what comes of it; once for each pattern."""
    then = {"fail": "it is not tried again", "elsewhere": "it is tried again on other slots", "tell": "it is a crash"}
    text = f"trial {trial.number} printed {failure.line!r}: {then[failure.policy]}"
    advice = "; make the model or its batches smaller" if failure.pattern and failure.policy == "fail" else ""
    once = f"policy:{failure.policy}:{failure.pattern}"
    notify(state, exp, "warning", f"{text} (log policy, told once){advice}", trial.number, once=once)


def avoid(state: State, exp: Experiment, trial: Trial, machine: str, slot: int) -> None:
    """A slot failed for its own sake: the trial does not go there again; a slot that does so repeatedly is named."""
    place = (machine, slot)
    trial.avoids |= {place}
    state.faulty[place] += 1
    if state.faulty[place] in (FAULTY, 10 * FAULTY):
        text = f"slot {slot} of machine {machine} has failed {state.faulty[place]} times by the words of its trials' output"
        notify(state, exp, "error", f"{text}: have it looked at, or leave it out with --slots")


def _hold(state: State, exp: Experiment, turns: Turns, trial: Trial) -> None:
    """The search hears of the failure in its trial's turn; of one that was complete before, and only lost its model, never."""
    if trial.complete:
        trial.plan, trial.units = "finish", turns.stands[trial.number]
        set_state(state, exp, trial, "finished", f"complete, but its model is lost: {trial.failure}")
        return
    turns.held[trial.number] = Outcome("failure", turns.stands[trial.number], why=trial.failure)
    set_state(state, exp, trial, "waiting", f"failed: {trial.failure}")


def fail(state: State, exp: Experiment, trial: Trial, why: str) -> None:
    """Nothing more will come of this trial; the search goes on."""
    trial.plan, trial.failure = "finish", why
    set_state(state, exp, trial, "failed", why)
    if trial.role != "search":
        return
    exp.failed += 1
    units = trial.units if exp.turns is None else exp.turns.stands[trial.number]
    exp.searcher.ended(trial.number, units, None, failed=True)
    if exp.scored == 0 and exp.failed >= GIVE_UP_AFTER:
        give_up(state, exp, f"the first {exp.failed} trials all failed, none reported anything: {why}")


def give_up(state: State, exp: Experiment, why: str) -> None:
    """The experiment as a whole cannot do what was asked; `why` is told with its end."""
    if not exp.leaving and not exp.over:
        exp.leaving, exp.leaving_why = "failed", why
        touch(state, exp)


def in_words(failure: Failure) -> str:
    """`ValueError: bad lr`; of kinds that are no exception the message alone, which says what happened."""
    return failure.message if failure.kind in TOLD_BY_MESSAGE else f"{failure.kind}: {failure.message}"


def story_of(failure: Failure) -> str:
    """The end of what was printed, without a last line that only repeats the message."""
    lines = failure.tail.rstrip().splitlines()
    if lines and failure.message and lines[-1].endswith(failure.message):
        lines.pop()
    return "".join(f"\n{line}" for line in lines)


def _remember(state: State, exp: Experiment, trial: Trial, failure: Failure) -> None:
    name = failure.fingerprint or f"{failure.kind}: {failure.message}"
    story = exp.failures.get(name)
    if story is None:
        story = exp.failures[name] = FailureStory(failure.kind, failure.message, failure.tail, trial.number)
        if exp.leaving != "failed":  # the cause of that was told already
            told = f"trial {trial.number} failed: {in_words(failure)} (told once per cause){story_of(failure)}"
            notify(state, exp, "warning", told, trial.number)
    story.count += 1
    story.trials.add(trial.number)


def metric_missing(state: State, exp: Experiment, trial: Trial, metrics: dict[str, float]) -> bool:
    """Whether the first objective is not among the metrics; told once, with what was seen and what may be meant."""
    metric = exp.spec.objectives[0].metric
    if metric in metrics or (trial.role == "baseline" and metric in trial.best):
        return False
    tell_missing(state, exp, trial, metrics)
    return True


def tell_missing(state: State, exp: Experiment, trial: Trial, metrics: dict[str, float]) -> None:
    """Say it once; when the first trials all came without it, the search cannot choose among them and ends."""
    exp.missing = exp.missing or missing_text(exp.spec.objectives[0].metric, metrics)
    if trial.role == "search":
        exp.missed.add(trial.number)
    notify(state, exp, "error", exp.missing, trial.number, once="metric_missing")
    if exp.scored == 0 and not exp.diverged and len(exp.missed) >= GIVE_UP_AFTER:
        give_up(state, exp, exp.missing)


def missing_text(metric: str, metrics: dict[str, float]) -> str:
    """The rule, the values, what to do."""
    if not metrics:
        return f"the objective {metric!r} must be reported, but no metric was; report it with daybreak.log or print it"
    close = _alike(metric, metrics)
    hint = f"did you mean {close!r}?" if close else f"report {metric!r} in every unit, or change the objective"
    seen = f"{', '.join(sorted(metrics))} {'was' if len(metrics) == 1 else 'were'} seen"
    return f"the objective {metric!r} must be reported, but only {seen}; {hint}"


def _alike(metric: str, metrics: dict[str, float]) -> str:
    """A misspelling, another case, or an abbreviation either way: acc and accuracy."""
    lower = metric.lower()
    same = [name for name in metrics if name.lower().startswith(lower) or lower.startswith(name.lower())]
    return next(iter(sorted(same) or get_close_matches(metric, metrics, n=1)), "")

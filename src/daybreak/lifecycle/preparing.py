"""Machines get ready for an experiment before it is given slots on them: importing frameworks takes seconds and is charged to nobody."""

from daybreak.lifecycle.attempts import kill
from daybreak.lifecycle.commands import Prepare
from daybreak.lifecycle.events import CodeChanged, DataChanged, Prepared, PrepareFailed
from daybreak.lifecycle.failures import give_up, in_words, story_of
from daybreak.lifecycle.finishing import live
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.state import Experiment, State, mark, touch

MOST_NAMED = 3  # files
NOT_ITS_CODE = frozenset({"sampler", "internal", "exit"})  # kinds that say by themselves what cannot be done


def prepare(state: State, exp: Experiment) -> None:
    """Have every machine get ready for it."""
    exp.prepared.clear()
    state.out.append(Prepare(exp.number, exp.spec_data))


def prepare_on(state: State, machine: str) -> None:
    """A machine's agent has just begun: nothing is prepared there any more."""
    for exp in state.active.values():
        exp.prepared.pop(machine, None)
        state.out.append(Prepare(exp.number, exp.spec_data))


def prepared(state: State, exp: Experiment, event: Prepared) -> bool:
    """From now on it may be given slots on that machine. False when it is over."""
    if exp.over:
        return False
    exp.prepared[event.machine] = exp.preparation = event
    if event.how in ("bare_fork", "spawn"):
        notify(state, exp, "info", f"attempts start more slowly than they could ({event.how}): {event.why}", once="how")
    touch(state, exp)
    return True


def code_changed(state: State, exp: Experiment, event: CodeChanged) -> bool:
    """Say once that its trials do not use the new code, and how to. False when it is over."""
    if exp.over:
        return False
    rest = len(event.files) - MOST_NAMED
    files = ", ".join(event.files[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    text = f"{files} changed since the experiment began; its trials go on with the code they began with"
    notify(
        state,
        exp,
        "info",
        f"{text}. For a search with the new code: daybreak resume {exp.number} --new-code",
        once="code",
    )
    touch(state, exp)
    return True


def data_changed(state: State, exp: Experiment, event: DataChanged) -> bool:
    """Say once for each dataset; also when the experiment is over, for its end is when data is looked at again."""
    rest = event.count - min(len(event.files), MOST_NAMED)
    files = ", ".join(event.files[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    text = f"data `{event.name}` changed since the experiment was handed in ({files}): its trials may have read different data"
    advice = f"What differs: daybreak data verify {exp.number}; `snapshot: true` would have kept the bytes"
    notify(state, exp, "warning", f"{text}. {advice}", once=f"data {event.name}")
    mark(state, exp)
    return True


def prepare_failed(state: State, exp: Experiment, event: PrepareFailed) -> bool:
    """Nothing of it can run: its code cannot be imported, its command cannot be started, no point can be drawn."""
    if exp.over:
        return False
    failure = event.failure
    run = exp.spec.run if isinstance(exp.spec.run, str) else " ".join(exp.spec.run)
    why = in_words(failure)
    if failure.kind not in NOT_ITS_CODE:
        why = f"{run} cannot be loaded: {why}"
    if story := story_of(failure):
        notify(state, exp, "error", f"{why}{story}", once=f"prepare:{failure.fingerprint or why}")
    give_up(state, exp, why)
    for attempt in live(state, exp):
        kill(state, attempt, "nothing of the experiment can run")
    return True

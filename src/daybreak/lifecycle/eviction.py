"""Room on the disk: what an experiment's `disk_cap` takes, the least missed first.

First spare copies of trials that rest: the checkpoint before the latest, and of a frozen trial the best one, since it goes on from
its latest. Then all of a trial's: frozen trials before finished ones, low ranks first. Those of the best `keep_best` trials, what is
pinned, and what a fork starts from stay, whatever the cap says.
"""

from heapq import heappop, heappush

from daybreak.lifecycle.checkpoints import drop, elect, let_go
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.ranking import leaders
from daybreak.lifecycle.state import Experiment, State, Trial, touch_trial

DISK_CAP = 20 * 2**30  # bytes, where the spec says nothing


def may_evict(exp: Experiment, trial: Trial) -> None:
    """From now on its checkpoints may be taken for room."""
    if trial.latest is not None:
        _offer(exp, trial, whole=False)


def keep_under_cap(state: State, exp: Experiment) -> None:
    """Take checkpoints of resting trials, the least missed first, never those of the best trials, until the cap holds."""
    cap = exp.spec.disk_cap if exp.spec.disk_cap is not None else DISK_CAP
    if exp.disk <= cap:
        return
    best = leaders(exp, exp.spec.keep_best)
    spared = []
    while exp.disk > cap and exp.evictable:
        entry = heappop(exp.evictable)
        whole, finished, *_, number = entry
        trial = exp.trials[number]
        if not _resting(trial, finished):
            continue
        if trial in best:
            spared.append(entry)
        elif whole:
            let_go(state, exp, trial)
            exp.evicted += 1
        else:
            _thin_out(state, exp, trial)
            _offer(exp, trial, whole=True)
    for entry in spared:
        heappush(exp.evictable, entry)
    if exp.disk > cap:
        text = f"checkpoints take {exp.disk} bytes, above disk_cap = {cap}: all of them are in use, pinned or the best trial's"
        notify(state, exp, "warning", f"{text}; raise disk_cap or run fewer trials at once", once="disk_cap")


def _offer(exp: Experiment, trial: Trial, *, whole: bool) -> None:
    stands = trial.rungs[-1][0] if trial.rungs else 0
    heappush(exp.evictable, (whole, trial.state == "finished", stands, -trial.loss, trial.number))


def _thin_out(state: State, exp: Experiment, trial: Trial) -> None:
    """Leave what it goes on from, and of a finished trial its best."""
    before, trial.previous = trial.previous, None
    drop(state, exp, before)
    if trial.state == "frozen" and trial.top is not trial.latest:
        top, trial.top = trial.top, None
        drop(state, exp, top)
        elect(state, exp, trial)
    touch_trial(state, exp, trial)


def _resting(trial: Trial, finished: bool) -> bool:
    held = trial.latest is not None and not trial.latest.in_process
    if trial.pinned is not None and trial.state == "frozen":  # what comes of its clones must not depend on the disk
        return False
    return held and trial.live is None and trial.state == ("finished" if finished else "frozen")

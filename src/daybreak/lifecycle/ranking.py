"""Who is best: a heap of scores whose outdated entries are dropped when they come up.

Nothing else may look at the heap: what lies on top depends on when somebody last asked.
"""

from heapq import heappop, heappush
from math import inf

from daybreak.lifecycle.state import Experiment, Trial


def best(exp: Experiment) -> Trial | None:
    """The trial with the best score that did not fail; of equals the first. None before any has a score."""
    while exp.ranking:
        loss, number = exp.ranking[0]
        trial = exp.trials[number]
        if trial.loss == loss and loss < inf and trial.state != "failed":
            return trial
        heappop(exp.ranking)
    return None


def leaders(exp: Experiment, count: int) -> list[Trial]:
    """The best `count` trials, best first."""
    found: list[Trial] = []
    seen = []
    while len(found) < count and (trial := best(exp)) is not None:
        seen.append(heappop(exp.ranking))
        if trial not in found:
            found.append(trial)
    for entry in seen:
        heappush(exp.ranking, entry)
    return found

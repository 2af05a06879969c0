"""A bare driver for tests that show what a method does: one slot or several, losses by trial or by trial and units."""

from daybreak.search.registry import make_searcher
from daybreak.search.searcher import Clone, GoOn
from daybreak.spec.models import Budget, Experiment, Objective, Search


def experiment(objectives=1, budget=None, space=None, seed=0, **search):
    return Experiment(
        name="t",
        run="a:b",
        space=space or {},
        seed=seed,
        objectives=tuple(Objective(metric=f"m{i}", direction="minimize") for i in range(objectives)),
        search=Search(**search),
        budget=Budget(**(budget or {})),
    )


def searcher(**search):
    return make_searcher(experiment(**search))


def as_losses(value):
    return value if isinstance(value, tuple) else (float(value),)


def drive(searcher, loss, added=0):
    """One slot, trial after trial, until nothing is wished for. Returns {trial: [units it reported at, ...]}.

    `added`: trials that are there already.
    """
    lengths = {}
    while True:
        wish = searcher.peek()
        if wish is None:
            if searcher.room() == 0:
                return lengths
            added += 1
            searcher.added(added, {})
            continue
        searcher.taken(wish)
        to = wish.to
        while to is not None:
            lengths.setdefault(wish.trial, []).append(to)
            decision = searcher.reported(wish.trial, to, as_losses(loss(wish.trial, to)))
            to = decision.to if isinstance(decision, GoOn | Clone) else None


def run_to(searcher, trial, to, loss):
    """Add a trial if it is new, take its wish, report at `to`."""
    wish = searcher.peek()
    if wish is None or wish.trial != trial:
        searcher.added(trial, {})
        wish = searcher.peek()
    assert (wish.trial, wish.to) == (trial, to)
    searcher.taken(wish)
    return searcher.reported(trial, to, as_losses(loss))


def ends(lengths):
    """{units: trials that ended there}."""
    counts = {}
    for reached in lengths.values():
        counts[reached[-1]] = counts.get(reached[-1], 0) + 1
    return dict(sorted(counts.items()))

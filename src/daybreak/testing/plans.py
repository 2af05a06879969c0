"""Hypothesis strategies for random histories: experiments of any kind, and the plans of what happens to them."""

from hypothesis import strategies as st

from daybreak.spec.domains import Uniform
from daybreak.spec.models import Baseline, Budget, Confirm, Experiment, Objective, Resources, Retry, Search
from daybreak.testing.histories import METRIC, Plan

SEARCHES = st.one_of(
    st.builds(
        Search, method=st.just("asha"), max_units=st.sampled_from([1, 4, 9, 27]), guard=st.sampled_from([0, 0.1])
    ),
    st.builds(Search, method=st.just("asha"), max_concurrent=st.sampled_from([1, 3, None])),
    st.builds(
        Search, method=st.sampled_from(["random", "asha_stopping", "hyperband"]), max_units=st.sampled_from([3, 9])
    ),
    st.builds(Search, method=st.just("pbt"), max_units=st.just(8), population=st.just(4), perturb_every=st.just(2)),
)

BUDGETS = st.one_of(
    st.builds(Budget, trials=st.integers(1, 25)),
    st.builds(Budget, units=st.integers(3, 150)),
    st.builds(Budget, slot_hours=st.floats(0.01, 0.2)),
    st.builds(Budget, wall=st.floats(5.0, 300.0)),
    st.builds(Budget, money=st.floats(0.1, 1.0), price_per_slot_hour=st.just(4.0), trials=st.just(30)),
)


@st.composite
def specs(draw: st.DrawFn) -> Experiment:
    """A small experiment of any kind."""
    slots = draw(st.sampled_from([1, 1, 1, 2]))
    return Experiment(
        name=draw(st.sampled_from(["digits", "spam"])),
        run="train:main",
        space={"lr": Uniform(low=0, high=1)},
        objectives=(Objective(metric=METRIC),),
        score=draw(st.sampled_from(["best", "last"])),
        search=draw(SEARCHES),
        budget=draw(BUDGETS),
        resources=Resources(slots=slots),
        retry=Retry(attempts=draw(st.integers(0, 2))),
        points=draw(st.sampled_from([(), ({"lr": 0.25},)])),
        baseline=draw(st.sampled_from([None, Baseline(value=0.1), Baseline(run="train:guess")])),
        confirm=draw(st.sampled_from([None, Confirm(top=2, seeds=3)])),
        keep_best=draw(st.sampled_from([1, 1, 3])),
        disk_cap=draw(st.sampled_from([None, 30, 60])),
        max_slots=draw(st.sampled_from([None, slots, 2 * slots])),
        priority=draw(st.integers(0, 2)),
        seed=draw(st.integers(0, 3)),
    )


@st.composite
def repeatable_specs(draw: st.DrawFn) -> Experiment:
    """A small deterministic experiment: its user code never fails by itself."""
    spec = draw(specs())
    search = spec.search.model_copy(update={"max_concurrent": draw(st.integers(1, 6))})
    budget = draw(
        st.one_of(st.builds(Budget, trials=st.integers(1, 25)), st.builds(Budget, units=st.integers(27, 150)))
    )
    retry = Retry(attempts=10_000)
    return spec.model_copy(update={"deterministic": True, "search": search, "budget": budget, "retry": retry})


@st.composite
def plans(draw: st.DrawFn, *, troubled: bool = True) -> Plan:
    """A whole history: one to three experiments on one to three machines."""
    return Plan(
        specs=tuple(draw(st.lists(specs(), min_size=1, max_size=3))),
        machines=tuple(draw(st.lists(st.integers(2, 4), min_size=1, max_size=3))),
        seed=draw(st.integers(0, 10_000)),
        faults=draw(st.sampled_from([0.05, 0.2, 0.4])) if troubled else 0.0,
        troubled=draw(st.integers(0, 150)) if troubled else 0,
        natural_end=draw(st.sampled_from([5, 40])),
        pins=draw(st.sampled_from([0.0, 0.1])),
        looks=draw(st.sampled_from([0.0, 0.1])),
        contents=draw(st.sampled_from([None, None, 1, 2])),
    )

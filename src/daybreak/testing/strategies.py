"""Hypothesis strategies of valid things: domains, spaces, experiments.

They draw what users could write, corners included: one-valued ranges, conditions, nested names, text that YAML would read as
something else. Everything drawn passes `spec.loading` and loads back to an equal value.
"""

import keyword
from functools import cache
from typing import Any

from hypothesis import strategies as st

from daybreak.spec.domains import Choice, Constant, Domain, Int, Log, Uniform
from daybreak.spec.models import (
    SAMPLERS,
    Baseline,
    Budget,
    Confirm,
    Experiment,
    Objective,
    Resources,
    Retry,
    Search,
)

METRICS = ("accuracy", "loss", "val.f1", "words/s")
LARGE = 1e12


@cache
def scalars() -> st.SearchStrategy[Any]:
    """Numbers, booleans and text, with text that looks like something else."""
    odd = st.sampled_from(
        ["1e-4", "true", "null", "~", "16", "0x10", "on", "", " a", "a: b", "#", "é", "'q'", "{x}", "[1", "1_0"]
    )
    return st.one_of(st.booleans(), st.integers(-(10**9), 10**9), _floats(-LARGE, LARGE), st.text(max_size=8), odd)


@cache
def _floats(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


@cache
def names() -> st.SearchStrategy[str]:
    """Names of hyperparameters, some dotted."""
    words = st.sampled_from(
        ["lr", "log", "int", "when", "kind", "count", "lambda", "points"]
    )  # most mean something in a file
    part = st.text("abcxyz_", min_size=1, max_size=4) | words
    return st.one_of(part, st.builds("{}.{}".format, part, part))


@st.composite
def domains(draw: st.DrawFn, when: str | None = None) -> Domain:
    """Any domain with sound bounds."""
    kind = draw(st.sampled_from(["uniform", "log", "int", "choice", "constant"]))
    count = draw(st.none() | st.integers(1, 5))
    if kind == "choice":
        options = draw(st.lists(scalars(), min_size=1, max_size=4, unique_by=lambda value: (type(value), repr(value))))
        return Choice(options=tuple(options), when=when, count=count)
    if kind == "constant":
        return Constant(value=draw(scalars() | st.none()), when=when, count=count)
    if kind == "int":
        first, log = draw(st.integers(1, 100)), draw(st.booleans())
        last = first + draw(st.integers(0, 100))
        return Int(low=first, high=last, log=log, step=1 if log else draw(st.integers(1, 5)), when=when, count=count)
    low = draw(_floats(1e-6, 1.0))
    high = low * draw(_floats(1.0, 1e4))
    if kind == "log":
        return Log(low=low, high=high, when=when, count=count)
    return Uniform(low=-low, high=high, step=draw(st.none() | _floats(0.01, 1.0)), when=when, count=count)


@st.composite
def spaces(draw: st.DrawFn, max_size: int = 5) -> dict[str, Domain]:
    """Some named domains; later ones may depend on earlier ones of numbers or text."""
    space: dict[str, Domain] = {}
    wanted: st.SearchStrategy[list[str]] = st.lists(names(), max_size=max_size, unique=True)
    for name in draw(wanted):
        if any(name.startswith(f"{other}.") or other.startswith(f"{name}.") for other in space):
            continue  # a value and a group at once
        before = [other for other in space if not _is_python_word(other)]
        conditions = st.builds("{} != {}".format, st.sampled_from(before), st.integers(0, 3)) if before else st.none()
        space[name] = draw(domains(when=draw(st.none() | conditions)))
    return space


def _is_python_word(name: str) -> bool:
    return any(keyword.iskeyword(part) for part in name.split("."))


# Made once: building a strategy costs more than drawing from it.
_METHODS = st.sampled_from(["single", "random", "asha", "asha_stopping", "adaptive_asha", "hyperband", "pbt"])
_SAMPLERS = st.sampled_from([name for name in SAMPLERS if name != "cmaes"])
_OPTIONS = st.dictionaries(st.text(max_size=5), scalars(), max_size=2)
_SEARCH = st.fixed_dictionaries(
    {
        "method": _METHODS,
        "sampler": _SAMPLERS,
        "reduction": st.integers(2, 5),
        "max_rungs": st.integers(1, 8),
        "max_trials": st.none() | st.integers(1, 100),
        "guard": _floats(0.0, 0.5),
        "options": _OPTIONS,
    }
)
_RESOURCES = st.builds(Resources, slots=st.integers(1, 8), memory=st.none() | st.integers(1, 2**40))
_RETRY = st.builds(Retry, attempts=st.integers(0, 3), stalled_after=st.none() | _floats(1.0, 1e4))
_CONFIRM = st.builds(Confirm, top=st.integers(1, 5), seeds=st.integers(1, 5))
_BASELINE = st.builds(Baseline, value=_floats(-1, 1)) | st.just(Baseline(run=("python", "base.py")))
_OBJECTIVES = st.lists(
    st.builds(Objective, metric=st.sampled_from(METRICS), direction=st.sampled_from(["maximize", "minimize"])),
    min_size=1,
    max_size=2,
    unique_by=lambda objective: objective.metric,
)
_REST = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["digits", "Spoken digits", "a/b", "été", "1e-4", "null"]),
        "folder": st.sampled_from(["/", "/home/me/my code"]),
        "objectives": _OBJECTIVES.map(tuple),
        "score": st.sampled_from(["best", "last"]),
        "metrics": st.none() | st.just(r"acc: (?P<accuracy>\S+)"),
        "resources": _RESOURCES,
        "retry": _RETRY,
        "baseline": st.none() | _BASELINE,
        "confirm": st.none() | _CONFIRM,
        "checkpoint_every": _floats(0.0, 4096.0),
        "priority": st.integers(-5, 5),
        "environment": st.dictionaries(st.sampled_from(["LANG", "A_B", "x"]), st.text(max_size=6), max_size=2),
        "seed": st.integers(0, 2**63),
    }
)
_WALL = st.none() | _floats(1.0, 1e6)


@st.composite
def searches(draw: st.DrawFn) -> Search:
    """Settings of a built-in method."""
    max_units = draw(st.integers(1, 1000))
    min_units = draw(st.none() | st.integers(1, max_units))
    return Search(max_units=max_units, min_units=min_units, **draw(_SEARCH))


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """A whole, valid experiment."""
    space, search = draw(spaces()), draw(searches())
    command = ("python", "train.py", *(f"--{name}={{{name}}}" for name in space))
    units = draw(st.none() | st.integers(search.max_units or 1, 10**6))
    return Experiment(
        run=draw(st.sampled_from(["train:main", "pkg.train:Model.fit", command])),
        space=space,
        search=search,
        budget=Budget(wall=draw(_WALL), units=units),
        **draw(_REST),
    )

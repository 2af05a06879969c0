"""Samplers by name: our own, Optuna's behind an adapter, and anybody's by entry point.

A package registers a factory `(Experiment) -> Sampler` under the entry point group `daybreak.samplers`, and proves it with
`daybreak.testing.sampler_contract`.
"""

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points

from daybreak.base.errors import UsageError
from daybreak.search.searcher import Sampler
from daybreak.spec.models import Experiment

GROUP = "daybreak.samplers"

Factory = Callable[[Experiment], Sampler]


# Imported when one is made: NumPy costs the controller 0.1 s before it listens, Optuna half a second.
BUILT_IN = {
    "random": "random:RandomSampler",
    "sobol": "sobol:SobolSampler",
    "grid": "grid:GridSampler",
    "density": "density:DensitySampler",
    "tpe": "optuna_adapter:make",
    "cmaes": "optuna_adapter:make",
    "nsga2": "optuna_adapter:make",
}


def make_sampler(spec: Experiment) -> Sampler:
    """The sampler that `spec.search.sampler` names; method `grid` always walks its grid.

    Raises `UsageError` for an unknown name, a space the sampler cannot work on, and an optional package that is missing.
    """
    name = "grid" if spec.search.method == "grid" else spec.search.sampler
    return (_built_in(name) if name in BUILT_IN else _registered(name))(spec)


def sampler_names() -> tuple[str, ...]:
    """Every sampler that can be named: built-in ones first (`gp` is made by `bootstrap.aside`)."""
    return (*BUILT_IN, "gp", *sorted(entry.name for entry in entry_points(group=GROUP)))


def _built_in(name: str) -> Factory:
    module, _, factory = BUILT_IN[name].partition(":")
    made: Factory = getattr(import_module(f"daybreak.search.samplers.{module}"), factory)
    return made


def _registered(name: str) -> Factory:
    for entry in entry_points(group=GROUP, name=name):
        factory: Factory = entry.load()
        return factory
    if name == "gp":
        raise UsageError(
            "search.sampler gp imports torch and runs in a process of its own: make it with bootstrap.aside"
        )
    names = sampler_names()
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
    raise UsageError(f"search.sampler must name a sampler, got {name!r}; {hint}")

"""Samplers by name: our own, Optuna's behind an adapter, and anybody's by entry point.

A package registers a factory `(Experiment) -> Sampler` under the entry point group `daybreak.samplers`, and proves it with
`daybreak.testing.sampler_contract`.
"""

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import entry_points

from daybreak.base.errors import UsageError
from daybreak.search.samplers.density import DensitySampler
from daybreak.search.samplers.grid import GridSampler
from daybreak.search.samplers.random import RandomSampler
from daybreak.search.samplers.sobol import SobolSampler
from daybreak.search.searcher import Sampler
from daybreak.spec.models import Experiment

GROUP = "daybreak.samplers"

Factory = Callable[[Experiment], Sampler]


def _optuna(spec: Experiment) -> Sampler:
    from daybreak.search.samplers.optuna_adapter import OptunaSampler  # noqa: PLC0415 (half a second of imports)

    return OptunaSampler(spec, spec.search.sampler)


BUILT_IN: dict[str, Factory] = {
    "random": RandomSampler,
    "sobol": SobolSampler,
    "grid": GridSampler,
    "density": DensitySampler,
    "tpe": _optuna,
    "cmaes": _optuna,
    "nsga2": _optuna,
}


def make_sampler(spec: Experiment) -> Sampler:
    """The sampler that `spec.search.sampler` names; method `grid` always walks its grid.

    Raises `UsageError` for an unknown name, a space the sampler cannot work on, and an optional package that is missing.
    """
    name = "grid" if spec.search.method == "grid" else spec.search.sampler
    return (BUILT_IN.get(name) or _registered(name))(spec)


def sampler_names() -> tuple[str, ...]:
    """Every sampler that can be named here: built-in ones first."""
    return (*BUILT_IN, *sorted(entry.name for entry in entry_points(group=GROUP)))


def _registered(name: str) -> Factory:
    for entry in entry_points(group=GROUP, name=name):
        factory: Factory = entry.load()
        return factory
    if name == "gp":
        raise UsageError(
            "search.sampler gp is not offered: Optuna's GP imports torch into the controller; take density, tpe or cmaes"
        )
    names = sampler_names()
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
    raise UsageError(f"search.sampler must name a sampler, got {name!r}; {hint}")

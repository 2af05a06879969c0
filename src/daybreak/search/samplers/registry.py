"""Samplers by name: our own, Optuna's behind adapters, and anybody's by entry point."""

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import entry_points

from daybreak.base.errors import UsageError
from daybreak.search.searcher import Sampler
from daybreak.spec.models import Experiment

ENTRY_POINTS = "daybreak.samplers"  # group; each loads to a factory `(Experiment) -> Sampler`


def _random(spec: Experiment) -> Sampler:
    from daybreak.search.samplers.random import RandomSampler  # noqa: PLC0415 (as below)

    return RandomSampler(spec)


def _grid(spec: Experiment) -> Sampler:
    from daybreak.search.samplers.grid import GridSampler  # noqa: PLC0415 (as below)

    return GridSampler(spec)


def _density(spec: Experiment) -> Sampler:
    """Made when it is wanted: NumPy costs a controller 120 ms before it listens."""
    from daybreak.search.samplers.density import DensitySampler  # noqa: PLC0415

    return DensitySampler(spec)


_OURS: dict[str, Callable[[Experiment], Sampler]] = {"random": _random, "grid": _grid, "density": _density}


def make_sampler(spec: Experiment) -> Sampler:
    """The sampler that `spec.search.sampler` names; method `grid` always walks its grid.

    Raises `UsageError` for an unknown name and for a space the sampler cannot work on.
    """
    name = "grid" if spec.search.method == "grid" else spec.search.sampler
    if name in _OURS:
        return _OURS[name](spec)
    for found in entry_points(group=ENTRY_POINTS, name=name):
        sampler: Sampler = found.load()(spec)
        return sampler
    raise UsageError(_unknown(name))


def _unknown(name: str) -> str:
    known = sorted({*_OURS, *(found.name for found in entry_points(group=ENTRY_POINTS))})
    near = get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"a sampler must be one of {', '.join(known)}, got {name!r}{hint}"

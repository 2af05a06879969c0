"""Search methods by name: the built-in ones, and those that installed packages register.

A package registers a factory `(SearchContext) -> Searcher` under the entry point group `daybreak.searchers`.
"""

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import entry_points

from daybreak.base.errors import UsageError
from daybreak.search.methods.asha import adaptive_asha, asha, asha_stopping
from daybreak.search.methods.hyperband import Hyperband
from daybreak.search.methods.pbt import Pbt
from daybreak.search.methods.straight import Straight
from daybreak.search.searcher import SearchContext, Searcher
from daybreak.spec.models import Experiment

GROUP = "daybreak.searchers"

Factory = Callable[[SearchContext], Searcher]

BUILT_IN: dict[str, Factory] = {
    "single": lambda context: Straight(context, limit=1),
    "random": Straight,
    "grid": Straight,
    "asha": asha,
    "asha_stopping": asha_stopping,
    "adaptive_asha": adaptive_asha,
    "hyperband": Hyperband,
    "pbt": Pbt,
}


def make_searcher(spec: Experiment) -> Searcher:
    """The searcher that `spec.search.method` names. Raises `UsageError` for a name that nobody registered."""
    name = spec.search.method
    return (BUILT_IN.get(name) or _registered(name))(SearchContext(spec))


def method_names() -> tuple[str, ...]:
    """Every method that can be named here: built-in ones first."""
    return (*BUILT_IN, *sorted(entry.name for entry in entry_points(group=GROUP)))


def _registered(name: str) -> Factory:
    for entry in entry_points(group=GROUP, name=name):
        factory: Factory = entry.load()
        return factory
    names = method_names()
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
    raise UsageError(f"search.method must name a search method, got {name!r}; {hint}")

"""A searcher behind a guard: one that raises fails its experiment with its own words, and never the controller.

Custom searchers are other people's code. After a fault the searcher is asked nothing more.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from daybreak.search.searcher import Costs, Decision, Losses, Rest, Searcher, SearchView, Wish
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment as Spec

T = TypeVar("T")


class Guarded:
    """Fits `Searcher`; `fault` is what went wrong, in words, or ""."""

    __slots__ = ("_inner", "fault")

    def __init__(self, inner: Searcher) -> None:
        self._inner = inner
        self.fault = ""

    def _call(self, default: T, method: str, *arguments: Any) -> T:
        if self.fault:
            return default
        try:
            call: Callable[..., T] = getattr(self._inner, method)
            return call(*arguments)
        except Exception as error:  # noqa: BLE001 (whatever somebody's code raises)
            self.fault = f"{type(self._inner).__name__}.{method} raised {type(error).__name__}: {error}"
            return default

    def room(self) -> int:
        """None after a fault."""
        return self._call(0, "room")

    def added(self, trial: int, point: Point) -> None:
        """See `Searcher`."""
        self._call(None, "added", trial, point)

    def peek(self) -> Wish | None:
        """No wish after a fault."""
        return self._call(None, "peek")

    def taken(self, wish: Wish) -> None:
        """See `Searcher`."""
        self._call(None, "taken", wish)

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """Rest after a fault."""
        return self._call(Rest("the search method failed"), "reported", trial, units, losses)

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """See `Searcher`."""
        self._call(None, "ended", trial, units, losses, failed)

    def learnt(self, horizon: int | None, costs: Costs) -> None:
        """See `Searcher`."""
        self._call(None, "learnt", horizon, costs)

    def close(self, best: int | None) -> None:
        """See `Searcher`."""
        self._call(None, "close", best)

    def view(self) -> SearchView:
        """Empty after a fault."""
        return self._call(SearchView(), "view")

    def exhausted(self) -> None:
        """No further point will come. Optional: synchronous methods want to know that a bracket stays small."""
        if hasattr(self._inner, "exhausted"):
            self._call(None, "exhausted")

    def extend(self, spec: Spec) -> bool:
        """Limits were raised. Optional: False for a searcher that cannot, which goes on as it is."""
        if hasattr(self._inner, "extend"):
            self._call(None, "extend", spec)
        return hasattr(self._inner, "extend")

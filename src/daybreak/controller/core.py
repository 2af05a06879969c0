"""The pure core as the loop sees it: the functions of `lifecycle`, passed in so that the loop can be tested alone."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.commands import AnyCommand
from daybreak.lifecycle.events import AnyEvent
from daybreak.search.searcher import Losses
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment
from daybreak.wire.api import Keeping, Status
from daybreak.wire.rows import AnyRow

State = Any  # lifecycle's own; the loop only hands it back
Observation = tuple[int, Point, int, Losses]  # trial, its point, units, losses there


class Core(Protocol):
    """What `daybreak.lifecycle` offers; a module fits."""

    def new_state(self) -> State:
        """Nothing has happened yet."""

    def step(self, state: State, at: float, event: AnyEvent) -> Sequence[AnyCommand]:
        """Apply one event, in place; what is to be done now."""

    def outstanding(self, state: State) -> Sequence[AnyCommand]:
        """Orders not answered yet, to be sent (again) after a restart."""

    def lost_attempts(self, state: State, alive: Collection[AttemptKey]) -> Sequence[AnyEvent]:
        """An end for every attempt that should be alive and is not."""

    def spec(self, state: State, experiment: int) -> Experiment:
        """The resolved spec, as extended since. Raises `NotFound`."""

    def observations(self, state: State, experiment: int) -> Sequence[Observation]:
        """What a sampler may learn from, in the order it came; it only grows. Raises `NotFound`."""

    def pending_points(self, state: State, experiment: int) -> dict[int, Point]:
        """The points that are being trained or wait to be, by trial; the caller's own."""

    def take_touched(self, state: State) -> Any:
        """What changed since this was asked last."""

    def rows(self, state: State, touched: Any) -> Sequence[AnyRow]:
        """Rows of the read tables for what was touched."""

    def status(self, state: State, experiment: int, at: float) -> Status:
        """A live view. Raises `NotFound`."""

    def keeping(self, state: State, experiment: int, deleted: frozenset[str]) -> Keeping:
        """Which checkpoints are kept, and why; of the digests `deleted`, those that somebody keeps. Raises `NotFound`."""

    def family(self, state: State, experiment: int) -> str:
        """The name under which its looks at sealed test data are counted. Raises `NotFound`."""

    def check(self, state: State) -> None:
        """Raises `InvariantBroken`."""

"""Answers `Propose`: one sampler per experiment, told what the trials reported, asked for the next points.

What is drawn becomes a `Proposed` event; a replay reads the event and never draws again. Samplers that answer in microseconds
are asked on the loop; the others live on the drawing thread, where they are made, told and asked in the order of the log.
"""

import traceback
from collections.abc import Callable, Sequence

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.controller.brain import Brain
from daybreak.controller.core import Core, Observation
from daybreak.controller.drawing import DrawingThread, Result
from daybreak.lifecycle.commands import Propose
from daybreak.lifecycle.events import AnyEvent, PrepareFailed, Proposed
from daybreak.ports.reactor import Reactor
from daybreak.search.searcher import Sampler
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment
from daybreak.wire.worker import Failure

FAST = frozenset({"random", "sobol", "density"})
SamplerFactory = Callable[[Experiment], Sampler]


class Desk:
    """One experiment's sampler, with what it has yet to be told. A method's own fault ends the experiment, not the loop."""

    def __init__(self, spec: Experiment, make: SamplerFactory) -> None:
        self.spec = spec
        self._make = make
        self._sampler: Sampler | None = None
        self.told = 0  # observations it was told, or that are on their way to it
        self.fast = spec.search.sampler in FAST or spec.search.method == "grid"

    def draw(self, order: Propose, news: Sequence[Observation], pending: dict[int, Point]) -> AnyEvent:
        """Tell the news, then draw `count` points; the event that answers the order."""
        try:
            points, exhausted = self._draw(order, news, pending)
            msgspec.msgpack.encode(points)  # what cannot be logged is the sampler's fault too, and found here
        except Exception as error:  # noqa: BLE001 (samplers may be anybody's code)
            return PrepareFailed(order.experiment, self._failure(error))
        return Proposed(order.experiment, order.request, tuple(points), self.spec.search.sampler, exhausted)

    def _failure(self, error: Exception) -> Failure:
        """What is wrong with the space or the choice says so itself; anything else is a fault in the sampler's code."""
        if isinstance(error, DaybreakError):
            return Failure(kind="sampler", message=str(error))
        its_own = error.__traceback__
        while its_own is not None and its_own.tb_frame.f_code.co_filename == __file__:
            its_own = its_own.tb_next
        tail = "".join(traceback.format_exception(type(error), error, its_own)[-6:])
        message = f"sampler {self.spec.search.sampler!r} failed: {type(error).__name__}: {error}"
        return Failure(kind="sampler", message=message, tail=tail)

    def _draw(self, order: Propose, news: Sequence[Observation], pending: dict[int, Point]) -> tuple[list[Point], bool]:
        if self._sampler is None:
            self._sampler = self._make(self.spec)
        for observation in news:
            self._sampler.tell(*observation)
        points: list[Point] = []
        for trial in range(order.first, order.first + order.count):
            point = self._sampler.ask(trial, pending)
            if point is None:
                return points, True
            points.append(point)
            pending[trial] = point
        return points, False


class Proposals:
    """All experiments' samplers. `inline` asks slow ones on the loop too, as a simulation must: decision time is no time there."""

    def __init__(
        self, core: Core, brain: Brain, reactor: Reactor, make: SamplerFactory, *, inline: bool = False
    ) -> None:
        self._core = core
        self._brain = brain
        self._reactor = reactor
        self._make = make
        self._inline = inline
        self._desks: dict[int, Desk] = {}
        self._thread: DrawingThread | None = None

    def propose(self, order: Propose) -> None:
        """Draw, now or on the drawing thread, and post the answer."""
        state = self._brain.state
        desk = self._desks.get(order.experiment)
        if desk is None:
            desk = self._desks[order.experiment] = Desk(self._core.spec(state, order.experiment), self._make)
        news = self._core.observations(state, order.experiment)[desk.told :]
        desk.told += len(news)
        pending = self._core.pending_points(state, order.experiment)
        if self._inline or desk.fast:
            self._reactor.post(desk.draw(order, news, pending))
        else:
            self._put_on_thread(desk, order, news, pending)

    def forget(self, experiment: int) -> None:
        """No further point will be wanted for now; the sampler is made and told again when one is."""
        self._desks.pop(experiment, None)

    def close(self) -> None:
        """Draw no more."""
        if self._thread is not None:
            self._thread.close()

    def _put_on_thread(
        self, desk: Desk, order: Propose, news: Sequence[Observation], pending: dict[int, Point]
    ) -> None:
        if self._thread is None:
            self._thread = DrawingThread(self._reactor)

        def job() -> Result:
            event = desk.draw(order, news, pending)
            return lambda: self._reactor.post(event)

        self._thread.submit(job)

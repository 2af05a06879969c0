"""In a replica: each request that a split dealt becomes one small event, so that its supervisor can fold the test."""

import asyncio
import logging

from daybreak.serving.calls import Batch, Call
from daybreak.serving.engine import Engine
from daybreak.serving.events import Dealt, Writer
from daybreak.serving.experiment.marking import Marks
from daybreak.serving.experiment.mirroring import Mirroring

FLUSH = 0.25  # seconds in which events are gathered

_log = logging.getLogger("daybreak.serving")


async def attach(engine: Engine, replica: int) -> None:  # noqa: ARG001 (what stands beside a replica is told its number)
    """Begin to observe, to mark and to mirror in a replica."""
    engine.watch(Marks(engine.folder))
    engine.observers += (Observing(engine.events), Mirroring(engine))


class Observing:
    """An observer of batches (`serving.calls.Observer`)."""

    def __init__(self, events: Writer) -> None:
        self._events = events
        self._asked = False

    def answered(self, batch: Batch) -> None:
        """Calls of one batch, also those whose client hung up: it was dealt, and waited.

        The loop's clock stands still within a turn, so a call that was answered in the turn in which it came took the model's time.
        """
        for call in batch.calls:
            if call.deal and call.refusal is None:
                seconds = max(batch.now - call.arrived, batch.seconds)
                self._tell(call, batch.arm.served.arm, batch.at, seconds, failed=False)

    def refused(self, call: Call) -> None:
        """A call that an arm took and did not answer: whatever it says, the signature had taken the row, and another arm might.

        One whose client hung up is no failure of the arm's, but it was dealt and waited so long at least, as those that are answered
        after that.
        """
        if call.deal and call.arm is not None:
            failed = call.refusal is None or call.refusal.code != "gone"
            self._tell(call, call.arm.served.arm, call.at, call.at_end - call.arrived, failed=failed)

    def _tell(self, call: Call, arm: str, at: float, seconds: float, *, failed: bool) -> None:
        self._events.add(Dealt(at, arm, call.deal, seconds, failed))
        if not self._asked:
            self._asked = True
            asyncio.get_running_loop().call_later(FLUSH, self._flush)

    def _flush(self) -> None:
        self._asked = False
        try:
            self._events.flush()
        except OSError:
            _log.exception("what was answered could not be written; it is tried again with the next request")

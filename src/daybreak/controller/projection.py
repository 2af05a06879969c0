"""Keeps the read tables up with the state: rows of what was touched, a few times a second and before they are read."""

from daybreak.base.errors import LedgerError
from daybreak.controller.brain import Brain, Fault
from daybreak.controller.core import Core
from daybreak.controller.intake import Loop
from daybreak.ports.ledger import Ledger
from daybreak.wire.rows import AnyRow, ExperimentRow

EVERY = 0.2  # seconds between projections while events keep coming
_SHARE = 10  # rows may take one part in so many of the loop's time: the busier it is, the more events share a row
_FORGET = 5_000  # events after which what was touched is forgotten, where no rows are kept
_ACTIVE = frozenset({"running", "finishing"})


class Projection:
    """Writes rows, at most `every` so many seconds; None: never. They are derived, and can be rebuilt from the log."""

    def __init__(
        self, core: Core, brain: Brain, ledger: Ledger, loop: Loop, fault: Fault, every: float | None = EVERY
    ) -> None:
        self._core = core
        self._brain = brain
        self._ledger = ledger
        self._loop = loop
        self._fault = fault
        self._every = every
        self._upto = 0
        self._done = 0
        self._next = 0.0
        self._scheduled = False
        self._late: list[AnyRow] = []  # rows that could not be written yet
        self.active: set[int] = set()  # experiments that run or finish, as last projected

    def advanced(self, upto: int) -> None:
        """The state stands at entry `upto` now; see that its rows are written soon."""
        self._upto = upto
        if self._every is None:
            self._forget()
            return
        now = self._loop.now()
        if now >= self._next:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.later(self._next - now, self._due)

    def flush(self) -> None:
        """Write what was touched since the last time, now."""
        fresh = self._done != self._upto
        if self._every is None or not (fresh or self._late):
            return
        began = self._loop.now()
        rows = self._late
        if fresh:
            rows = [*rows, *self._core.rows(self._brain.state, self._core.take_touched(self._brain.state))]
        try:
            self._ledger.project(rows, self._upto)
            self._late = []
        except LedgerError as error:
            if not self._late:
                self._fault("writing the read tables; it is tried again with the next rows or reading", error)
            self._late = rows
        self._done = self._upto
        now = self._loop.now()
        self._next = now + max(self._every, _SHARE * (now - began))
        for row in rows:
            if type(row) is ExperimentRow:
                (self.active.add if row.state in _ACTIVE else self.active.discard)(row.experiment)

    @property
    def complete(self) -> bool:
        """Whether every row that was ever made could be written."""
        return not self._late

    def _forget(self) -> None:
        if self._upto - self._done >= _FORGET:
            self._core.take_touched(self._brain.state)
            self._done = self._upto

    def _due(self) -> None:
        self._scheduled = False
        self.flush()

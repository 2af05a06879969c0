"""The log stepped through the pure core, as `check` and `rebuild` need it."""

from collections.abc import Sequence
from typing import Any, Protocol

from daybreak.ledger.tables import READ_TABLES
from daybreak.lifecycle.events import AnyEvent
from daybreak.ports.ledger import Logged
from daybreak.wire.rows import AnyRow, Row, TrialRow


class Fold(Protocol):
    """What `daybreak.lifecycle` offers (the module fits); passed in so that the ledger can be proved without it."""

    def new_state(self) -> Any:
        """Nothing has happened yet."""

    def step(self, state: Any, at: float, event: AnyEvent) -> object:
        """Apply one event, in place."""

    def take_touched(self, state: Any) -> Any:
        """What changed since this was asked last."""

    def rows(self, state: Any, touched: Any) -> Sequence[AnyRow]:
        """Rows of the read tables for what was touched."""


class Folded:
    """A state grown from the log, entry by entry; `seq` is the last entry it has seen."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._state = fold.new_state()
        self._rows: dict[tuple[type[Row], tuple[object, ...]], AnyRow] = {}
        self.seq = 0

    def step(self, entry: Logged) -> None:
        """One entry more. Raises what the core raises."""
        self._fold.step(self._state, entry.at, entry.event)
        self.seq = entry.seq

    def rows(self) -> list[AnyRow]:
        """Every row there would be if the read tables stood at `seq`."""
        for row in self._fold.rows(self._state, self._fold.take_touched(self._state)):
            key = tuple(getattr(row, name) for name in READ_TABLES[type(row)].key)
            self._rows[type(row), key] = row
        return list(self._rows.values())

    def trials(self) -> set[tuple[int, int]]:
        """(experiment, trial) of every trial."""
        return {(row.experiment, row.trial) for row in self.rows() if isinstance(row, TrialRow)}

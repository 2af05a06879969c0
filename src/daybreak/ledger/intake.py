"""A commit's metric points as rows: the batches as they came, and the last value of every series among them."""

from collections.abc import Callable, Sequence
from typing import Any

from daybreak.base.errors import LedgerError
from daybreak.ledger.last import LastRow, last_rows
from daybreak.ledger.points import ascending, pack
from daybreak.ledger.statements import Statements
from daybreak.ports.ledger import PointBatch


class Intake:
    """Rows for `points`, `last_values` and `metrics`. Nothing outside is changed until the commit is known to have worked.

    `metrics` holds the metrics' numbers after this commit. Raises `LedgerError` for points that no table can hold.
    """

    def __init__(self, stored: int, metrics: dict[str, int], points: Sequence[PointBatch]) -> None:
        self.metrics = metrics
        self.stored = stored
        self._batches: list[tuple[int, int, int, int, bytes]] = []
        self._values: list[LastRow] = []
        self._names: list[tuple[int, str]] = []
        for batch in points:
            self._take(batch)

    def write(self, execute: Callable[[str, Any], object], say: Statements) -> None:
        """Insert everything."""
        if self._names:
            execute(say.metric, self._names)
        if self._batches:
            execute(say.points, self._batches)
            execute(say.last_value, self._values)

    def _take(self, batch: PointBatch) -> None:
        experiment, trial, epoch = batch.attempt
        try:
            curves = {
                self._number(name): ascending(steps, values)
                for name, (steps, values) in batch.series.items()
                if steps or values
            }
            series = pack(curves)
        except (ValueError, OverflowError, TypeError) as error:
            raise LedgerError(
                f"points are 64-bit steps with a number each, but those of {batch.attempt} are not: {error}"
            ) from error
        if curves:
            self.stored += 1
            self._batches.append((self.stored, experiment, trial, epoch, series))
            self._values += last_rows(batch.attempt, curves)

    def _number(self, name: str) -> int:
        number = self.metrics.get(name)
        if number is None:
            if not self._names:
                self.metrics = dict(self.metrics)
            number = self.metrics[name] = len(self.metrics) + 1
            self._names.append((number, name))
        return number

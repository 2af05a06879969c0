"""Reading beside the writer: read tables, last values and curves, on a connection of their own that holds nobody up."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import ColumnElement, Select, literal, select

from daybreak.base.errors import NotFound
from daybreak.base.ids import TrialKey
from daybreak.ledger.columns import Columns
from daybreak.ledger.database import Place
from daybreak.ledger.faults import told
from daybreak.ledger.points import Stored, merge
from daybreak.ledger.schema import require
from daybreak.ledger.tables import READ_TABLES, last_values, metrics, points
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, Row, TrialRow

R = TypeVar("R", bound=Row)

Query: TypeAlias = Select[*tuple[Any, ...]]
LastValues = dict[str, tuple[int, float]]  # metric -> (step, value)


class SqlReader:
    """A `ports.Reader` over SQLite or Postgres; belongs to one thread. Raises `LedgerError` when it cannot read."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._connection = place.connect_to_read()
        try:
            with told("read the ledger", str(place)):
                require(self._connection, str(place))
        except BaseException:
            self._connection.close()
            raise

    def experiments(self) -> list[ExperimentRow]:
        """All, newest first, with `spec` left empty."""
        table = READ_TABLES[ExperimentRow].table
        columns = [literal("{}") if column.name == "spec" else column for column in table.columns]
        return self._rows(ExperimentRow, select(*columns).order_by(table.c.experiment.desc()))

    def experiment(self, experiment: int) -> ExperimentRow:
        """One, with its spec. Raises `NotFound`."""
        found = self._of(ExperimentRow, experiment)
        if not found:
            raise NotFound(f"there is no experiment {experiment}: `daybreak ls` lists those there are")
        return found[0]

    def trials(self, experiment: int) -> list[TrialRow]:
        """All of an experiment, by number."""
        return self._of(TrialRow, experiment, "trial")

    def attempts(self, experiment: int) -> list[AttemptRow]:
        """All of an experiment, by trial and epoch."""
        return self._of(AttemptRow, experiment, "trial", "epoch")

    def checkpoints(self, experiment: int) -> list[CheckpointRow]:
        """All of an experiment, by trial and units."""
        return self._of(CheckpointRow, experiment, "trial", "units", "at", "digest")

    def notices(self, experiment: int, after: int = 0) -> list[NoticeRow]:
        """Those numbered above `after`."""
        table = READ_TABLES[NoticeRow].table
        here = (table.c.experiment == experiment) & (table.c.number > after)
        return self._rows(NoticeRow, select(table).where(here).order_by(table.c.number))

    def looks(self, family: str) -> list[LookRow]:
        """At sealed test data, by all experiments of a family, oldest first."""
        table = READ_TABLES[LookRow].table
        order = (table.c[name] for name in ("at", "experiment", "trial", "epoch", "number"))
        return self._rows(LookRow, select(table).where(table.c.family == family).order_by(*order))

    def points(
        self, experiment: int, trials: Sequence[int] = (), metrics: Sequence[str] = ()
    ) -> Iterator[tuple[int, str, list[int], list[float]]]:
        """(trial, metric, steps, values), by trial and metric's name, steps ascending; empty filters mean all."""
        names = self._metric_names(metrics)
        wanted = frozenset(names) if metrics else None
        for trial in self._trials_with_points(experiment, trials):
            query = select(points.c.epoch, points.c.series).order_by(points.c.batch)
            batches = self._all(query.where((points.c.experiment == experiment) & (points.c.trial == trial)))
            curves = merge((Stored(*batch) for batch in batches), wanted)
            for name, (steps, values) in sorted((names[metric], curve) for metric, curve in curves.items()):
                yield trial, name, steps, values

    def latest(self, experiment: int | None = None) -> dict[TrialKey, LastValues]:
        """The value at the highest step of every metric of every trial, of one experiment or of all; no history is read."""
        names = self._metric_names()
        query = select(*(last_values.c[name] for name in ("experiment", "trial", "metric", "step", "value")))
        found: dict[TrialKey, LastValues] = {}
        here: LastValues = {}
        at = (0, 0)
        for number, trial, metric, step, value in self._all(_within(query, last_values.c.experiment, experiment)):
            if trial != at[1] or number != at[0]:
                at = (number, trial)
                here = found.setdefault(TrialKey(number, trial), {})
            here[names[metric]] = (step, _NAN if value is None else value)
        return found

    def close(self) -> None:
        """Let go of the connection. Idempotent."""
        self._connection.close()

    def _of(self, kind: type[R], experiment: int, *order: str) -> list[R]:
        table = READ_TABLES[kind].table
        query = select(table).where(table.c.experiment == experiment)
        return self._rows(kind, query.order_by(*(table.c[name] for name in order)))

    def _rows(self, kind: type[R], query: Query) -> list[R]:
        unpack = cast(Columns[R], READ_TABLES[kind].columns).unpack
        return [unpack(found) for found in self._all(query)]

    def _all(self, query: Query) -> list[tuple[Any, ...]]:
        """What the driver found, as plain tuples: 10,000 of SQLAlchemy's rows would cost as much again as finding them."""
        with told("read the ledger", str(self.place)):
            return list(self._connection.execute(query).cursor.fetchall())

    def _metric_names(self, wanted: Sequence[str] = ()) -> dict[int, str]:
        query = select(metrics.c.metric, metrics.c.name)
        return {number: name for number, name in self._all(query) if not wanted or name in wanted}

    def _trials_with_points(self, experiment: int, wanted: Sequence[int]) -> list[int]:
        trial = last_values.c.trial
        query = select(trial).where(last_values.c.experiment == experiment).distinct().order_by(trial)
        return [found for (found,) in self._all(query) if not wanted or found in wanted]


_NAN = float("nan")


def _within(query: Query, column: ColumnElement[int], value: int | None) -> Query:
    return query if value is None else query.where(column == value)

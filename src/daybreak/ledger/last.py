"""Last values: made from each batch as it comes, and made again from all of them where that is in doubt."""

from sqlalchemy import ColumnElement, Connection, delete, select

from daybreak.base.ids import AttemptKey, TrialKey
from daybreak.ledger.columns import number_or_null
from daybreak.ledger.points import Curve, Stored, unpack
from daybreak.ledger.tables import last_values, points

LastRow = tuple[
    int, int, int, int, int, float | None
]  # experiment, trial, metric, epoch, step, value (None: not a number)


def last_rows(attempt: AttemptKey, curves: dict[int, Curve]) -> list[LastRow]:
    """A row for each curve (steps ascending, none empty); which of several rows of one metric holds is the database's to say."""
    experiment, trial, epoch = attempt
    return [
        (experiment, trial, metric, epoch, steps[-1], number_or_null(values[-1]))
        for metric, (steps, values) in curves.items()
    ]


def batches_of(connection: Connection, key: TrialKey) -> list[Stored]:
    """The batches of a trial, in the order they were committed."""
    here = (points.c.experiment == key.experiment) & (points.c.trial == key.trial)
    return [
        Stored(*row)
        for row in connection.execute(select(points.c.epoch, points.c.series).where(here).order_by(points.c.batch))
    ]


def forget_batches(connection: Connection, upsert: str, after: int) -> None:
    """Remove the batches numbered above `after`, and let the last values be as if those had never come."""
    late = points.c.batch > after
    trials = [
        TrialKey(*row) for row in connection.execute(select(points.c.experiment, points.c.trial).where(late).distinct())
    ]
    connection.execute(delete(points).where(late))
    for key in trials:
        connection.execute(delete(last_values).where(of_trial(key)))
        for batch in batches_of(connection, key):
            connection.exec_driver_sql(upsert, last_rows(AttemptKey(*key, batch.epoch), unpack(batch.series)))


def of_trial(key: TrialKey) -> ColumnElement[bool]:
    """The last values of one trial."""
    return (last_values.c.experiment == key.experiment) & (last_values.c.trial == key.trial)

"""What must be true of metric points: of trials that exist, readable, and the last values are their last."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from daybreak.base.errors import LedgerDamaged
from daybreak.base.ids import TrialKey
from daybreak.ledger.columns import number_or_null
from daybreak.ledger.findings import Finding
from daybreak.ledger.last import batches_of, of_trial
from daybreak.ledger.points import Curve, merge
from daybreak.ledger.tables import last_values, metrics, points

_Last = dict[int, tuple[int, float | None]]  # metric -> (step, value); None: not a number


def unsound_points(connection: Connection, trials: set[tuple[int, int]] | None) -> Iterator[Finding]:
    """Faults of the points, trial by trial. `trials`: those there are; None: not known."""
    named = set(connection.execute(select(metrics.c.metric)).scalars())
    for key in _with_points(connection):
        where = f"trial {key}"
        if trials is not None and key not in trials:
            yield Finding(
                "points", where, "has metric points, but the log knows no such trial; they are in nobody's way"
            )
            continue
        try:
            curves = merge(batches_of(connection, key))
        except LedgerDamaged as error:
            yield Finding("points", where, str(error))
            continue
        if unnamed := sorted(curves.keys() - named):
            yield Finding(
                "points", where, f"has points of metrics without a name ({unnamed}): restore the ledger from a backup"
            )
        if _last(curves) != _stored_last(connection, key):
            yield Finding(
                "points", where, "its last values are not the last of its points: restore the ledger from a backup"
            )


def _with_points(connection: Connection) -> list[TrialKey]:
    held = select(points.c.experiment, points.c.trial).union(select(last_values.c.experiment, last_values.c.trial))
    return sorted(TrialKey(*row) for row in connection.execute(held))


def _last(curves: dict[int, Curve]) -> _Last:
    return {metric: (steps[-1], number_or_null(values[-1])) for metric, (steps, values) in curves.items()}


def _stored_last(connection: Connection, key: TrialKey) -> _Last:
    columns = select(last_values.c.metric, last_values.c.step, last_values.c.value).where(of_trial(key))
    return {metric: (step, value) for metric, step, value in connection.execute(columns)}

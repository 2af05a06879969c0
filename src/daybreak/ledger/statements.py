"""The statements of the writer, compiled once per dialect; they run by `exec_driver_sql`, 5 us above the bare driver."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Table, bindparam, or_

from daybreak.ledger import tables
from daybreak.wire.rows import Row


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL text in the dialect's own words; parameters are tuples in the order of the table's columns."""

    log: str
    metric: str
    points: str
    last_value: str
    watermark: str
    rows: dict[type[Row], str]


def compiled(dialect: Dialect) -> Statements:
    """All statements for a dialect with positional parameters."""

    def text(statement: Any) -> str:
        return str(statement.compile(dialect=dialect))

    insert = _insert(dialect)

    def values(table: Table) -> Any:
        return insert(table).values({column: bindparam(column.name) for column in table.columns})

    def upsert(table: Table, key: tuple[str, ...]) -> Any:
        statement = values(table)
        changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in key}
        return statement.on_conflict_do_update(index_elements=list(key), set_=changed)

    last = values(tables.last_values)
    held, new = tables.last_values.c, last.excluded
    later = or_(new.step > held.step, (new.step == held.step) & (new.epoch > held.epoch))
    return Statements(
        log=text(values(tables.log)),
        metric=text(values(tables.metrics)),
        points=text(values(tables.points)),
        last_value=text(
            last.on_conflict_do_update(
                index_elements=["experiment", "trial", "metric"],
                set_={"epoch": new.epoch, "step": new.step, "value": new.value},
                where=later,
            )
        ),
        watermark=text(upsert(tables.watermark, ("one",))),
        rows={row: text(upsert(read.table, read.key)) for row, read in tables.READ_TABLES.items()},
    )


def _insert(dialect: Dialect) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT; importing the other dialect would cost 20 ms at every start."""
    if dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert  # noqa: PLC0415

        return insert
    from sqlalchemy.dialects.postgresql import insert as insert_on_postgres  # noqa: PLC0415

    return insert_on_postgres

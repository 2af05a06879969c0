"""What `check` finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.exc import SQLAlchemyError

from daybreak.base.errors import LedgerError
from daybreak.ledger.faults import explained

MOST = 20  # findings of one kind that are told one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. `kind`: file, log, tables, points or checkpoints; `message` says what to do."""

    kind: str
    where: str
    message: str


def told_of(kind: str, where: str, look: Iterator[Finding]) -> Iterator[Finding]:
    """At most `MOST` findings of a look; that it cannot even be finished is a finding too."""
    try:
        yield from islice(look, MOST)
        rest = list(look)
        if rest:
            yield Finding(rest[0].kind, where, f"and {len(rest)} more like these")
    except LedgerError as error:
        yield Finding(kind, where, str(error))
    except SQLAlchemyError as error:
        yield Finding(kind, where, str(explained(error, "read", where)))

"""`daybreak ledger rebuild`: the read tables made again from the log alone."""

from dataclasses import dataclass
from pathlib import Path

from daybreak.ledger.fold import Fold, Folded
from daybreak.ledger.opening import open_ledger


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What was made, and whether it is what was there before."""

    events: int
    rows: int
    equal: bool
    differing: int  # rows that were missing, too many or different


def rebuild(url_or_path: str | Path, fold: Fold) -> RebuildResult:
    """Step the log through the core and exchange the read tables for its rows, in one transaction.

    `fold` is `daybreak.lifecycle`. "Equal" compares with the read tables as they were; if they stood behind the log's end
    they are compared where they stood. Raises `LedgerBusy` while a controller runs, and as `open_ledger` does.
    """
    ledger = open_ledger(url_or_path)
    try:
        folded = Folded(fold)
        mark = ledger.projected()
        differing = ledger.differing([]) if mark == 0 else 0
        for entry in ledger.replay():
            folded.step(entry)
            if entry.seq == mark:
                differing = ledger.differing(folded.rows())
        rows = folded.rows()
        ledger.exchange(rows, folded.seq)
        return RebuildResult(folded.seq, len(rows), differing == 0, differing)
    finally:
        ledger.close()

"""What is said of table rows that are nearly the same on two sides."""

from typing import Any

import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.canonical import both, plain
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import MOST_PLACES, Finding, Pair, Row
from daybreak.audit.overlap.almost import Almost, Places
from daybreak.audit.overlap.rates import percent
from daybreak.audit.overlap.ratios import Near

RULE = "overlap.near.table"
SHOWN = 8
_MOST = 0.8
_MATTERS = (
    "A model that knows the train row by heart knows the answer: its score on these rows says little about new ones."
)
_ADVICE = (
    "Look at the pairs: rows that were measured twice, rounded, augmented or corrected belong on one side of the split."
)


def findings(frame: Frame, columns: list[Column], close: Near | None, almost: Almost | None) -> list[Finding]:
    """One finding for each look that found more than its null."""
    found = []
    if almost is not None and len(almost.hits):
        found.append(_almost(frame, almost))
    if close is not None and close.kind != "none" and not _told(close, almost):
        found.append(_near(frame, columns, close))
    return found


def _told(close: Near, almost: Almost | None) -> bool:
    """Whether nearly all near rows are those that differ in one column."""
    return almost is not None and float(np.isin(close.hits, almost.hits).mean()) > _MOST


def _almost(frame: Frame, almost: Almost) -> Finding:
    count = len(almost.hits)
    names, counts = np.unique(almost.column, return_counts=True)
    which = [almost.columns[names[at]].name for at in np.argsort(-counts)[:3]]
    return Finding(
        rule=RULE,
        severity="error",
        what=(
            f"{count:,} test rows equal a train row in all of {len(almost.columns)} columns but one "
            f"({'' if len(names) == 1 else 'mostly '}{', '.join(which)})."
        ),
        sure="high",
        because=(
            f"Of {almost.asked:,} different test rows without an equal in train {percent(almost.share)} are so like a train row; "
            f"of different train rows {percent(almost.null)} are so like another one, which is what an honest split gives "
            f"(z = {almost.z:.1f}; above 4 and 0.1 points it is none)."
        ),
        matters=_MATTERS,
        advice=_ADVICE,
        subject="all but one column",
        rows=_places(frame, almost.hits, almost.partners),
        columns=tuple(which),
        pairs=tuple(
            _pair(frame, almost.columns, left, right, 1 - 1 / len(almost.columns))
            for left, right in zip(almost.partners[:SHOWN].tolist(), almost.hits[:SHOWN].tolist(), strict=True)
        ),
        measured={"rows": count, "share": almost.share, "null": almost.null, "z": almost.z},
    )


def _near(frame: Frame, columns: list[Column], close: Near) -> Finding:
    closest = np.argsort(close.ratios, kind="stable")[:SHOWN].tolist()
    own = f"Each is much closer to one train row than to others. Among train's own rows {percent(close.expected)} are"
    inherited = close.kind == "inherited"
    return Finding(
        rule=RULE,
        severity="error" if close.kind == "structural" else "warning",
        what=(
            f"{len(close.hits):,} of the {close.asked:,} test rows that were looked at ({percent(close.share)}) are nearly rows of train"
            f"{': inherited from near copies in the data, which the split tore apart' if inherited else ''}."
        ),
        sure="moderate" if close.kind == "unclear" else "high",
        because=f"{own}, too."
        if inherited
        else f"{own}, and so many test rows come about with a chance of {close.chance:.1g}.",
        matters=_MATTERS,
        advice=_ADVICE,
        subject="near",
        rows=_places(frame, close.hits, close.partners),
        columns=tuple(column.name for column in columns),
        pairs=tuple(
            _pair(frame, columns, int(close.partners[at]), int(close.hits[at]), 1 - float(close.ratios[at]))
            for at in closest
        ),
        measured={"rows": len(close.hits), "share": close.share, "expected": close.expected, "chance": close.chance},
    )


def _places(frame: Frame, test: Places, train: Places) -> dict[str, tuple[int, ...]]:
    return {
        "test": tuple(frame.test.positions[test[:MOST_PLACES]].tolist()),
        "train": tuple(frame.train.positions[train[:MOST_PLACES]].tolist()),
    }


def _pair(frame: Frame, columns: Any, left: int, right: int, similarity: float) -> Pair:
    rows = Row("train", int(frame.train.positions[left])), Row("test", int(frame.test.positions[right]))
    return Pair(*rows, similarity, _differences(frame, left, right, columns))


def _differences(frame: Frame, left: int, right: int, columns: Any, most: int = 3) -> str:
    """Such as: 2 of 14 columns differ: age 39 and 40, weight 80.1 and 80.2."""
    differ = []
    for column in columns:
        mine = plain(frame.train.rows[column.name].slice(left, 1))
        other = plain(frame.test.rows[column.name].slice(right, 1))
        one, two = both(mine, other, column)
        if not one.equals(two):
            differ.append(f"{column.name} {_short(mine[0].as_py())} and {_short(other[0].as_py())}")
    more = f" and {len(differ) - most} more" if len(differ) > most else ""
    return f"{len(differ)} of {len(columns)} columns differ: {', '.join(differ[:most])}{more}"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:40]

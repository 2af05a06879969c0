"""Test rows that are train rows but for small changes: noise, rounding, one other value.

Two looks: rows that are equal in *all but one column* (`almost`), and rows that are *near* (`ratios`). Rows that are equal are left to
`overlap.exact`: test rows with an equal in train are not looked at, nor, for the null, train rows with one.
"""

import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.chance import generator
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import Hits, NotApplicable, Outcome, answered
from daybreak.audit.overlap import comparing, telling_rows
from daybreak.audit.overlap.almost import FEWEST_COLUMNS, Almost, all_but_one
from daybreak.audit.overlap.ratios import Near, judged, ratios_of
from daybreak.audit.overlap.rowspace import Places, Points, nearest, points

RULE = "overlap.near.table"
FEWEST = 30  # train rows
MOST_OWN, MOST_ASKED = 10_000, 50_000  # rows of either side that are held against train
MOST_PAIRS = 1_500_000_000  # distances taken: about ten seconds on two cores


def near(frame: Frame) -> Outcome:
    """The examination `overlap.near.table`. Raises `NotApplicable` where there are no two columns of numbers or categories that vary."""
    columns = _columns(frame)
    if len(frame.train.positions) < FEWEST or not len(frame.test.positions):
        raise NotApplicable(
            f"what is near is learnt from {FEWEST} train rows at least: there are {len(frame.train.positions)}"
        )
    train, test, names = points(frame, [c for c in columns if c.type not in {"text", "time"}])
    almost = all_but_one(frame, columns)
    if len(names) < 2 and almost is None:  # noqa: PLR2004
        raise NotApplicable(
            f"near rows are looked for by two columns of numbers or categories that vary, or {FEWEST_COLUMNS} of any type"
        )
    close = search(train, test, frame.seed) if len(names) > 1 else None
    told = telling_rows.findings(frame, columns, close, almost)
    return answered(RULE, told, measured=_measured(names, close, almost), hits=_hits(frame, close, almost))


def _columns(frame: Frame) -> list[Column]:
    """Columns of a table that do not name its rows."""
    wanted = tuple(
        column
        for column in frame.about.typed("number", "integer", "boolean", "category", "text", "time")
        if column.purpose == "feature"
    )
    if not wanted:
        raise NotApplicable("there is no column of numbers, categories, text or time to compare rows by")
    compared = comparing.Compared(wanted, None, {})
    return list(comparing.without_names(compared, frame.train.rows.slice(0, comparing.SAMPLE)).columns)


def search(train: Points, test: Points, seed: int) -> Near | None:
    """Test rows near a train row; the rest of test is asked, too, where a first part shows many. None where nearly all rows are equal."""
    different, alone, known = _different(train, test)
    if len(different) < FEWEST or not len(known):
        return None
    reference, room, draw = train.those(different), MOST_PAIRS // len(different), generator(seed, RULE)
    own = draw.permutation(alone if len(alone) >= FEWEST else len(different))[: min(MOST_OWN, max(room // 3, FEWEST))]
    null = ratios_of(*nearest(reference.those(own), reference, seed, themselves=own))[0]
    first, rest = np.split(draw.permutation(known), [min(MOST_ASKED, max(room - len(own), FEWEST))])
    ratios, places = ratios_of(*nearest(test.those(first), reference, seed))
    found = judged(null, first, ratios, different[places])
    if found.kind == "none" or not len(rest):
        return found
    more = rest[:room]
    further, their = ratios_of(*nearest(test.those(more), reference, seed))
    return judged(null, np.append(first, more), np.append(ratios, further), different[np.append(places, their)])


def _different(train: Points, test: Points) -> tuple[Places, Places, Places]:
    """Train rows, each once; which of these have no equal in train; test rows that have none."""
    both = Points(np.vstack([train.numbers, test.numbers]), np.vstack([train.codes, test.codes]), train.sizes)
    mine, other = np.split(both.keys(), [len(train)])
    _, once, often = np.unique(mine, return_index=True, return_counts=True)
    return once, np.flatnonzero(often == 1), np.flatnonzero(~np.isin(other, mine))


def _hits(frame: Frame, close: Near | None, almost: Almost | None) -> Hits | None:
    """Test rows of either look, with the more similar partner."""
    found: dict[int, tuple[int, float]] = {}
    if close is not None and close.kind != "none":
        rows = zip(close.hits.tolist(), close.partners.tolist(), close.ratios.tolist(), strict=True)
        found = {test: (train, 1 - ratio) for test, train, ratio in rows}
    if almost is not None and len(almost.hits):
        similar = 1 - 1 / len(almost.columns)
        for test, train in zip(almost.hits.tolist(), almost.partners.tolist(), strict=True):
            found[test] = max(found.get(test, (train, 0.0)), (train, similar), key=lambda pair: pair[1])
    test = np.array(sorted(found), np.int64)
    return Hits(
        frame.test.positions[test],
        frame.train.positions[np.array([found[at][0] for at in test.tolist()], np.int64)],
        np.array([found[at][1] for at in test.tolist()], np.float32),
    )


def _measured(names: tuple[str, ...], close: Near | None, almost: Almost | None) -> dict[str, object]:
    told: dict[str, object] = {"compared_by": list(names)}
    if close is not None:
        told |= {"looked_at": close.asked, "limit": round(close.limit, 6), "expected": round(close.expected, 6)}
        told |= {"rows": len(close.hits), "share": round(close.share, 6), "chance": float(f"{close.chance:.3g}")}
    if almost is not None:
        told["all_but_one_column"] = {
            "rows": len(almost.hits),
            "share": round(almost.share, 6),
            "null": round(almost.null, 6),
            "z": round(almost.z, 2),
        }
    return told

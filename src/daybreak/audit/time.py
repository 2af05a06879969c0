"""Time: is test data older than train data? A model that is to tell the future must be tried on what came after all it learnt from."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.about import Column
from daybreak.audit.encoding import Codes, Vector, category_codes, numbers
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import MOST_PLACES, Finding, NotApplicable, Outcome, Severity, answered
from daybreak.audit.sketch import need_rows, spoken

RULE = "time"
PERMUTATIONS = 199
MOST_RANKED = 20_000  # rows a side of the permutation test
SHUFFLED = 0.01  # p above which the sides' times are told apart no better than by chance
TIMELIKE = ("date", "time", "timestamp", "datetime", "ds", "day", "month", "year", "when", "created")


@dataclass(frozen=True)
class Order:
    """How the sides lie in time. `older`: positions of test rows older than the newest train row; times in the column's own unit."""

    newest_train: float
    oldest_test: float
    older: Codes
    share: float  # of test rows that are older than the newest train row
    concordance: float  # chance that a test row is newer than a train row; 1: split by time, 0.5: shuffled
    p_shuffled: float  # how often a shuffled split has a concordance as far from 0.5


def order(frame: Frame) -> Outcome:
    """Newest train row against oldest test row, and whether the split was shuffled.

    An error only for a declared forecast; elsewhere rows out of order are a warning where a time was declared, otherwise information.
    Raises `NotApplicable` where there is no time.
    """
    need_rows(frame)
    column, declared = _column(frame)
    train, test = times(frame.train, column), times(frame.test, column)
    if not (np.isfinite(train).any() and np.isfinite(test).any()):
        raise NotApplicable(f"needs times on both sides, {column.name} has none that can be read on one of them")
    found = _compared(frame, train, test)
    measured = _measured(frame, column, found, train, test)
    if not len(found.older):
        return answered(RULE, measured=measured)
    return answered(RULE, [_finding(frame, column, declared, found, measured)], measured=measured)


def _column(frame: Frame) -> tuple[Column, bool]:
    """The column of times, and whether it was declared."""
    if declared := frame.about.having("time"):
        return declared[0], True
    guessed = [c for c in frame.about.having("feature", "meta", "id") if c.type == "time"]
    named = ", ".join(column.name for column in guessed)
    if len(guessed) == 1 and (_timelike(guessed[0]) or frame.about.task == "forecast"):
        return guessed[0], False
    if len(guessed) == 1:
        raise NotApplicable(f"{named} holds times: if it tells when a row was taken, name it with --time")
    if len(guessed) > 1:
        raise NotApplicable(
            f"several columns hold times ({named}): say with --time which one tells when a row was taken"
        )
    if frame.about.ordered:
        raise NotApplicable(
            "the rows are said to stand in order, but nothing tells when each was taken, "
            "so train and test cannot be compared: name a column of times with --time"
        )
    raise NotApplicable("needs a column of times: name it with --time")


def times(part: Part, column: Column) -> Vector:
    """Times of one side as numbers (microseconds for dates), NaN where missing. Texts are read as ISO 8601."""
    array = part.rows[column.name]
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        try:
            return numbers(array.cast(pa.timestamp("us")))
        except pa.ArrowInvalid:
            return numbers(array)
    return numbers(array)


def _compared(frame: Frame, train: Vector, test: Vector) -> Order:
    newest, oldest = float(np.nanmax(train)), float(np.nanmin(test))
    older = np.flatnonzero(test < newest)
    concordance, p = shuffled(train[np.isfinite(train)], test[np.isfinite(test)], frame.seed)
    share = len(older) / int(np.isfinite(test).sum())
    return Order(newest, oldest, frame.test.positions[older], share, concordance, p)


def shuffled(train: Vector, test: Vector, seed: int) -> tuple[float, float]:
    """The chance that a test row is newer than a train row (ties count half), and its two-sided p under shuffled sides (permutations)."""
    from scipy.stats import rankdata

    rng = chance.generator(seed, "time")
    train, test = (x if len(x) <= MOST_RANKED else rng.choice(x, MOST_RANKED, replace=False) for x in (train, test))
    ranks = rankdata(np.concatenate([train, test]))
    n, m = len(train), len(test)

    def concordance(of_test: Vector) -> float:
        return float((of_test.sum() - m * (m + 1) / 2) / (n * m))

    seen = concordance(ranks[n:])
    null = [concordance(rng.choice(ranks, m, replace=False)) for _ in range(PERMUTATIONS)]
    beyond = sum(abs(value - 0.5) >= abs(seen - 0.5) for value in null)
    return seen, (1 + beyond) / (1 + PERMUTATIONS)


def _in_order_within_groups(frame: Frame, train: Vector, test: Vector) -> bool:
    """Whether within each declared group (each series) every test row is newer than every train row."""
    declared = frame.about.having("group")
    if not declared:
        return False
    name = declared[0].name
    of_train, of_test, names = category_codes(frame.train.rows[name], frame.test.rows[name])
    newest, oldest = np.full(len(names) + 1, -np.inf), np.full(len(names) + 1, np.inf)
    np.maximum.at(newest, of_train, np.nan_to_num(train, nan=-np.inf))
    np.minimum.at(oldest, of_test, np.nan_to_num(test, nan=np.inf))
    return bool((oldest >= newest).all()) and bool(np.isin(of_test, of_train).any())


def _measured(frame: Frame, column: Column, found: Order, train: Vector, test: Vector) -> dict[str, Any]:
    measured = {
        "column": column.name,
        "newest_train": shown(found.newest_train, frame, column),
        "oldest_test": shown(found.oldest_test, frame, column),
        "test_rows_older_than_newest_train": len(found.older),
        "share": round(found.share, 4),
        "chance_that_test_is_newer": round(found.concordance, 4),
        "p_shuffled": round(found.p_shuffled, 4),
        "shuffled": bool(found.p_shuffled > SHUFFLED),
    }
    if frame.about.having("group"):
        measured["in_order_within_groups"] = _in_order_within_groups(frame, train, test)
    return measured


def shown(value: float, frame: Frame, column: Column) -> str:
    """A time for a person."""
    of_type = frame.train.rows[column.name].type
    if pa.types.is_timestamp(of_type) or pa.types.is_date(of_type) or abs(value) > 1e14:  # noqa: PLR2004 (microseconds)
        return datetime.fromtimestamp(value / 1e6, UTC).strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    return f"{value:g}"


def _severity(frame: Frame, column: Column, declared: bool, measured: dict[str, Any]) -> Severity:
    forecast = frame.about.task == "forecast"
    if forecast and frame.about.declared_task and (declared or _timelike(column)):
        return "warning" if measured.get("in_order_within_groups") else "error"
    return "warning" if forecast or declared else "info"


def _timelike(column: Column) -> bool:
    name = column.name.lower()
    return any(name == word or name.endswith("_" + word) or name.startswith(word + "_") for word in TIMELIKE)


def _finding(frame: Frame, column: Column, declared: bool, found: Order, measured: dict[str, Any]) -> Finding:
    forecast = frame.about.task == "forecast"
    newest, oldest = measured["newest_train"], measured["oldest_test"]
    how = "The split was shuffled" if measured["shuffled"] else "The sides overlap in time"
    who = spoken(column.name) if declared else f"{spoken(column.name)} (taken for the time: nothing was declared)"
    within = " Within each group test comes after train." if measured.get("in_order_within_groups") else ""
    return Finding(
        RULE,
        _severity(frame, column, declared, measured),
        f"{how}: {100 * found.share:.1f} % of test rows ({len(found.older)}) are older than the newest train row, by {who}. "
        f"Train reaches to {newest}, test begins at {oldest}.{within}",
        "certain" if declared else "moderate",
        because=(
            f"A test row is newer than a train row with chance {found.concordance:.2f} "
            f"(1: split by time; 0.5: shuffled; p = {found.p_shuffled:.3f} that shuffling alone looks like this)."
        ),
        matters=(
            "Rows of one time resemble each other. A model that saw the days around a test row knows things that "
            "nobody knows when a forecast is asked for: the score is too good."
            if forecast
            else "If the model will be used on what comes later, the score is that of looking up neighbours in time: it may be too good."
        ),
        advice=f"Choose a moment, train on what came before it and test on what came after (sort by {spoken(column.name)}, cut once).",
        subject=column.name,
        columns=(column.name,),
        rows={"test": tuple(int(p) for p in found.older[:MOST_PLACES])},
        measured=measured,
    )

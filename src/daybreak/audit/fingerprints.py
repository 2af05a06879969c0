"""Was it imputed, scaled, turned or encoded on all rows, before the split? What such steps leave in the data (`prints`) tells.

Each statistic is compared twice: over all rows, where it agrees to the last digit, and over train alone, where it does not. That cannot be
known from a sample, so all rows have to fit in memory.
"""

import numpy as np

from daybreak.audit.encoding import Vector
from daybreak.audit.frame import Frame, Positions
from daybreak.audit.outcome import MOST_PLACES, Finding, NotApplicable, Outcome, answered
from daybreak.audit.prints.encoded import Encoded, target_means
from daybreak.audit.prints.imputed import Filled, filled_with_all
from daybreak.audit.prints.scaled import Scaled, components, ranged, standardised
from daybreak.audit.prints.sides import Sides, number_columns
from daybreak.audit.problem import Problem, problem_of

RULE = "fingerprints"


def fingerprints(frame: Frame) -> Outcome:
    """Traces of preparation on all rows. Raises `NotApplicable` without a column of numbers, or where only a sample of rows is at hand."""
    columns = number_columns(frame)
    if not columns:
        raise NotApplicable("needs a feature that is a number")
    if not (frame.train.complete and frame.test.complete):
        raise NotApplicable(
            "needs all rows in memory, to compare means to the last digit: raise --rows, or audit a smaller part"
        )
    findings = [_imputed(frame, filled) for sides in columns if (filled := filled_with_all(sides))]
    findings += [_scaled(scaled) for look in (standardised, ranged, components) if (scaled := look(columns))]
    findings += [_encoded(encoded) for encoded in _target_means(frame, columns)]
    return answered(RULE, findings, measured={"columns": len(columns)})


def _imputed(frame: Frame, filled: Filled) -> Finding:
    count = sum(map(len, filled.rows))
    positions = dict(zip(("train", "test"), (frame.train.positions, frame.test.positions), strict=True))
    return Finding(
        RULE,
        "warning",
        f"Gaps of the column {filled.column} were filled with {filled.value:.10g} ({count:,} times), the {filled.statistic} of all rows: "
        "test's were known when train was filled.",
        "high",
        because=f"The {filled.statistic} of the other values is {filled.of_all:.10g} over all rows, but {filled.of_train:.10g} over train.",
        matters="Usually little; it grows with the share of gaps and with how small the data is.",
        advice="Split first. Then fit the imputer on train, and apply it to both sides.",
        subject=filled.column,
        columns=(filled.column,),
        rows={
            side: _positions(positions[side], rows) for side, rows in zip(("train", "test"), filled.rows, strict=True)
        },
        measured={
            "value": filled.value,
            "statistic": filled.statistic,
            "of_all": filled.of_all,
            "of_train": filled.of_train,
            "filled": count,
        },
    )


def _positions(positions: Positions, rows: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(positions[list(rows[:MOST_PLACES])].tolist())


def _scaled(scaled: Scaled) -> Finding:
    names = ", ".join(scaled.columns[:8]) + (f" and {len(scaled.columns) - 8} more" if len(scaled.columns) > 8 else "")  # noqa: PLR2004
    many = len(scaled.columns) > 1
    return Finding(
        RULE,
        "warning",
        f"The column{'s' if many else ''} {names} {'were' if many else 'was'} {scaled.how} on all rows, before the split: "
        "test's were known when train was prepared.",
        "high",
        because=f"All rows together have {scaled.on_all}; {scaled.on_train}. By chance that does not happen.",
        matters="Usually little for many rows; much for few rows, or where test is drawn from elsewhere.",
        advice="Split first. Then fit the scaler (or the components) on train, and apply it to both sides; a pipeline does so.",
        subject=scaled.how,
        columns=scaled.columns,
    )


def _target_means(frame: Frame, columns: list[Sides]) -> list[Encoded]:
    """Of numbers and of two classes."""
    try:
        problem = problem_of(frame)
    except NotApplicable:
        return []
    if len(problem.classes) > 2:  # noqa: PLR2004
        return []
    y, y_test = _spread_out(problem, frame)
    return [
        found
        for sides in columns
        if (found := target_means(sides, y, y_test) or target_means(sides, 1 - y, 1 - y_test))
    ]


def _spread_out(problem: Problem, frame: Frame) -> tuple[Vector, Vector]:
    """The target of every row, NaN where it is missing."""
    y, y_test = np.full(len(frame.train.positions), np.nan), np.full(len(frame.test.positions), np.nan)
    y[problem.rows], y_test[problem.rows_test] = problem.y, problem.y_test
    return y, y_test


def _encoded(encoded: Encoded) -> Finding:
    return Finding(
        RULE,
        "warning",
        f"The column {encoded.column} holds means of the target over all rows: the labels of test rows are among its features.",
        "high",
        because=f"Each of its {encoded.values} values is the mean of the target over the rows that have it, train and test together; "
        f"over train alone they are up to {encoded.off_on_train:.2g} standard deviations away.",
        matters="The score is too good, the more so the fewer rows share a value.",
        advice="Encode categories by the target's mean on train alone, out of fold, after the split.",
        subject=encoded.column,
        columns=(encoded.column,),
        measured={"values": encoded.values},
    )

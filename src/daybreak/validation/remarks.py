"""What the sides say before any rule is asked: one dataset on both sides, a target that holds nothing to learn or to score."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import About
from daybreak.audit.canonical import labels
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import MOST_PLACES, Finding

MOST_NAMED = 5  # classes
MANY = 0.01  # share of test rows of unknown classes from which a person should look; fewer are the rare ones of many


def remarks(frame: Frame) -> tuple[Finding, ...]:
    """Findings that need no audit. They hold for all rows: those of the sample are looked at where a side is longer."""
    return (*_same(frame.about), *_target(frame), *_unknown_classes(frame), *_time(frame.about))


def _same(about: About) -> tuple[Finding, ...]:
    digests = about.digests
    if not digests.get("train") or digests["train"] != digests.get("test"):
        return ()
    named = " and ".join(dict.fromkeys(about.sources.get(side, side) for side in ("train", "test")))
    return (
        Finding(
            rule="input.same",
            severity="error",
            what=f"Train and test are the same data: {named}.",
            sure="certain",
            because="Both sides have the same digest.",
            matters="The score tells how well the model knows its own training data, and nothing about new samples.",
            advice="Name another file for test, or split this one: --split-by.",
        ),
    )


def _target(frame: Frame) -> tuple[Finding, ...]:
    target = frame.about.target
    if target is None:
        return ()
    found = []
    for side, part in (("train", frame.train), ("test", frame.test)):
        if not part.rows.num_rows:
            continue
        holds = _one_value(part.rows[target.name])
        if holds is not None:
            matters = "there is nothing to learn" if side == "train" else "a score there cannot tell a good model"
            found.append(
                Finding(
                    rule="input.target",
                    severity="warning",
                    what=f"The target {target.name} {holds} in {side}: {matters}.",
                    sure="certain" if part.complete else "high",
                    because="" if part.complete else f"{len(part.positions):,} of {part.total:,} rows were looked at.",
                    matters="Most rules need a target with two values at least, and were not asked.",
                    advice="Look whether the right column was named, and whether rows were lost when the sides were made.",
                    subject=f"{target.name} {side}",
                    columns=(target.name,),
                )
            )
    return tuple(found)


def _unknown_classes(frame: Frame) -> tuple[Finding, ...]:
    """Classes that no train row has: nothing can have learnt them. Where train is not seen whole they may be rare ones."""
    target = frame.about.target
    if target is None or frame.about.task != "classification" or not frame.train.complete:
        return ()
    if not (frame.train.rows.num_rows and frame.test.rows.num_rows):
        return ()
    train, test, classes = labels(frame.train.rows[target.name], frame.test.rows[target.name])
    unknown = (test >= 0) & ~np.isin(test, train)
    if not unknown.any():
        return ()
    names = ", ".join(repr(classes[code]) for code in np.unique(test[unknown])[:MOST_NAMED])
    share = float(unknown.mean())
    return (
        Finding(
            rule="input.classes",
            severity="warning" if share >= MANY else "info",
            what=f"{int(unknown.sum()):,} test rows ({share:.1%}) have a class of {target.name} that no train row has: {names}.",
            sure="certain",
            because="The classes of both sides were compared as they are meant: 1, 1.0 and '1' are one.",
            matters="No model can have learnt these classes: each such row counts as wrong, whatever the model is worth.",
            advice="Look whether both sides spell their classes alike, and split stratified by the target.",
            subject=target.name,
            columns=(target.name,),
            rows={"test": tuple(int(row) for row in frame.test.positions[unknown][:MOST_PLACES])},
        ),
    )


def _time(about: About) -> tuple[Finding, ...]:
    """A time that was declared and is none would go unasked without a word."""
    return tuple(
        Finding(
            rule="input.time",
            severity="warning",
            what=f"The column {column.name} was declared as the time, and holds {column.type} values that are no times.",
            sure="certain",
            matters="Whether train is older than test was not asked.",
            advice="Write times as ISO 8601 (2024-01-31 14:05), as numbers that grow, or store them as timestamps.",
            subject=column.name,
            columns=(column.name,),
        )
        for column in about.having("time")
        if column.type in {"category", "text", "empty"}
    )


def _one_value(column: pa.ChunkedArray) -> str | None:
    """What is said of a column of one value or none; None where it has more, or values that are no scalars."""
    if pa.types.is_nested(column.type):
        return None
    values = pc.unique(column).drop_null()
    if pa.types.is_floating(values.type):
        values = values.filter(pc.invert(pc.is_nan(values)))
    if len(values) > 1:
        return None
    return f"holds nothing but {values[0].as_py()!r}" if len(values) else "holds no value"

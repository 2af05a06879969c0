"""Columns in which numbers and words, or dates of several orders, stand together: what they were read as is said."""

from collections import Counter

from daybreak.audit.about import About
from daybreak.audit.outcome import Finding
from daybreak.readers.moments import NO_DATE
from daybreak.readers.source import note
from daybreak.readers.survey import ALIKE, Seen

MOSTLY = 0.5  # of the values are numbers: then words among them were hardly meant
MOST_NAMED = 5


def mixed(about: About, seen: dict[str, dict[str, Seen]]) -> list[Finding]:
    """A note for each such column, and for each that one side stores as numbers and the other as words."""
    found = []
    for column in about.columns:
        sides = {side: columns[column.name] for side, columns in seen.items()}
        words = sum((each.tokens for each in sides.values()), Counter[str]())
        present = sum(each.present for each in sides.values())
        failing = sum(each.failing["number"] for each in sides.values())
        dates = not any(each.failing["time"] for each in sides.values())
        if failing and failing < MOSTLY * present and not dates and column.type in {"number", "category", "text"}:
            what = f"column {column.name!r}: {failing:,} of {present:,} values are no numbers ({_named(words)}); it was read as "
            what += "numbers, these are missing" if column.type == "number" else "words"
            found.append(_note(column.name, what, {"no_numbers": failing, "of": present}))
        elif (
            column.type in {"category", "text"}
            and len(kinds := {str(s.field.type): side for side, s in sides.items()}) > 1
        ):
            said = ", ".join(f"{side} {kind}" for kind, side in kinds.items())
            what = f"column {column.name!r} is stored as another type on each side ({said}); it was read as words"
            if not all("string" in kind or "dictionary" in kind for kind in kinds):
                found.append(_note(column.name, what, {}))
    return found


def dated(about: About, seen: dict[str, dict[str, Seen]]) -> list[Finding]:
    """A warning for each column whose dates are written in several ways, or are none, such as 2023-02-31."""
    found = []
    for column in about.columns:
        ways: dict[str, tuple[int, str]] = {}
        for each in (columns[column.name] for columns in seen.values()):
            for way, (count, example) in each.dates.items():
                named = (each.forms or (way,))[0] if way == ALIKE else way
                before = ways.get(named, (0, example))
                ways[named] = before[0] + count, before[1]
        if (len(ways) > 1 or NO_DATE in ways) and column.type in {"time", "category", "text"}:
            found.append(_dates(column.name, ways, lost=column.type == "time"))
    return found


def _dates(column: str, ways: dict[str, tuple[int, str]], *, lost: bool) -> Finding:
    said = [f"{count:,} as {way} ({example!r})" for way, (count, example) in ways.items() if way != NO_DATE]
    none, example = ways.get(NO_DATE, (0, ""))
    odd = f"{none:,} are no dates ({example!r}){', these are missing' if lost else ''}" if none else ""
    what = f"column {column!r}: its dates are written {' and '.join(said)}" if len(said) > 1 else f"column {column!r}"
    what += f"{'; ' if len(said) > 1 else ': of its dates '}{odd}" if odd else ""
    what += "; it was read as times, each in its own way" if lost else "; it was read as words"
    advice = "write all dates of a column alike, best as 2024-01-31; where 03/04 stands for March or April, no program can tell"
    measured = {way: count for way, (count, _) in ways.items()}
    return note(
        "input.dates", what, severity="warning", subject=column, columns=(column,), advice=advice, measured=measured
    )


def _named(words: Counter[str]) -> str:
    return ", ".join(repr(word) for word, _ in words.most_common(MOST_NAMED))


def _note(column: str, what: str, measured: dict[str, int]) -> Finding:
    advice = "store one type in a column, and nothing where a value is missing"
    return note("input.mixed", what, subject=column, columns=(column,), advice=advice, measured=measured)

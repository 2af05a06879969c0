"""Columns in which numbers and words stand together: what they were read as is said, since programs differ in it."""

from collections import Counter

from daybreak.audit.about import About
from daybreak.audit.outcome import Finding
from daybreak.readers.source import note
from daybreak.readers.survey import Seen

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


def _named(words: Counter[str]) -> str:
    return ", ".join(repr(word) for word, _ in words.most_common(MOST_NAMED))


def _note(column: str, what: str, measured: dict[str, int]) -> Finding:
    advice = "store one type in a column, and nothing where a value is missing"
    return note("input.mixed", what, subject=column, columns=(column,), advice=advice, measured=measured)

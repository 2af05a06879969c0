"""What is said of equal samples on two sides: findings with numbers, for people who have never heard of leakage."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from daybreak.audit.about import About
from daybreak.audit.outcome import MOST_PLACES, Finding, Pair, Row, Severity
from daybreak.audit.overlap.comparing import Compared
from daybreak.audit.overlap.joining import Joined, Matches
from daybreak.audit.overlap.null import Judged, judge
from daybreak.audit.overlap.rates import AT_LEAST, MANY, percent

RULE = "overlap.exact"
SHOWN = 8  # pairs for people
_CONFLICTS = 0.2  # twins that differ in their labels this much more rarely than by chance are copies, not look-alikes


@dataclass(frozen=True)
class Overlap:
    """Two sides joined.

    `compared`, `refuted`: matches compared value for value, and those that differed; `labelled`: both sides have labels;
    `oversampled`: what is said where one class alone repeats; `apart`: columns that hold one value on either side, a different one.
    """

    pair: tuple[str, str]
    joined: Joined
    matches: Matches
    compared: int
    refuted: int
    labelled: bool
    spelling: str
    oversampled: str
    apart: tuple[str, ...]

    @cached_property
    def by_features(self) -> Judged:
        """Features alone."""
        return judge(self.joined.features)

    @cached_property
    def by_all(self) -> Judged | None:
        """Features and label."""
        return judge(self.joined.labelled) if self.labelled else None

    @property
    def judged(self) -> Judged:
        """The graver of the two."""
        order = ("none", "inherited", "few", "unclear", "structural")
        both = [self.by_features, *([self.by_all] if self.by_all else [])]
        return max(both, key=lambda judged: order.index(judged.kind))

    @property
    def copies(self) -> bool:
        """Whether train's twins look like one sample that stands twice, not like two that look alike: their labels agree."""
        twins = self.joined.features.twins
        if not self.labelled or not twins:
            return False
        return self.joined.conflicting / twins <= _CONFLICTS * self.joined.conflicts_by_chance


def findings(about: About, overlaps: list[Overlap]) -> list[Finding]:
    """One finding for each pair of sides that share samples, and what repeats within train."""
    found = [_Words(about, overlap).finding() for overlap in overlaps if len(overlap.matches.test)]
    return [*found, *_within(about, overlaps[0])]


def measured(compared: Compared, overlaps: list[Overlap]) -> dict[str, Any]:
    """All numbers, also where nothing was found."""
    first = overlaps[0].joined
    return {
        "compared_by": [column.name for column in compared.columns],
        "left_out": compared.left_out,
        "overlap": {" in ".join(reversed(overlap.pair)): _numbers(overlap) for overlap in overlaps},
        "within": {
            "train_rows_that_repeat": first.labelled.repeats,
            "test_rows_that_repeat": first.labelled.test_repeats,
            "train_twins_with_another_label": first.conflicting if overlaps[0].labelled else 0,
        },
    }


def _numbers(overlap: Overlap) -> dict[str, Any]:
    told: dict[str, Any] = {
        "features": _judged(overlap.by_features, overlap.joined.features.hits),
        "kind": overlap.judged.kind,
        "compared_value_for_value": overlap.compared,
        "key_equal_but_values_differ": overlap.refuted,
    }
    if overlap.by_all:
        told["features_and_label"] = _judged(overlap.by_all, overlap.joined.labelled.hits)
        told["label_differs"] = int((~overlap.matches.same_label).sum())
    if overlap.spelling:
        told["labels"] = overlap.spelling
    if overlap.apart:
        told["constant_on_each_side"] = list(overlap.apart)
    return told


def _judged(judged: Judged, hits: int) -> dict[str, Any]:
    return {
        "rows": hits,
        "share": round(judged.share, 6),
        "null": round(judged.null, 6),
        "excess": round(judged.excess, 6),
        "z": round(judged.z, 2),
        "reached_by_lot": round(judged.by_lot, 4),
        "kind": judged.kind,
    }


class _Words:
    """The finding of one pair of sides."""

    def __init__(self, about: About, overlap: Overlap) -> None:
        self.overlap, self.judged = overlap, overlap.judged
        self.left, self.right = overlap.pair
        self.things = "samples" if about.files else "rows"
        self.content = about.files or bool(about.typed("text", "image", "audio"))
        self.hits = len(overlap.matches.test)
        self.total = overlap.joined.features.test_rows

    def finding(self) -> Finding:
        """The finding: structural, unclear or inherited."""
        matches, judged = self.overlap.matches, self.judged
        places = {self.right: _first(matches.test), self.left: _first(matches.train)}
        return Finding(
            rule=RULE,
            severity=self._severity(),
            what=self._what(),
            sure="certain" if judged.kind != "unclear" else "moderate",
            because=self._because(),
            matters=self._matters(),
            advice=self._advice(),
            subject=f"{self.right} in {self.left}",
            rows=places,
            pairs=self._pairs(),
            measured=_numbers(self.overlap),
        )

    def _severity(self) -> Severity:
        if self.judged.kind == "structural":
            return "error"
        many = self.judged.share >= MANY and self.hits >= AT_LEAST
        copies = self.overlap.copies if self.overlap.labelled else self.content
        many = many and (copies or bool(self.overlap.oversampled))
        return "warning" if self.judged.kind == "unclear" or many else "info"

    def _what(self) -> str:
        differ = int((~self.overlap.matches.same_label).sum()) if self.overlap.labelled else 0
        whole = "Every one" if self.hits == self.total else f"{self.hits:,}"
        text = f"{whole} of the {self.total:,} {self.right} {self.things} ({percent(self.hits / self.total)})"
        text += f" {'stands' if self.hits in {1, self.total} else 'stand'} in {self.left}, value for value"
        if differ:
            text += f"; {differ:,} of them with another label there"
        kinds = {
            "inherited": self._origin(),
            "few": "; more than by chance, but too few to matter",
            "unclear": "; too few to tell whether by chance",
        }
        return f"{text}{kinds.get(self.judged.kind, '')}."

    def _origin(self) -> str:
        if self.judged.null == 0:
            return f"; {self.left} itself holds nothing twice"
        if self.overlap.oversampled:
            return f": it looks as if classes had been balanced by drawing rows again before the split ({self.overlap.oversampled})"
        return ": inherited from duplicates in the data, not brought in by the split"

    def _because(self) -> str:
        judged, counts = self.judged, self.overlap.joined.features
        if judged.repeated:
            null = f"{self.left} repeats itself, {self.right} does not: by what repeats there, {percent(judged.null)} were to be expected"
        else:
            twins = f"{percent(judged.null)} of the" if judged.null else "None of the"
            null = f"{twins} {counts.train_rows:,} {self.left} {self.things} {'have' if judged.null else 'has'} an equal within "
            null += f"{self.left}, which is what an honest split gives {self.right}, too"
        told = f"{null[0].upper()}{null[1:]}. Measured: {percent(judged.share)}, z = {judged.z:.1f} (structural: above 4 and 0.1 points)."
        return f"{told} {self._confirmed()}"

    def _confirmed(self) -> str:
        compared, spelling = self.overlap.compared, self.overlap.spelling
        rest = self.hits - (compared - self.overlap.refuted)
        told = (
            "All pairs were compared value for value"
            if not rest
            else f"{compared:,} pairs were compared value for value"
        )
        told += f", the other {rest:,} by a key of 128 bits." if rest else "."
        return f"{told} Labels: {spelling}." if spelling else told

    def _matters(self) -> str:
        if self.judged.kind == "structural":
            return f"A model can know these {self.things} by heart: its score on them says nothing about new ones."
        if self._severity() == "info":
            return "Small or natural: see the score on the clean rows, if anything was scored."
        return f"A model can know these {self.things} by heart, and then its score is too high: believe the one on the clean part."

    def _advice(self) -> str:
        if self.hits == self.total:
            return (
                f"Look whether {self.left} and {self.right} were read from one file, "
                f"or {self.right} was drawn without taking its {self.things} out of {self.left}."
            )
        if self.judged.kind == "inherited" and self.overlap.oversampled:
            return f"Split first, and balance classes within {self.left} alone."
        if self.judged.kind == "structural":
            return (
                f"Take these {self.things} out of {self.left}, train and score again; "
                f"look where the split is made for {self.things} that are copied, appended or drawn with replacement."
            )
        if self._severity() == "info":
            return "Nothing, if the data is meant to hold them; otherwise drop duplicates before the split."
        return f"Drop duplicates before the split, or keep equal {self.things} on one side; report the score on the clean part."

    def _pairs(self) -> tuple[Pair, ...]:
        matches = self.overlap.matches
        return tuple(
            Pair(
                Row(self.left, int(left)),
                Row(self.right, int(right)),
                1.0,
                "" if same or not self.overlap.labelled else "the label differs",
            )
            for left, right, same in list(zip(matches.train, matches.test, matches.same_label, strict=True))[:SHOWN]
        )


def _first(positions: Any) -> tuple[int, ...]:
    return tuple(int(position) for position in positions[:MOST_PLACES])


def _within(about: About, overlap: Overlap) -> list[Finding]:
    """What repeats within train: worth knowing, no leak."""
    counts, joined = overlap.joined.labelled, overlap.joined
    if not counts.repeats:
        return []
    things = "samples" if about.files else "rows"
    conflicts = joined.conflicting if overlap.labelled else 0
    share = percent(counts.repeats / counts.train_rows)
    what = f"{counts.repeats:,} of the {counts.train_rows:,} train {things} ({share}) repeat an earlier one"
    what += f", and {counts.test_repeats:,} within test" if counts.test_repeats else ""
    what += f"; {conflicts:,} train {things} have an equal one with another label." if conflicts else "."
    return [
        Finding(
            rule=RULE,
            severity="info",
            what=what,
            sure="certain",
            matters="What stands twice counts twice in training, and is torn apart by a random split.",
            advice="Find out whether they are copies or look alike by chance; copies are best dropped before the split.",
            subject="within train",
            rows={"train": tuple(joined.again)},
            measured={"repeats": counts.repeats, "test_repeats": counts.test_repeats, "conflicting": conflicts},
        )
    ]

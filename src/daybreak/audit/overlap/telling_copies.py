"""Near copies of pictures, sounds and series in words: how many, against what, what it does to the score, what to do."""

from typing import Any

from daybreak.audit.outcome import MOST_PLACES, Finding, Hits, Outcome, Pair, answered
from daybreak.audit.overlap.rates import percent
from daybreak.audit.overlap.thresholds import Judged

SHOWN = 24  # pairs that a page shows

_MATTERS = (
    "a model that remembers the train {noun} has the answer for its copy: the score says how well it remembers, "
    "not how well it would do on new {noun}s"
)
_ADVICE = {
    "structural": (
        "split first and augment afterwards; put all copies of one {noun} on the same side, "
        "or take the test {noun}s that are listed out and score again"
    ),
    "inherited": (
        "keep one {noun} of each family of copies, or split by family, and score again; "
        "the score on clean rows stands beside the overall one"
    ),
    "few": "look at the pairs; take those test {noun}s out if they are copies",
}

_SERIES = (
    "cut the series in two at one point in time before windows are made of it, leave a gap between the parts, "
    "and score again without the rows that are listed"
)


def outcome(
    rule: str, noun: str, judged: Judged, hits: Hits, pairs: tuple[Pair, ...], measured: dict[str, Any]
) -> Outcome:
    """The answer for one judged overlap. `noun`: "picture", "recording" or "window". `measured`: with `test_looked_at`."""
    counted = {
        **measured,
        "test_near_copies": len(judged.hits),
        "test_rate": judged.rates.rate,
        "train_rate": judged.rates.null,
        "z": judged.rates.z,
        "ratio_limit": judged.limit,
    }
    if judged.rates.kind == "none":
        return answered(rule, measured=counted)
    finding = Finding(
        rule,
        judged.rates.severity,
        _what(noun, judged, measured["test_looked_at"]),
        "high",
        because=_because(noun, judged),
        matters=_MATTERS.format(noun=noun),
        advice=_SERIES if noun == "window" else _ADVICE[judged.rates.kind].format(noun=noun),
        rows={"test": tuple(hits.test[:MOST_PLACES].tolist()), "train": tuple(hits.train[:MOST_PLACES].tolist())},
        pairs=pairs,
        measured=counted,
    )
    return answered(rule, [finding], measured=counted, hits=hits)


def _what(noun: str, judged: Judged, looked_at: int) -> str:
    count = len(judged.hits)
    says = f"{count:,} of {looked_at:,} test {noun}s ({percent(judged.rates.rate)}) "
    says += "is a near copy of a train " if count == 1 else "are near copies of train "
    return says + noun + ("" if count == 1 else "s")


def _because(noun: str, judged: Judged) -> str:
    near = f"each is at most {judged.limit:.2f} times as far from its train {noun} as other train {noun}s are"
    null = f"{percent(judged.rates.null)} of train {noun}s have such a partner within train"
    if judged.rates.kind == "structural":
        return f"{near}; {null}, and an honest split would show no more (z = {judged.rates.z:.1f})"
    if judged.rates.kind == "inherited":
        return f"{near}; {null}, about as often: the copies were in the data before it was split"
    return f"{near}; {null}, so this is no more than chance allows, or a few copies"

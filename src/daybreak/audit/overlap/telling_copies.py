"""Near copies of pictures, sounds and series in words: how many, against what, what it does to the score, what to do."""

from typing import Any

from daybreak.audit.outcome import MOST_PLACES, Finding, Hits, Outcome, Pair, answered
from daybreak.audit.overlap.rates import percent
from daybreak.audit.overlap.thresholds import Judged

SHOWN = 24  # pairs that a page shows

_MATTERS = (
    "A model that remembers the train {noun} has the answer for its copy: the score says how well it remembers, "
    "not how well it would do on new {noun}s."
)
_ADVICE = {
    "structural": (
        "Split first and augment afterwards; put all copies of one {noun} on the same side, "
        "or take the test {noun}s that are listed out and score again."
    ),
    "inherited": (
        "Look at the pairs. Where they are copies, keep one of each family, or put families on one side, and score again; "
        "the score on clean rows stands beside the one on all."
    ),
    "few": "Look at the pairs, and take those test {noun}s out if they are copies.",
}
_SERIES = (
    "Cut the series in two at one point in time before windows are made of it, leave a gap between the parts, "
    "and score again without the rows that are listed."
)


def outcome(
    rule: str, noun: str, judged: Judged, hits: Hits, pairs: tuple[Pair, ...], measured: dict[str, Any], of: int = 0
) -> Outcome:
    """The answer for one judged overlap. `noun`: "picture", "recording" or "window". `measured`: with `test_looked_at`.

    `of`: how many test samples there are, where not all may have been looked at.
    """
    part = {"test": measured["test_looked_at"]} if measured["test_looked_at"] < of else {}
    counted = {
        **measured,
        "test_near_copies": len(judged.hits),
        "test_rate": judged.rates.rate,
        "train_rate": judged.rates.null,
        "z": judged.rates.z,
        "ratio_limit": judged.limit,
    }
    if judged.rates.kind == "none":
        return answered(rule, measured=counted, looked_at=part)
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
    return answered(rule, [finding], measured=counted, hits=hits, looked_at=part)


def _what(noun: str, judged: Judged, looked_at: int) -> str:
    count, share = len(judged.hits), percent(judged.rates.rate)
    if count == 1:
        return f"1 of {looked_at:,} test {noun}s ({share}) is a near copy of a train {noun}."
    return f"{count:,} of {looked_at:,} test {noun}s ({share}) are near copies of train {noun}s."


def _because(noun: str, judged: Judged) -> str:
    near = f"Each is at most {judged.limit:.2f} times as far from its train {noun} as other train {noun}s are"
    null = f"{percent(judged.rates.null)} of train {noun}s have such a partner within train"
    if judged.rates.kind == "structural":
        return f"{near}. {null}, and an honest split would show no more (z = {judged.rates.z:.1f}; structural: above 4 and 0.1 points)."
    if judged.rates.kind == "inherited":
        return f"{near}. {null}, about as many: the copies were there before the split, or {noun}s of this kind look alike."
    return f"{near}. {null}: a few copies, or no more than chance."

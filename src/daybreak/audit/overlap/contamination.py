"""Passages of train texts within test texts: sequences of 13 words, and texts made mostly of sequences of 8.

13 words as in Brown et al., "Language models are few-shot learners", 2020, appendix C; 70 % of a text's sequences of 8 as in Chowdhery et
al., "PaLM", 2022. Sequences that stand in many texts (disclaimers, prompts) are boilerplate and do not count; texts that are equal as a
whole are told by other rules. Train against itself says how often passages are shared by nature.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from daybreak.audit.about import Column
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import MOST_PLACES, Finding, Hits, NotApplicable, Outcome, Pair, Row, answered
from daybreak.audit.overlap.rates import Rates, percent, rates
from daybreak.audit.overlap.sequences import Bools, Floats, Index, Texts, different, in_words
from daybreak.audit.overlap.shingles import Indices

RULE = "contamination"
LONG, SHORT = 13, 8  # words
COVERED = 0.7  # share of a text's sequences of 8 from which it counts as taken over
FEWEST = 20  # train texts of 8 words or more
BOILERPLATE, BOILERPLATE_SHARE = 10, 0.001  # texts that hold a sequence which says nothing: the larger of the two
SHOWN = 24


@dataclass(frozen=True)
class Shared:
    """Of texts: share of sequences of 8 that train holds, whether it holds one of 13, and a train text that does (-1: none)."""

    covered: Floats
    passage: Bools
    partner: Indices

    @property
    def hits(self) -> Bools:
        """Which texts count."""
        return self.passage | (self.covered >= COVERED)


@dataclass(frozen=True)
class Looked:
    """One column."""

    column: Column
    train: Texts
    test: Texts
    shared: Shared
    rates: Rates


def ngrams(frame: Frame) -> Outcome:
    """Test texts that hold passages of train. Raises `NotApplicable` without texts of at least 8 words."""
    columns = frame.about.typed("text")
    looked = [found for column in columns if (found := _look(frame, column)) is not None]
    if not looked:
        raise NotApplicable(
            f"needs a column of free text with {FEWEST} train texts and a test text of {SHORT} words or more"
        )
    findings = [_finding(frame, each) for each in looked if each.rates.kind != "none"]
    measured = {each.column.name: _measured(each) for each in looked}
    return answered(RULE, findings, measured=measured, hits=_hits(frame, looked[0]) if len(looked) == 1 else None)


def _look(frame: Frame, column: Column) -> Looked | None:
    if any(column.name not in part.rows.column_names for part in (frame.train, frame.test)):
        return None
    sides = [different(part, column.name, SHORT) for part in (frame.train, frame.test)]
    train, test = in_words(sides[0], sides[1])
    if len(train.texts) < FEWEST or not len(test.texts):
        return None
    most = max(BOILERPLATE, int(BOILERPLATE_SHARE * len(train.texts)))
    long, short = (Index(train, test, length, most) for length in (LONG, SHORT))
    new = ~np.asarray(pc.is_in(test.texts, value_set=train.texts))
    dull = [short.boilerplate(len(side.words), test=side is test) for side in (train, test)]
    own = _shared(long.shared(dull[0], test=False), short.shared(dull[0], test=False))
    shared = _shared(long.shared(dull[1], test=True), short.shared(dull[1], test=True))
    shared = Shared(np.where(new, shared.covered, np.float32(0)), shared.passage & new, shared.partner)
    found = rates(int(shared.hits.sum()), len(test.texts), int(own.hits.sum()), len(train.texts))
    return Looked(column, train, test, shared, found)


def _shared(long: tuple[Floats, Indices], short: tuple[Floats, Indices]) -> Shared:
    partner = np.where(long[1] >= 0, long[1], short[1])
    return Shared(short[0], long[0] > 0, partner)


def _hits(frame: Frame, looked: Looked) -> Hits:
    """Test rows that are taken over for the most part: a shared passage alone is no copy."""
    most = np.flatnonzero(looked.shared.covered >= COVERED)
    order = np.argsort(looked.test.rows[most])
    most = most[order]
    partners = frame.train.positions[looked.train.rows[looked.shared.partner[most]]]
    return Hits(frame.test.positions[looked.test.rows[most]], partners, looked.shared.covered[most])


def _measured(looked: Looked) -> dict[str, Any]:
    shared = looked.shared
    return {
        "test_texts_compared": len(looked.test.texts),
        "train_texts_compared": len(looked.train.texts),
        "with_a_passage_of_13_words": int(shared.passage.sum()),
        "mostly_taken_over": int((shared.covered >= COVERED).sum()),
        "test_rate": round(looked.rates.rate, 6),
        "train_rate": round(looked.rates.null, 6),
        "z": round(looked.rates.z, 2),
        "kind": looked.rates.kind,
    }


def _finding(frame: Frame, looked: Looked) -> Finding:
    found, shared = looked.rates, looked.shared
    order = np.flatnonzero(shared.hits)[np.argsort(-shared.covered[shared.hits], kind="stable")]
    tests, trains = looked.test.rows[order], looked.train.rows[shared.partner[order]]
    return Finding(
        RULE,
        found.severity,
        _what(looked),
        "high",
        because=_because(looked),
        matters="What a model has read in training it can complete or answer from memory: its score on such texts is too high."
        if found.kind != "few"
        else "Small: see the score on the clean rows, if anything was scored.",
        advice=_advice(looked),
        subject=looked.column.name,
        rows={
            "test": tuple(np.sort(frame.test.positions[tests])[:MOST_PLACES].tolist()),
            "train": tuple(np.unique(frame.train.positions[trains])[:MOST_PLACES].tolist()),
        },
        columns=(looked.column.name,),
        pairs=tuple(_pair(frame, looked, i) for i in order[:SHOWN]),
        measured=_measured(looked),
    )


def _pair(frame: Frame, looked: Looked, text: int) -> Pair:
    row, partner = int(looked.test.rows[text]), int(looked.train.rows[looked.shared.partner[text]])
    covered = float(looked.shared.covered[text])
    left, right = (
        Row(
            side,
            int(part.positions[at]),
            str(part.rows.column("@name")[at]) if "@name" in part.rows.column_names else "",
        )
        for side, part, at in (("train", frame.train, partner), ("test", frame.test, row))
    )
    return Pair(left, right, round(covered, 3), f"{covered:.0%} of its sequences of {SHORT} words stand in train")


def _what(looked: Looked) -> str:
    found, taken = looked.rates, int((looked.shared.covered >= COVERED).sum())
    one = found.hits == 1
    text = f"{found.hits:,} of the {len(looked.test.texts):,} different test texts of column {looked.column.name!r} "
    text += (
        f"({percent(found.rate)}) {'holds' if one else 'hold'} passages that stand in other train texts, word for word"
    )
    text += f"; {taken:,} of them for the most part" if taken else ""
    origin = {
        "inherited": ": train's own texts share passages about as often, so the split did not bring them in",
        "few": "; too few to matter",
    }
    return f"{text}{origin.get(found.kind, '')}."


def _because(looked: Looked) -> str:
    found = looked.rates
    return (
        f"A passage is a sequence of {LONG} words, or {COVERED:.0%} of a text's sequences of {SHORT} words; sequences that stand in many "
        f"texts do not count, nor do texts that are equal as a whole. {percent(found.null)} of train's texts share one with another "
        f"train text. Measured: {percent(found.rate)}, z = {found.z:.1f} (structural: above 4 and 0.1 points)."
    )


def _advice(looked: Looked) -> str:
    if looked.rates.kind == "few":
        return "Look at the pairs; take these test texts out if they quote train."
    if looked.rates.kind == "inherited":
        return "Split by document or source, so that texts that quote each other stand on one side; report the score on the clean part."
    return "Take the train texts that hold these passages out of train, train and score again; look where test documents entered train."

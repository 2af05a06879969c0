"""Near copies of texts in words: how many, against what, what it does to the score, what to do."""

from typing import Any

import numpy as np

from daybreak.audit.frame import Frame
from daybreak.audit.outcome import MOST_PLACES, Finding, Pair, Row
from daybreak.audit.overlap.compared_texts import Looked, first_rows
from daybreak.audit.overlap.rates import percent

RULE = "overlap.near.text"
FAMILIES = 0.2  # share of train texts that stand in other rows, too: rows come in families of one text
SHOWN = 24  # pairs that a page shows


def finding(frame: Frame, looked: Looked) -> Finding | None:
    """What is said of one column; nothing where it holds no near copy."""
    judged = looked.judged
    if judged.rates.kind == "none":
        return None
    rows = looked.found.rows[judged.hits]
    partners = _partner_rows(looked)
    return Finding(
        RULE,
        "info" if looked.judged.forms else judged.rates.severity,
        _what(looked),
        "high",
        because=_because(looked),
        matters=_matters(looked),
        advice=_advice(looked),
        subject=looked.column.name,
        rows={
            "test": tuple(frame.test.positions[rows[:MOST_PLACES]].tolist()),
            "train": tuple(np.unique(frame.train.positions[partners])[:MOST_PLACES].tolist()),
        },
        columns=(looked.column.name,),
        pairs=_pairs(frame, looked, rows, partners),
        measured=measured(looked),
    )


def measured(looked: Looked) -> dict[str, Any]:
    """All numbers, also where nothing was found."""
    judged, found = looked.judged, looked.found
    return {
        "test_rows_compared": len(found.rows),
        "test_rows_too_short": len(looked.test.rows) - len(found.rows),
        "test_near_copies": len(judged.hits),
        "test_rate": round(judged.rates.rate, 6),
        "train_rate": round(judged.rates.null, 6),
        "z": round(judged.rates.z, 2),
        "similarity_limit": round(judged.least, 3),
        "told_by_overlap_exact": int(found.same.sum()) if looked.alone else 0,
        "kind": judged.rates.kind,
    }


def _partner_rows(looked: Looked) -> Any:
    return first_rows(looked.train)[looked.found.partner[looked.judged.hits]]


def _what(looked: Looked) -> str:
    judged, compared = looked.judged, len(looked.found.rows)
    count = len(judged.hits)
    whole = (
        f"Every one of the {compared:,} test texts"
        if count == compared
        else f"{count:,} of the {compared:,} test texts"
    )
    text = f"{whole} of column {looked.column.name!r} ({percent(judged.rates.rate)}) "
    text += f"{'is' if count in {1, compared} else 'are'} in train" + (
        " but for small changes" if looked.alone else ", or nearly so"
    )
    if looked.judged.forms:
        return f"{text}: they are alike by nature, as are train's own, such as forms that are filled in."
    inherited = ": inherited from copies in the data, not brought in by the split"
    if not looked.alone and judged.rates.null > FAMILIES:
        inherited = ": rows of train share it among each other as well, and the split does not keep such rows together"
    origin = {
        "inherited": inherited,
        "few": "; too few to matter, or alike by chance",
    }
    return f"{text}{origin.get(judged.rates.kind, '')}."


def _because(looked: Looked) -> str:
    judged = looked.judged
    told = f"Two texts count as copies if they share {judged.least:.0%} of their sequences of five letters"
    told += ", capitals and punctuation aside"
    told += "; unchanged ones are counted by overlap.exact. " if looked.alone else ". "
    told += f"{percent(judged.rates.null)} of train's own texts have such a partner within train, "
    told += "which is what an honest split gives test, too. "
    return (
        told + f"Measured: {percent(judged.rates.rate)}, z = {judged.rates.z:.1f} (structural: above 4 and 0.1 points)."
    )


def _matters(looked: Looked) -> str:
    if looked.judged.forms:
        return "Nothing, if the texts are made so; what differs between two of them is then a few words or numbers."
    if looked.judged.rates.kind == "few":
        return "Small: see the score on the clean rows, if anything was scored."
    if not looked.alone:
        return (
            "A model that has seen a text with its answer in training may know test rows by that text; "
            "the score then says little about texts it has not seen."
        )
    return "A model that remembers a train text has the answer for its copy: the score says how well it remembers."


def _advice(looked: Looked) -> str:
    if looked.judged.forms:
        return "Look at some pairs: if they are versions of one document, put all versions of one on the same side."
    if looked.judged.rates.kind == "few":
        return "Look at the pairs; take these test texts out if they are copies."
    if not looked.alone:
        return f"Split so that rows with one {looked.column.name} stand on one side (--group {looked.column.name})."
    if looked.judged.rates.kind == "structural":
        return "Take these texts out of train or test and score again; look where rephrased or augmented texts are made before the split."
    return "Keep one text of each family of copies, or put a family on one side, and split again; report the score on the clean part."


def _pairs(frame: Frame, looked: Looked, rows: Any, partners: Any) -> tuple[Pair, ...]:
    """The most similar changed ones first."""
    similarity = looked.found.similarity[looked.judged.hits]
    same = looked.found.same[looked.judged.hits]
    order = np.lexsort((rows, -similarity, same))[:SHOWN]
    return tuple(
        Pair(
            Row("train", int(frame.train.positions[partners[i]]), _name(frame.train.rows, int(partners[i]))),
            Row("test", int(frame.test.positions[rows[i]]), _name(frame.test.rows, int(rows[i]))),
            round(float(similarity[i]), 3),
            "unchanged"
            if same[i]
            else "differs in capitals or punctuation"
            if similarity[i] == 1
            else "differs in a few words",
        )
        for i in order
    )


def _name(rows: Any, row: int) -> str:
    return str(rows.column("@name")[row].as_py()) if "@name" in rows.column_names else ""

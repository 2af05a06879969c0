"""Test texts that stand in train but for a few words, capitals or punctuation.

Each column of free text is looked at by itself: texts become sets of hashed five-character sequences (`shingles`), candidates share a
band of their MinHash sketches (`lookalikes`), and each candidate is confirmed by the true Jaccard similarity of the sets. Train
against itself says from which similarity on two texts are more than alike in topic, and how many copies the data holds by nature.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit import chance
from daybreak.audit.about import About, Column
from daybreak.audit.canonical import plain
from daybreak.audit.canonical import texts as as_written
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import Hits, NotApplicable, Outcome, answered
from daybreak.audit.overlap import telling_texts
from daybreak.audit.overlap.compared_texts import Floats, Judged, Likeness, Looked, Side, first_rows
from daybreak.audit.overlap.lookalikes import Keyed, by_rare_sequences, by_sketches, candidates
from daybreak.audit.overlap.rates import rates
from daybreak.audit.overlap.shingles import Indices, Shingles, jaccard, long_enough, normalised, shingles

RULE = "overlap.near.text"
LOO = 8_000  # train texts that are compared with the rest of train
LEAST, SURE = 0.5, 0.8  # similarity: never a copy below, always one above
QUANTILE = 0.999  # of train's own neighbours that are no sure copies: a copy lies above
FORMS = 0.5  # share of train texts, unchanged ones aside, that have a partner within train
FEWEST = 20  # train texts: with fewer nothing is known of how alike texts are


def near(frame: Frame) -> Outcome:
    """Near copies of train texts in test. Raises `NotApplicable` without free text, or with too little of it."""
    columns = frame.about.typed("text")
    if not columns:
        raise NotApplicable("needs a column of free text")
    looked = [found for column in columns if (found := look(frame, column)) is not None]
    if not looked:
        raise NotApplicable(f"needs {FEWEST} different train texts and a test text of three words or more")
    findings = [finding for each in looked if (finding := telling_texts.finding(frame, each)) is not None]
    measured = {each.column.name: telling_texts.measured(each) for each in looked}
    return answered(RULE, findings, measured=measured, hits=_hits(frame, looked))


def look(frame: Frame, column: Column) -> Looked | None:
    """One column judged; None where a side holds too little text."""
    if any(column.name not in part.rows.column_names for part in (frame.train, frame.test)):
        return None
    train, test = _side(frame.train, column), _side(frame.test, column)
    if len(train.texts) < FEWEST or not len(test.texts):
        return None
    draw = chance.generator(frame.seed, RULE, column.name)
    asked = np.sort(draw.permutation(len(train.texts))[:LOO])
    own, found = _compared(train, test, asked)
    alone = is_alone(frame.about, column)
    null = _against_itself(train, own, asked)
    return Looked(column, train, test, found, judge(null, found, alone=alone), alone)


def is_alone(about: About, column: Column) -> bool:
    """Whether a sample is this text and nothing else, but for a label."""
    return column.purpose == "content" or all(other.name == column.name for other in about.having("feature"))


def _side(part: Part, column: Column) -> Side:
    values = plain(part.rows.column(column.name))
    written = as_written(values).dictionary_encode()
    texts = normalised(values)
    enough = pa.array(long_enough(texts))
    encoded = pc.if_else(enough, texts, pa.scalar(None, pa.string())).dictionary_encode()
    rows, spelt = (np.asarray(each.indices.fill_null(-1), np.int64) for each in (encoded, written))
    return Side(encoded.dictionary, rows, spelt, written.dictionary)


def _compared(train: Side, test: Side, asked: Indices) -> tuple[tuple[Indices, Floats], Likeness]:
    """The nearest other train text of the texts that are asked, by text; and the nearest train text of each test row."""
    points, queries = shingles(train.texts), shingles(test.texts)
    try:
        keyed, asking = by_sketches(points), by_sketches(queries)
    except ImportError:
        keyed, asking = by_rare_sequences(train.texts, test.texts)
    own = _nearest(points, points, candidates(_only(keyed, asked, len(points)), keyed, LEAST, itself=True))
    partner, similarity = _nearest(queries, points, candidates(asking, keyed, LEAST))
    equal = _index(test.texts, train.texts)
    partner, similarity = np.where(equal >= 0, equal, partner), np.where(equal >= 0, np.float32(1), similarity)
    rows = np.flatnonzero(test.rows >= 0)
    same = _index(test.spellings, train.spellings)[test.written[rows]] >= 0
    return own, Likeness(rows, partner[test.rows[rows]], similarity[test.rows[rows]], same)


def _index(wanted: pa.Array, among: pa.Array) -> Indices:
    return np.asarray(pc.index_in(wanted, value_set=among).fill_null(-1), np.int64)


def _only(keyed: Keyed, rows: Indices, count: int) -> Keyed:
    wanted = np.zeros(count, bool)
    wanted[rows] = True
    kept = wanted[keyed.rows]
    return Keyed(keyed.rows[kept], keyed.keys[kept], keyed.sketches)


def _nearest(queries: Shingles, points: Shingles, pairs: Indices) -> tuple[Indices, Floats]:
    """For each query the most similar point, and how similar it is."""
    similarity = jaccard(queries, points, pairs)
    best, point = np.zeros(len(queries), np.float32), np.full(len(queries), -1, np.int64)
    order = np.lexsort((-pairs[:, 1], similarity))  # the last one written stays: the most similar, the first of equals
    best[pairs[order, 0]] = similarity[order]
    point[pairs[order, 0]] = pairs[order, 1]
    return point, best


def _against_itself(train: Side, own: tuple[Indices, Floats], asked: Indices) -> Likeness:
    """The null: rows whose texts were asked, and the rest of train. A text that stands twice is its own nearest."""
    chosen = np.zeros(len(train.texts), bool)
    chosen[asked] = True
    rows = np.flatnonzero((train.rows >= 0) & chosen[train.rows])
    texts = train.rows[rows]
    twice = np.bincount(train.rows[train.rows >= 0], minlength=len(train.texts))[texts] > 1
    same = np.bincount(train.written[train.written >= 0], minlength=len(train.spellings))[train.written[rows]] > 1
    return Likeness(rows, own[0][texts], np.where(twice, np.float32(1), own[1][texts]), same)


def limit(similarity: Floats) -> float:
    """From which similarity on two texts count as copies, by train's own neighbours; sure copies aside."""
    unsure = similarity[similarity < SURE]
    return float(np.clip(np.quantile(unsure, QUANTILE), LEAST, SURE)) if len(unsure) else SURE


def judge(train: Likeness, test: Likeness, *, alone: bool) -> Judged:
    """Whether test has more copies in train than train within itself: z > 4 and more than 0.1 points, as in `overlap.exact`.

    `alone`: unchanged texts are not counted on either side.
    """
    least = limit(train.similarity[~train.same])
    judged = [_judged(train, test, level, alone=alone) for level in dict.fromkeys((least, SURE))]
    structural = [each for each in judged if each.rates.kind == "structural"]
    apart = least == LEAST  # nothing is that alike by nature: then few hits are to be believed, too
    return structural[0] if structural else judged[0] if apart else judged[-1]


def _judged(train: Likeness, test: Likeness, least: float, *, alone: bool) -> Judged:
    hits = np.flatnonzero((test.similarity >= least) & ~(test.same & alone))
    twins = int(((train.similarity >= least) & ~(train.same & alone)).sum())
    found = rates(len(hits), len(test.rows), twins, len(train.rows))
    forms = alone and found.kind == "inherited" and twins > FORMS * max(1, int((~train.same).sum()))
    return Judged(least, hits, found, forms)


def _hits(frame: Frame, looked: list[Looked]) -> Hits:
    """Rows of which every text that was compared is a copy; the most similar text says of which train row."""
    copies = np.ones(len(frame.test.positions), bool)
    compared = np.zeros(len(copies), bool)
    similarity, partner = np.zeros(len(copies), np.float32), np.zeros(len(copies), np.int64)
    for each in looked:
        found, is_copy = each.found, np.zeros(len(copies), bool)
        is_copy[found.rows[each.judged.hits]] = not each.judged.forms
        compared[found.rows] = True
        copies[found.rows] &= is_copy[found.rows]
        better = np.flatnonzero(found.similarity > similarity[found.rows])
        rows = found.rows[better]
        similarity[rows], partner[rows] = found.similarity[better], first_rows(each.train)[found.partner[better]]
    rows = np.flatnonzero(copies & compared)
    return Hits(frame.test.positions[rows], frame.train.positions[partner[rows]], similarity[rows])

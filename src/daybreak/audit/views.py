"""Features as baselines want them: for linear models, neighbours and trees. Unlike `encoding` it learns: from train alone.

Numbers are standardised (median for a missing one, and a column that says so), categories one-hot, text TF-IDF of words and pairs of words;
what is wide is brought to 64 directions by a randomised singular value decomposition (Halko, Martinsson and Tropp, 2011).
"""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.about import About
from daybreak.audit.canonical import plain
from daybreak.audit.encoding import MOST_DIMENSIONS, Codes, Encoded, Matrix, encode
from daybreak.audit.frame import Frame, Part

WIDE = 64  # more columns than this are brought down to as many, for neighbours and trees
LEVELS = 50  # of a category that have a column of their own
CODES = 250  # of a category that trees tell apart: a histogram has 255 bins
WORDS = 30_000
FAR = 10.0  # standard deviations beyond which a number is as far as can be
MOST_FITTED = 20_000  # rows that a decomposition is fitted on
MOST_NUMBERS, FEWEST_ROWS = 20_000_000, 1000

Pair = tuple[Any, Any]  # (n, d) of train, (m, d) of test


@dataclass(frozen=True)
class Views:
    """Each a pair of matrices, train's (n, d) and test's (m, d). `categorical`: which columns of `trees` are codes."""

    linear: Pair  # sparse where there is text
    neighbours: Pair
    trees: Pair
    categorical: "np.ndarray[Any, np.dtype[np.bool_]]"


def affordable(about: About, most: int) -> int:
    """At most how many rows are fitted on: `most`, or as many as make 20 million numbers, 1,000 at least."""
    width = sum(min(prod(column.shape), MOST_DIMENSIONS) for column in about.having("feature", "content"))
    return max(FEWEST_ROWS, min(most, MOST_NUMBERS // max(width, 1)))


def taken(frame: Frame, rows: Codes, rows_test: Codes) -> Frame:
    """The frame with these rows alone (indices into its parts)."""
    return replace(frame, train=_rows(frame.train, rows), test=_rows(frame.test, rows_test))


def _rows(part: Part, rows: Codes) -> Part:
    if len(rows) == len(part.positions):
        return part
    return Part(part.rows.take(rows), part.positions[rows], part.total)


def views(frame: Frame, leave_out: frozenset[str] = frozenset()) -> Views:
    """All features of a frame but some columns. Raises `ValueError` where none is left."""
    columns = [c for c in frame.about.having("feature", "content") if c.name not in leave_out]
    encoded = _with_values(encode(frame, [column for column in columns if column.type != "text"]))
    texts = [_text(frame, column.name) for column in columns if column.type == "text"]
    if not encoded.names and not texts:
        raise ValueError("there is no feature to predict from")
    numeric, codes = _scaled(encoded), _one_hot(encoded)
    raw = _raw(encoded)
    if numeric[0].shape[1] > 2 * WIDE:
        numeric = raw = _narrow(numeric, frame.seed)
    words = [_narrow(pair, frame.seed) for pair in texts]
    linear = _beside([numeric, codes, *texts])
    trees = _beside([raw, _ranked(encoded), *words])
    near = _beside([numeric, codes, *words])
    if near[0].shape[1] > 2 * WIDE:
        near = _narrow(near, frame.seed)
    categorical = np.zeros(trees[0].shape[1], bool)
    categorical[raw[0].shape[1] : raw[0].shape[1] + int(encoded.categorical.sum())] = True
    return Views(linear, near, trees, categorical)


def _with_values(encoded: Encoded) -> Encoded:
    """Only the columns that have a value in train."""
    there = ~np.isnan(encoded.train).all(0)
    if there.all() or not len(encoded.train):
        return encoded
    names, sources = (tuple(np.array(names, object)[there]) for names in (encoded.names, encoded.sources))
    return Encoded(encoded.train[:, there], encoded.test[:, there], names, sources, encoded.categorical[there])


def _beside(pairs: list[Pair]) -> Pair:
    """Blocks side by side: sparse where one of them is."""
    from scipy import sparse

    pairs = [pair for pair in pairs if pair[0].shape[1]]
    if any(sparse.issparse(pair[0]) for pair in pairs):
        train, test = (sparse.hstack([sparse.csr_matrix(block) for block in side]).tocsr() for side in zip(*pairs))  # noqa: B905
        return train, test
    return np.hstack([pair[0] for pair in pairs]), np.hstack([pair[1] for pair in pairs])


def _raw(encoded: Encoded) -> Pair:
    return encoded.train[:, ~encoded.categorical], encoded.test[:, ~encoded.categorical]


def _scaled(encoded: Encoded) -> Pair:
    """Numbers in standard deviations from train's mean; missing ones are the median, and say so in a column."""
    train, test = _raw(encoded)
    train, test = train.astype(np.float64), test.astype(np.float64)
    if not train.shape[1]:
        return np.empty((len(train), 0), np.float32), np.empty((len(test), 0), np.float32)
    gaps = np.isnan(train).any(0)
    medians = np.nanmedian(train, axis=0)
    holes = np.isnan(train[:, gaps]), np.isnan(test[:, gaps])
    train, test = np.where(np.isnan(train), medians, train), np.where(np.isnan(test), medians, test)
    mean, spread = train.mean(0), train.std(0)
    spread[spread <= 1e-9 * np.abs(mean)] = 1
    spread[spread == 0] = 1
    scaled = [np.clip((side - mean) / spread, -FAR, FAR) for side in (train, test)]
    left, right = (np.hstack([s, h]).astype(np.float32) for s, h in zip(scaled, holes, strict=True))
    return left, right


def _categories(encoded: Encoded, most: int) -> list[tuple[Codes, Codes, int]]:
    """Per category the codes of both sides by train's frequency, 0 the most frequent; -1 beyond `most` and where missing."""
    found = []
    for index in np.flatnonzero(encoded.categorical):
        train, test = (np.nan_to_num(side[:, index], nan=-1).astype(np.int64) for side in (encoded.train, encoded.test))
        counts = np.bincount(train[train >= 0], minlength=max(int(test.max(initial=0)), int(train.max(initial=0))) + 1)
        order = np.argsort(-counts, kind="stable")
        rank = np.full(len(counts) + 1, -1)
        kept = order[: min(most, int((counts > 0).sum()))]
        rank[kept] = np.arange(len(kept))
        found.append((rank[train], rank[test], len(kept)))
    return found


def _one_hot(encoded: Encoded) -> Pair:
    blocks = [
        tuple((side[:, None] == np.arange(width)).astype(np.float32) for side in (train, test))
        for train, test, width in _categories(encoded, LEVELS)
    ]
    empty = np.empty((len(encoded.train), 0), np.float32), np.empty((len(encoded.test), 0), np.float32)
    train, test = (np.hstack(side) for side in zip(empty, *blocks, strict=True))
    return train, test


def _ranked(encoded: Encoded) -> Pair:
    """Codes for trees: NaN where missing, rare or unknown."""
    sides: list[list[Matrix]] = [[], []]
    for train, test, _ in _categories(encoded, CODES):
        for side, codes in zip(sides, (train, test), strict=True):
            side.append(np.where(codes < 0, np.nan, codes).astype(np.float32)[:, None])
    if not sides[0]:
        return np.empty((len(encoded.train), 0), np.float32), np.empty((len(encoded.test), 0), np.float32)
    return np.hstack(sides[0]), np.hstack(sides[1])


def _text(frame: Frame, name: str) -> Pair:
    """TF-IDF of words and pairs of words, (n, words) sparse; its vocabulary is train's."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    train, test = ([text or "" for text in plain(part.rows[name]).to_pylist()] for part in (frame.train, frame.test))
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2),
        sublinear_tf=True,
        max_features=WORDS,
        dtype=np.float32,
        token_pattern=r"(?u)\b\w+\b",  # noqa: S106
    )
    try:
        fitted = vectorizer.fit_transform(train)
    except ValueError:  # not one word
        return sparse.csr_matrix((len(train), 1), dtype=np.float32), sparse.csr_matrix((len(test), 1), dtype=np.float32)
    return fitted, vectorizer.transform(test) if test else fitted[:0]


def _narrow(pair: Pair, seed: int) -> Pair:
    """At most 64 directions of train's largest variance (about zero where sparse)."""
    from sklearn.decomposition import PCA, TruncatedSVD

    train, test = pair
    width = min(WIDE, train.shape[1] - 1, train.shape[0] - 1)
    if width < 1 or not test.shape[0]:
        dense = (side[:, :WIDE].toarray() if hasattr(side, "toarray") else side[:, :WIDE] for side in pair)
        return tuple(dense)
    state = chance.state(seed, "narrow")
    sparse = hasattr(train, "toarray")
    model = (
        TruncatedSVD(width, random_state=state) if sparse else PCA(width, svd_solver="randomized", random_state=state)
    )
    model.fit(train[:: -(-train.shape[0] // MOST_FITTED)])  # every so manyth row: rows may be sorted
    return model.transform(train).astype(np.float32), model.transform(test).astype(np.float32)

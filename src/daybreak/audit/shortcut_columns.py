"""What is known of a sample without looking at its content: metadata of files, ids, lengths of texts, parts of names."""

from dataclasses import dataclass

import numpy as np

from daybreak.audit.about import META, Column
from daybreak.audit.encoding import Codes, Vector, category_codes, encode, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.group_guessing import Candidate, determines, tokens
from daybreak.audit.problem import Problem
from daybreak.audit.sketch import numbers_rows, spoken

MOST_VALUES = 40  # of a part of the name that can be learnt
OF_CONTENT = frozenset({"loudness", "peak"})


@dataclass(frozen=True)
class Known:
    """What is known without the content: one number a row of train, (n,), NaN where missing.

    `content`: it is measured in the content, as loudness is. That says something of the target by nature, so it counts only alone.
    """

    name: str
    column: str
    values: Vector
    content: bool = False


def known_of(frame: Frame, problem: Problem) -> list[Known]:
    """All that is known without the content, of train's rows that have a target."""
    columns = [c for c in frame.about.having("meta", "id", "feature") if _tells_about(frame, c)]
    found = [
        Known(
            spoken(column.name),
            column.name,
            _values(frame, column)[problem.rows],
            spoken(column.name) in OF_CONTENT,
        )
        for column in columns
    ]
    found += _lengths(frame, problem)
    for token in tokens(frame):
        declared = next((c.purpose for c in frame.about.columns if c.name == token.name), "meta")
        if declared in {"meta", "name"} and (values := _of_token(token, problem)) is not None:
            found.append(Known(spoken(token.name), token.name, values))
    return found


def _tells_about(frame: Frame, column: Column) -> bool:
    """Whether a column is about the sample, not of it: metadata, an id, a running number among the features."""
    if column.type in {"empty", "digest", "image", "audio", "vector", "text"}:
        return False
    if column.purpose == "meta":
        return column.name.startswith(META)
    return column.purpose == "id" or numbers_rows(frame, column)


def _values(frame: Frame, column: Column) -> Vector:
    if column.type == "category":
        return _by_frequency(category_codes(frame.train.rows[column.name], frame.test.rows[column.name])[0])
    return numbers(frame.train.rows[column.name])


def _by_frequency(codes: Codes) -> Vector:
    """Codes in order of frequency; the rare ones as one; NaN where there is none."""
    counts = np.bincount(codes[codes >= 0], minlength=1)
    rank = np.empty(len(counts), np.float64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.where(codes < 0, np.nan, np.minimum(rank, MOST_VALUES)[np.maximum(codes, 0)])


def _lengths(frame: Frame, problem: Problem) -> list[Known]:
    """Lengths of texts where texts are all there is (files' lengths are metadata anyway)."""
    of_data = frame.about.having("feature")
    texts = [column for column in of_data if column.type == "text"]
    if not texts or len(texts) < len(of_data):
        return []
    encoded = encode(frame, texts)
    found = []
    for column in texts:
        length = encoded.train[problem.rows, encoded.sources.index(column.name)]
        found.append(Known(f"the length of {spoken(column.name)}", column.name, length.astype(np.float64)))
    return found


def _of_token(token: Candidate, problem: Problem) -> Vector | None:
    """A part of the name as a number a row; None if it is the label's own, or a counter that begins anew in each class."""
    codes = token.train[problem.rows]
    if not problem.numeric and determines(codes, problem.y.astype(np.int64)):
        return None
    counts = [value.isdecimal() for value in token.values]
    if all(counts) and len(counts) > MOST_VALUES:
        as_numbers = np.array([float(value) for value in token.values])
        values = np.where(codes < 0, np.nan, as_numbers[np.maximum(codes, 0)])
        return None if _counts_anew(values, problem) else values
    return _by_frequency(codes) if len(token.values) <= MOST_VALUES else None


def _counts_anew(values: Vector, problem: Problem) -> bool:
    """Whether numbers count the files of each class: they say how many there are, and nothing of a sample."""
    if problem.numeric:
        return False
    whole = float(np.nanmax(values) - np.nanmin(values)) or 1.0
    starts = [
        np.nanmin(values[problem.y == y]) for y in np.unique(problem.y) if not np.isnan(values[problem.y == y]).all()
    ]
    return bool(max(starts) - min(starts) < 0.1 * whole)

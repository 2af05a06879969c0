"""What is remembered of a reference and counted of a window; plain records that travel as JSON.

A column (a field of a signature) is followed by one or more *tracks*: a number by itself, a text by its length, its letters, its known
words. A track of numbers is a histogram, a track of classes is counts.
"""

from typing import Literal

import msgspec

Kind = Literal["number", "boolean", "category", "text", "image", "audio", "tensor", "embedding", "label", "span"]
Side = Literal["input", "output"]


class Numbers(msgspec.Struct, frozen=True, tag="numbers"):
    """A track of numbers in the reference.

    `edges` (k + 1, ascending) cut the k bins `(edges[i], edges[i + 1]]`; the first edge lies just below the smallest value, the last is the
    largest. `counts` (k,). `rows` counts missing values, too.
    """

    name: str
    rows: int
    missing: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    mean: float
    sd: float
    quantiles: tuple[float, ...]  # at QUANTILES


class Classes(msgspec.Struct, frozen=True, tag="classes"):
    """A track of classes in the reference: the commonest values with their counts; `rest` rows hold rarer ones.

    `once`: values seen in one row alone, from which the share of values never seen is estimated (Good, 1953).
    """

    name: str
    rows: int
    missing: int
    values: tuple[str, ...]
    counts: tuple[int, ...]
    rest: int = 0
    once: int = 0


Track = Numbers | Classes


class Column(msgspec.Struct, frozen=True):
    """A field that is followed, and what its values are measured with."""

    name: str
    kind: Kind
    tracks: tuple[Track, ...] = ()
    words: str = ""  # texts: a Bloom filter of known words, base64
    centre: tuple[float, ...] = ()  # embeddings: their mean
    classes: tuple[str, ...] = ()  # labels: what scores (rows, classes) are of; categories: what was declared
    threshold: float | None = None  # labels of two classes: the score from which the second is told
    low: float | None = None  # numbers: the range that was declared
    high: float | None = None


class Calibration(msgspec.Struct, frozen=True):
    """How often the model was right on the evaluation set, over bins of its confidence `(edges[i], edges[i + 1]]`.

    `output`: the label whose confidence it is.
    """

    output: str
    edges: tuple[float, ...]
    rows: tuple[int, ...]
    right: tuple[int, ...]


class Score(msgspec.Struct, frozen=True):
    """A measure of predictions against right answers, with its 95 % interval. `name`: "accuracy" or "mae"."""

    name: str
    value: float
    low: float
    high: float
    rows: int


class Reference(msgspec.Struct, frozen=True):
    """What live windows are compared with; made once, at registration."""

    rows: int
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    predicted: str = ""  # the output that feedback is compared with
    score: Score | None = None
    calibration: Calibration | None = None
    format: int = 1


class Counted(msgspec.Struct):
    """A track of a window so far. Numbers: `bins` are (below, k bins, above); classes: (the known values, rest)."""

    bins: list[int]
    missing: int = 0
    total: float = 0.0  # numbers: sum, of finite values
    squares: float = 0.0
    low: float | None = None
    high: float | None = None
    new: dict[str, int] = {}  # classes: values that the reference does not know
    other: int = 0  # rows of new values beyond the number that is kept


class Partial(msgspec.Struct):
    """A window of one arm, or a part of one: partials of replicas are merged. Keys of tracks: (side, column, track) joined by tabs."""

    rows: int = 0
    tracks: dict[str, Counted] = {}
    unread: int = 0  # rows that could not be measured


QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def key(side: Side, column: str, track: str) -> str:
    """The name of a track among all of a window."""
    return f"{side}\t{column}\t{track}"

"""What a value is made of, as far as reading the code tells: rows of the data, what was learned from which rows, predictions, scores.

Rows are told apart by *atoms*: where the data came from and the cuts it went through. Nothing is computed; a value only remembers.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

TaintKind = Literal["fit", "statistics", "selection", "resampling", "target_encoding", "vocabulary"]
Role = Literal["train", "test", "validation", "fold", "rest"]
Columns = frozenset[str] | None  # None: every column


class Site(NamedTuple):
    """A place in the source: file, line from 1, column from 1."""

    file: str
    line: int
    column: int = 0


class Step(NamedTuple):
    """One side of a cut. Sides of the same cut share the key and no row."""

    key: str
    side: str


class Atom(NamedTuple):
    """Some rows: the place they were read at, and the sides taken since."""

    origin: str
    path: tuple[Step, ...] = ()

    def covers(self, other: "Atom") -> bool:
        """Whether the other's rows are all among these."""
        return self.origin == other.origin and self.path == other.path[: len(self.path)]


Rows = frozenset[Atom]
NO_ROWS: Rows = frozenset()


class Taint(NamedTuple):
    """Something learned from rows, and now in a value. No rows: those that it will be applied to (a Polars expression)."""

    kind: TaintKind
    what: str  # "StandardScaler", "mean"
    site: Site
    rows: Rows
    of: frozenset[str] = frozenset()  # columns it was computed from, where they are known


@dataclass(slots=True, eq=False)
class Fit:
    """One training of a model or transformer."""

    rows: Rows
    taints: "dict[Taint, Columns]"
    site: Site
    whole: bool = True  # it starts anew, as `fit` of scikit-learn does


@dataclass(slots=True, eq=False)
class Value:
    """What an expression may be. Identity counts: two names of one frame are one `Value`."""

    rows: Rows = NO_ROWS
    taints: dict[Taint, Columns] = field(default_factory=dict)
    latent: frozenset[Taint] = frozenset()  # of a statistic: becomes a taint of the rows that it is used on
    uses: "frozenset[Use]" = frozenset()  # predictions
    scores: "frozenset[Score]" = frozenset()
    time: Site | None = None  # where it was seen that rows stand in the order of time
    select: tuple[Step, ...] = ()  # as a key into rows: which sides it takes
    columns: Columns = None
    whole: "Value | None" = None  # of a column: the frame that it is a part of
    shape: str = ""  # "mask", "grouped", "window", "columns", "sorted", "seed"
    fits: list[Fit] = field(default_factory=list)
    watched: list[tuple[Rows, Site]] = field(default_factory=list)  # rows that decided when training ended
    name: str = ""  # of a model or transformer: its class
    options: "dict[str, Value]" = field(default_factory=dict)
    parts: "tuple[Value, ...]" = ()  # of a pipeline: its steps
    born: int = 0  # how many loops stood around its creation


class Use(NamedTuple):
    """A model's predictions of rows."""

    model: Value
    rows: Rows


class Score(NamedTuple):
    """A number that says how good a model's predictions of rows are."""

    model: Value
    rows: Rows
    site: Site
    loops: int  # how many loops it stands in


@dataclass(slots=True, eq=False)
class Const(Value):
    """A literal. `choices`: what a loop over literals lets it be."""

    value: Any = None
    choices: tuple[Any, ...] = ()


@dataclass(slots=True, eq=False)
class Items(Value):
    """A tuple, list or set. `rest`: what was appended to it, or all that is known of its elements."""

    items: list[Value] = field(default_factory=list)
    rest: Value | None = None


@dataclass(slots=True, eq=False)
class Table(Value):
    """A dictionary. `rest`: values under keys that are not literals."""

    entries: dict[Any, Value] = field(default_factory=dict)
    rest: Value | None = None


@dataclass(slots=True, eq=False)
class Library(Value):
    """Something imported from outside the given files, or a builtin."""

    path: str = ""


@dataclass(slots=True, eq=False)
class Method(Value):
    """A method of a value, not called yet."""

    owner: Value = field(default_factory=Value)
    attribute: str = ""


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function of the given files."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = None
    scope: Any = None
    itself: Value | None = None  # what it is a method of
    called: bool = False


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class of the given files."""

    node: ast.ClassDef | None = None
    scope: Any = None
    methods: dict[str, Function] = field(default_factory=dict)
    bases: tuple[Value, ...] = ()


@dataclass(slots=True, eq=False)
class Instance(Value):
    """An object of a class of the given files."""

    cls: Class | None = None
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Module(Value):
    """One of the given files, imported by another."""

    scope: Any = None


def overlap(left: Rows, right: Rows) -> bool:
    """Whether some rows may stand in both."""
    return any(a.covers(b) or b.covers(a) for a in left for b in right)


def covers(whole: Rows, part: Rows) -> bool:
    """Whether some rows of `part` all stand in `whole`."""
    return any(a.covers(b) for a in whole for b in part)


def same_rows(value: Value, rows: Rows, step: Step | None = None) -> Value:
    """What `value` is, on other rows: a part of it."""
    select = (*value.select, step) if step else value.select
    return Value(
        rows, dict(value.taints), value.latent, value.uses, value.scores, value.time, select, value.columns, shape=""
    )


def derived(value: Value) -> Value:
    """A new value made of this one row by row."""
    return same_rows(value, value.rows)


def joined(values: Iterable[Value]) -> Value:
    """A value that may be any of these, or has come from all of them."""
    result = Value()
    rows: set[Atom] = set()
    for value in values:
        rows |= value.rows
        for taint, columns in value.taints.items():
            known = result.taints.get(taint, columns)
            result.taints[taint] = None if known is None or columns is None else known | columns
        result.latent |= value.latent
        result.uses |= value.uses
        result.scores |= value.scores
        result.time = result.time or value.time
        result.select = result.select or value.select
    result.rows = frozenset(rows)
    return result


def contents(value: Value, depth: int = 3) -> Value:
    """All that is inside a container or an object, as one value."""
    if depth == 0:
        return value
    inner: list[Value] = []
    if isinstance(value, Items):
        inner = value.items + ([value.rest] if value.rest else [])
    elif isinstance(value, Table):
        inner = list(value.entries.values()) + ([value.rest] if value.rest else [])
    elif isinstance(value, Instance):
        inner = list(value.attributes.values())
    if not inner:
        return value
    return joined([value, *(contents(part, depth - 1) for part in inner if not isinstance(part, Function | Class))])

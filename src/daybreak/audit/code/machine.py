"""What is known while the code is read: scopes, sides of splits, and the leaks that were noted."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from daybreak.audit.code import names
from daybreak.audit.code.values import Atom, Columns, Role, Rows, Site, Step, Taint, Value

MOST_STEPS = 60_000  # expressions read in all; functions are read anew at each call
MOST_CALLS = 7  # calls within calls that are followed


class TooLong(Exception):
    """The code was read for long enough."""


class Cut(NamedTuple):
    """Where rows are parted. `shuffled`: rows are drawn by chance."""

    site: Site
    how: str


class Leak(NamedTuple):
    """One thing that was seen; `rules` words it. `mild`: it changes no score that is reported, as far as can be seen."""

    rule: str
    what: str
    leak: Site
    split: Site | None = None
    columns: Columns = None
    of: frozenset[str] = frozenset()
    mild: bool = False
    kind: str = ""
    rows: Rows = frozenset()


class Evaluation(NamedTuple):
    """A model asked about rows. `scored`: with a number for it; `own`: they are the rows that it was fitted on."""

    site: Site
    rows: Rows
    scored: bool
    own: bool
    supervised: bool
    fitted: Site | None = None


@dataclass(slots=True)
class Scope:
    """Names of a module, a function or a class."""

    file: str
    variables: dict[str, Value] = field(default_factory=dict)
    parent: "Scope | None" = None
    shared: set[str] = field(default_factory=set)  # declared global or nonlocal
    fixed: set[str] = field(default_factory=set)  # parameters that are literals in this call

    def find(self, name: str) -> Value | None:
        """The value of a name, from here outwards."""
        scope: Scope | None = self
        while scope:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> None:
        """Give a name a value."""
        scope = self
        self.fixed.discard(name)
        if name in self.shared:
            while scope.parent:
                scope = scope.parent
                if name in scope.variables:
                    break
        scope.variables[name] = value


@dataclass(slots=True)
class Loop:
    """A loop that is being read."""

    node: ast.AST
    seeded: bool = False  # its variable seeds something


@dataclass(slots=True)
class Machine:
    """All that is known so far."""

    load: Callable[[str, str], Scope | None]  # (module name, file that imports it) -> its names
    read: "Callable[[Machine, Scope, ast.expr], Value]"  # an expression
    follow: "Callable[[Machine, Scope, Sequence[ast.stmt]], bool]"  # a block of statements
    roles: dict[Step | str, Role] = field(default_factory=dict)
    taken: dict[str, set[str]] = field(default_factory=dict)  # sides of each cut that were taken
    first_names: dict[str, str] = field(default_factory=dict)  # what rows were called when they were read
    usual: dict[Step, Role] = field(
        default_factory=dict
    )  # what a splitter's sides are unless their names say otherwise
    cuts: dict[str, Cut] = field(default_factory=dict)
    leaks: list[Leak] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    targets: set[str] = field(default_factory=set)
    stack: list[tuple[ast.AST, Site]] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    returned: list[list[Value]] = field(default_factory=list)
    weak: set[str] = field(default_factory=set)  # origins that may be no data at all
    splits: int = 0  # splits, cross-validations and validation sets that were seen
    steps: int = 0
    functions: list[Value] = field(default_factory=list)
    seeded: set[Site] = field(default_factory=set)  # scores in loops over seeds
    file: str = ""

    def evaluate(self, scope: Scope, node: ast.expr) -> Value:
        """What an expression may be."""
        return self.read(self, scope, node)

    def spend(self) -> None:
        """Count one expression. Raises `TooLong`."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooLong

    def site(self, node: ast.AST) -> Site:
        """Where a node stands."""
        return Site(self.file, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)

    def fresh(self, node: ast.AST, *, weak: bool = False, name: str = "") -> Value:
        """Rows that come from here, and from nowhere else."""
        calls = "".join(f"@{site.line}" for _, site in self.stack)
        origin = name or f"{self.file}:{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}{calls}"
        if weak:
            self.weak.add(origin)
        return Value(frozenset({Atom(origin)}))

    def strong(self, rows: Rows) -> Rows:
        """Those that are data for sure, if there are any."""
        sure = frozenset(atom for atom in rows if atom.origin not in self.weak)
        return sure or rows

    def role(self, atom: Atom) -> Role | None:
        """Which side of a split these rows are. What is carved out of a training part is never the test set."""
        found: Role | None = self.roles.get(atom.origin)
        for step in atom.path:
            side = self.roles.get(step) or self.usual.get(step)
            if side is None or side == "rest" or (side == "train" and not self._has_other(step)):
                continue
            found = "validation" if found == "train" and side == "test" else side
        return found

    def _has_other(self, step: Step) -> bool:
        """Whether another side of the cut was taken: rows are called "train" before they are split, too."""
        return len(self.taken.get(step.key, ())) > 1

    def role_of(self, rows: Rows) -> set[Role | None]:
        """The sides that rows are of."""
        return {self.role(atom) for atom in rows}

    def tested(self, rows: Rows) -> bool:
        """Whether rows are a test set and nothing else."""
        return bool(rows) and self.role_of(rows) == {"test"}

    def label(self, value: Value, name: str) -> None:
        """Learn from a variable's name which side its rows are."""
        role = names.role(name)
        if value.uses or value.scores or value.shape:
            return
        if role is None:
            for atom in value.rows:
                self.first_names.setdefault(atom.origin, name)
            return
        for atom in value.rows:
            if atom.path:
                self.roles.setdefault(atom.path[-1], role)
            elif self.first_names.setdefault(atom.origin, name) == name and role == "test":
                self.roles.setdefault(atom.origin, role)

    def cut(self, key: str, node: ast.AST, how: str) -> None:
        """Remember where rows are parted."""
        self.cuts.setdefault(key, Cut(self.site(node), how))

    def note(self, leak: Leak) -> None:
        """Keep what was seen, once."""
        if leak not in self.leaks:
            self.leaks.append(leak)

    def learn_target(self, rows: Value, target: Value) -> None:
        """Which columns are predicted; not where rows are their own target, as in an autoencoder."""
        if target.columns and not target.columns & (rows.columns or frozenset()):
            self.targets |= target.columns

    def sides(self, rows: Rows, step: Step) -> Rows:
        """Rows after one more cut."""
        self.taken.setdefault(step.key, set()).add(step.side)
        return frozenset(atom if step in atom.path else Atom(atom.origin, (*atom.path, step)) for atom in rows)


RULE_OF = {
    "fit": "fit_before_split",
    "statistics": "statistics_before_split",
    "selection": "selection_before_split",
    "resampling": "resampling_before_split",
    "target_encoding": "target_encoding_before_split",
    "vocabulary": "vocabulary_before_split",
}


def tainted(
    m: Machine, taint: Taint, columns: Columns, split: Site | None, *, rule: str = "", mild: bool = False
) -> None:
    """Note that something learned from rows on both sides of a split is in them."""
    chosen = RULE_OF[taint.kind] if taint.kind == "vocabulary" else rule or RULE_OF[taint.kind]
    m.note(Leak(chosen, taint.what, taint.site, split, columns, taint.of, mild, taint.kind, taint.rows))


def _from_all(m: Machine, taint: Taint, value: Value) -> bool:
    """Whether something was learned from all of these rows, or from all those of one class."""
    return any(
        atom.covers(own) or (_a_class(own, atom) and m.role(atom) is None) for atom in taint.rows for own in value.rows
    )


def _a_class(whole: Atom, part: Atom) -> bool:
    """Whether a part was taken by `y == 1`, and not by the name of a side."""
    steps = part.path[len(whole.path) :]
    return whole.covers(part) and all(step.key.endswith(" ==") and not names.role(step.side) for step in steps)


def parted(m: Machine, value: Value, split: Site, *, implicit: bool = False) -> None:
    """Look at rows that are being split: look whether anything was learned from all of them. `implicit`: cross-validation does it."""
    for taint, columns in value.taints.items():
        if not _from_all(m, taint, value):
            continue
        inner = all(m.role(atom) == "train" for atom in value.rows)
        whole = {m.role(atom) for atom in taint.rows}
        rule = ""
        if implicit and taint.kind in {"fit", "statistics"}:
            rule = "cross_val_after_fit"
        elif "test" in whole and len(taint.rows) > 1:
            rule = "test_in_fit"
        tainted(m, taint, columns, split, rule=rule, mild=inner and taint.kind != "resampling")

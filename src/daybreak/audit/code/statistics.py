"""Numbers computed from columns, and what becomes of rows that they are applied to."""

import ast

from daybreak.audit.code.axes import row_by_row
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.values import Taint, TaintKind, Value, contents, derived, joined, overlap


def statistic(m: Machine, owner: Value, what: str, node: ast.AST, options: dict[str, Value]) -> Value:
    """The mean of something, or another number or table of numbers over its rows."""
    site = m.site(node)
    if owner.shape in {"window", "element"} or row_by_row(options):
        return derived(owner)
    if owner.shape == "expression":
        pending = Taint("statistics", what, site, frozenset(), owner.columns or frozenset())
        return Value(latent=owner.latent | {pending}, columns=owner.columns, shape="expression")
    if owner.shape == "mask" or not m.strong(owner.rows):
        return Value(latent=owner.latent, scores=owner.scores)
    if what in {"value_counts", "idxmax", "idxmin", "argmax", "argmin"}:
        return Value(latent=owner.latent)
    grouped = owner.shape.startswith("grouped")
    name = f"{'groupby id' if owner.shape.endswith('id') else 'groupby'} {what}" if grouped else what
    taint = Taint("statistics", name, site, m.strong(owner.rows), owner.columns or frozenset())
    value = m.fresh(node) if grouped or what in {"corr", "describe"} else Value()
    value.latent = owner.latent | {taint}
    if what in {"corr", "describe"}:
        value.rows = frozenset()
    return value


def applied(m: Machine, data: Value, others: list[Value], *, kind: TaintKind | None = None) -> Value:
    """Rows after something was done to them with other values: what those were computed from is now in the rows."""
    value = derived(data)
    for other in (contents(each) for each in others):
        for taint, columns in other.taints.items():
            value.taints.setdefault(taint, columns)
        for taint in other.latent:
            settle(value, taint, data)
        if not data.rows or data.latent:  # a number, or a table of numbers
            value.latent |= other.latent
        value.uses |= other.uses
        value.scores |= other.scores
        value.time = value.time or other.time
    if kind:
        value.taints = {taint._replace(kind=kind): columns for taint, columns in value.taints.items()}
    return value


def settle(value: Value, taint: Taint, data: Value) -> None:
    """A statistic meets rows: it stays in them if it was computed from them, or from what they are a part of."""
    rows = taint.rows or data.rows
    if data.rows and overlap(rows, data.rows):
        value.taints[taint._replace(rows=rows)] = data.columns


def combined(m: Machine, left: Value, right: Value) -> Value:
    """Two values in one arithmetic expression."""
    left, right = contents(left), contents(right)
    if not left.rows and not right.rows:
        return joined([left, right])
    first, second = left, right
    if not left.rows or (right.rows and all(atom.origin in m.weak for atom in left.rows)):
        first, second = right, left
    value = applied(m, first, [second])
    value.select = ()
    if "mask" in {left.shape, right.shape}:
        value.shape = "mask"
        value.select = (*left.select, *right.select)
    value.columns = None
    return value


def learned_by_function(m: Machine, value: Value, what: str, node: ast.AST, kind: TaintKind = "fit") -> Value:
    """Rows after a function that learns from all of them, such as `scale`."""
    result = derived(value)
    rows = m.strong(value.rows)
    if rows and value.shape != "element":
        result.taints[Taint(kind, what, m.site(node), rows, value.columns or frozenset())] = value.columns
    return result

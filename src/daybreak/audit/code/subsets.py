"""Parts of data: slices, masks, lists of rows, columns."""

import ast

from daybreak.audit.code import names
from daybreak.audit.code.assigning import column_names
from daybreak.audit.code.choosing import choose
from daybreak.audit.code.machine import Machine, Scope
from daybreak.audit.code.values import (
    Const,
    Instance,
    Items,
    Method,
    Step,
    Table,
    Taint,
    Value,
    contents,
    derived,
    joined,
    same_rows,
)

FEW = 20
LOCATORS = frozenset({"loc", "iloc", "ix", "at", "iat"})
_FLIPPED = {"in": "out", "out": "in", "lo": "hi", "hi": "lo"}


def subscript(m: Machine, scope: Scope, node: ast.Subscript) -> Value:
    """`owner[key]`."""
    owner = m.evaluate(scope, node.value)
    ranked = owner.owner if isinstance(owner, Method) else owner
    if ranked.shape == "sorted" and ranked.scores and _is_end(node.slice):
        choose(m, ranked.scores, m.site(node))
    key = m.evaluate(scope, node.slice) if not isinstance(node.slice, ast.Slice) else Value()
    if isinstance(owner, Table):
        return _entry(m, owner, key, node)
    if isinstance(owner, Items):
        return _item(owner, key, node.slice)
    if isinstance(owner, Instance):
        return part(m, derived(contents(owner)), key, node.slice, node)
    if isinstance(owner, Method) and owner.attribute in LOCATORS:
        return _located(m, owner.owner, key, node)
    if owner.shape == "columns":
        return Value(shape="columns", latent=owner.latent | key.latent, columns=column_names(key))
    if isinstance(node.slice, ast.Tuple) and isinstance(key, Items) and node.slice.elts:
        return _two(m, owner, key, node.slice, node)
    return part(m, owner, key, node.slice, node)


def _is_end(index: ast.expr) -> bool:
    """Whether the first or the last of a ranking is taken."""
    if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub):
        index = index.operand
    return isinstance(index, ast.Constant) and index.value in (0, 1) and not isinstance(index.value, bool)


def _entry(m: Machine, owner: Table, key: Value, node: ast.Subscript) -> Value:
    if isinstance(key, Const) and not key.choices and key.value.__hash__ and key.value in owner.entries:
        return owner.entries[key.value]
    every = list(owner.entries.values()) + ([owner.rest] if owner.rest else [])
    if isinstance(key, Const) and key.choices and all(choice in owner.entries for choice in key.choices):
        every = [owner.entries[choice] for choice in key.choices]
    if len(every) == 1:
        return _by_role(m, every[0], key, node) if owner.rest else every[0]
    return joined(contents(value) for value in every)


def _item(owner: Items, key: Value, node: ast.expr) -> Value:
    if isinstance(key, Const) and isinstance(key.value, int) and -len(owner.items) <= key.value < len(owner.items):
        return owner.items[key.value]
    if isinstance(node, ast.Slice):
        return owner
    every = owner.items + ([owner.rest] if owner.rest else [])
    return every[0] if len(every) == 1 else joined(contents(value) for value in every)


def _located(m: Machine, owner: Value, key: Value, node: ast.Subscript) -> Value:
    if isinstance(node.slice, ast.Tuple) and isinstance(key, Items):
        return _two(m, owner, key, node.slice, node)
    return rows_by(m, owner, key, node.slice, node)


def _two(m: Machine, owner: Value, key: Items, index: ast.Tuple, node: ast.AST) -> Value:
    """`owner[rows, columns]`."""
    value = rows_by(m, owner, key.items[0], index.elts[0], node)
    if len(index.elts) < 2 or isinstance(index.elts[1], ast.Slice):
        return value
    return columns_by(value, key.items[1])


def part(m: Machine, owner: Value, key: Value, index: ast.expr, node: ast.AST) -> Value:
    """`owner[key]`, which takes rows or columns as the key may be."""
    if isinstance(index, ast.Slice) or key.select or key.shape == "mask":
        return rows_by(m, owner, key, index, node)
    if isinstance(key, Const) and isinstance(key.value, str) and names.side(key.value):
        return _by_role(m, owner, key, node)
    if (
        column_names(key) is not None
        or (key.latent and not key.rows)
        or key.shape == "columns"
        or isinstance(key, Items)
    ):
        return columns_by(owner, key)
    return derived(owner)


def _by_role(m: Machine, owner: Value, key: Value, node: ast.AST) -> Value:
    """`dataset["train"]`: a side by its name."""
    side = names.side(key.value) if isinstance(key, Const) and isinstance(key.value, str) else None
    if not side or not owner.rows or {m.role(atom) for atom in owner.rows} & {"train", "test"}:
        return derived(owner)
    step = Step(f"key {min(atom.origin for atom in owner.rows)}", side)
    m.cut(step.key, node, "key")
    m.roles.setdefault(step, side)
    return same_rows(owner, m.sides(owner.rows, step), step)


def rows_by(m: Machine, owner: Value, key: Value, index: ast.expr, node: ast.AST) -> Value:
    """Some rows of the owner."""
    if isinstance(index, ast.Slice):
        return _sliced(m, owner, index, node)
    value = derived(owner)
    for step in key.select:
        value = same_rows(value, m.sides(value.rows, step), step)
        m.cut(step.key, node, "slice")
    if not key.select and isinstance(key, Const) and isinstance(key.value, str):
        return columns_by(owner, key)
    value.time = owner.time or key.time
    return value


def _sliced(m: Machine, owner: Value, index: ast.Slice, node: ast.AST) -> Value:
    value = derived(owner)
    value.time = owner.time or (m.site(node) if _window(m, index) else None)
    if not owner.rows:
        return value
    if _few(index):
        return value
    for bound, side in ((index.lower, "hi"), (index.upper, "lo")):
        if bound is None or (isinstance(bound, ast.Constant) and bound.value in (0, None)):
            continue
        step = Step(f"[:] {ast.unparse(bound)}", side)
        m.cut(step.key, node, "slice")
        value = same_rows(value, m.sides(value.rows, step), step)
    value.time = owner.time or (m.site(node) if _window(m, index) else None)
    return value


def _few(index: ast.Slice) -> bool:
    """`X[:10]`: a handful of rows to look at."""
    lower = index.lower.value if isinstance(index.lower, ast.Constant) else None if index.lower else 0
    upper = index.upper.value if isinstance(index.upper, ast.Constant) else None
    return lower == 0 and isinstance(upper, int) and upper <= FEW


def _window(m: Machine, index: ast.Slice) -> bool:
    """`series[i - n : i]` in a loop over i: a window of a series."""
    if index.lower is None or index.upper is None or not m.loops:
        return False
    loop = m.loops[-1].node
    target = getattr(loop, "target", None)
    over = getattr(loop, "iter", None)
    if not isinstance(target, ast.Name) or not (isinstance(over, ast.Call) and getattr(over.func, "id", "") == "range"):
        return False
    if len(over.args) == 3:  # in strides: batches
        return False
    used = [
        any(isinstance(each, ast.Name) and each.id == target.id for each in ast.walk(bound))
        for bound in (index.lower, index.upper)
    ]
    return all(used)


def columns_by(owner: Value, key: Value) -> Value:
    """Some columns of the owner. A key that was computed from rows is a selection of features."""
    wanted = column_names(key)
    value = derived(owner)
    value.whole = owner
    value.columns = wanted
    value.shape = owner.shape if owner.shape in {"grouped", "grouped by id", "element", "window"} else ""
    if wanted is not None:
        value.taints = {
            taint: (columns if columns is None else columns & wanted)
            for taint, columns in owner.taints.items()
            if columns is None or columns & wanted
        }
    for taint in contents(key).latent:
        if taint.kind in {"selection", "statistics"}:
            value.taints[Taint("selection", taint.what, taint.site, taint.rows, taint.of)] = None
    return value


def compare(m: Machine, scope: Scope, node: ast.Compare) -> Value:
    """A comparison: a mask of rows, which can be turned round."""
    left = m.evaluate(scope, node.left)
    others = [m.evaluate(scope, other) for other in node.comparators]
    value = joined(contents(each) for each in [left, *others])
    value.rows = left.rows or value.rows
    value.taints, value.select, value.columns = {}, (), None
    if value.rows:
        value.latent = frozenset()
    value.shape = "mask"
    if value.rows and len(node.ops) == 1 and not value.uses and not value.scores:
        value.select = (_mask_step(node),)
    return value


def _mask_step(node: ast.Compare) -> Step:
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    kind = type(node.ops[0])
    if kind in (ast.Eq, ast.NotEq):
        return Step(f"{left} ==", right if kind is ast.Eq else f"not {right}")
    if kind in (ast.Lt, ast.GtE):
        return Step(f"{left} < {right}", "in" if kind is ast.Lt else "out")
    if kind in (ast.Gt, ast.LtE):
        return Step(f"{left} > {right}", "in" if kind is ast.Gt else "out")
    return Step(f"{left} in {right}", "in" if kind in (ast.In, ast.Is) else "out")


def turned(value: Value) -> Value:
    """`~mask`: the other rows."""
    result = derived(value)
    result.shape = "mask"
    if value.select:
        *first, last = value.select
        side = _FLIPPED.get(last.side) or (last.side[4:] if last.side.startswith("not ") else f"not {last.side}")
        result.select = (*first, Step(last.key, side))
    return result

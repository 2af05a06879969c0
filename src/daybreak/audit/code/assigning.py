"""Assignments: names, tuples, attributes, columns; and what a name may be after a branch."""

import ast

from daybreak.audit.code import names
from daybreak.audit.code.choosing import told
from daybreak.audit.code.machine import Machine, Scope, parted
from daybreak.audit.code.values import (
    Const,
    Instance,
    Items,
    Library,
    Method,
    Role,
    Rows,
    Site,
    Step,
    Table,
    Value,
    contents,
    joined,
)

USUAL: tuple[Role, Role] = ("train", "test")


def assign(m: Machine, scope: Scope, target: ast.expr, value: Value) -> None:
    """Give a target what was computed."""
    if isinstance(target, ast.Name):
        if names.is_file(target.id) and all(atom.origin in m.weak for atom in value.rows) and type(value) is Value:
            value = Value(name=value.name, options=value.options)
        _named(m, value, target.id, m.site(target))
        scope.bind(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(m, scope, target, value)
    elif isinstance(target, ast.Starred):
        assign(m, scope, target.value, Items(rest=value))
    elif isinstance(target, ast.Attribute):
        _attribute(m, scope, target, value)
    elif isinstance(target, ast.Subscript):
        _subscript(m, scope, target, value)


def _named(m: Machine, value: Value, name: str, site: Site) -> None:
    _own_side(m, value, names.role(name))
    m.label(value, name)
    told(m, value, name, site)
    if names.role(name) in {"test", "validation"} and not names.is_target(name) and value.taints and not value.uses:
        _cut_by_hand(m, value, site)


def _own_side(m: Machine, value: Value, role: str | None) -> None:
    """Train and test rows that were put together are taken apart again: each name gets its own."""
    if role not in {"train", "test"} or len(value.rows) < 2 or value.uses:
        return
    before = {atom: m.role(atom._replace(path=atom.path[:-1])) for atom in value.rows if atom.path}
    if len(before) == len(value.rows) and "test" in before.values() and set(before.values()) != {"test"}:
        value.rows = frozenset(atom for atom, was in before.items() if (was == "test") == (role == "test"))


def _cut_by_hand(m: Machine, value: Value, site: Site) -> None:
    """A slice or a mask became a test set: look whether anything was learned from what it was cut out of."""
    for atom in value.rows:
        if not atom.path:
            continue
        cut = m.cuts.get(atom.path[-1].key)
        if cut is None or cut.how != "slice":
            continue
        whole = Value(frozenset({atom._replace(path=atom.path[:-1])}), value.taints)
        parted(m, whole, site)


def _unpack(m: Machine, scope: Scope, target: ast.Tuple | ast.List, value: Value) -> None:
    targets = target.elts
    starred = any(isinstance(each, ast.Starred) for each in targets)
    if isinstance(value, Items) and len(value.items) == len(targets) and not starred:
        for each, item in zip(targets, value.items, strict=True):
            assign(m, scope, each, item)
        return
    base = contents(value)
    roles = [names.role(_first_name(each)) for each in targets]
    if len(targets) == 2 and all(isinstance(each, ast.Tuple) for each in targets):  # (x, y), (xt, yt) = load_data()
        roles = [role or usual for role, usual in zip(roles, USUAL, strict=True)]
    apart = len({role for role in roles if role}) > 1
    for each, role in zip(targets, roles, strict=True):
        assign(m, scope, each, _share(m, base, role, target) if apart and role else _copy(base))


def _first_name(target: ast.expr) -> str:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            return node.attr
    return ""


def _share(m: Machine, base: Value, role: str, node: ast.AST) -> Value:
    """What one of several names gets of a value that nothing is known about: rows of its side."""
    value = _copy(base)
    own = frozenset(atom for atom in base.rows if m.role(atom) == role)
    if own and len(m.role_of(base.rows)) > 1:
        value.rows = own
    elif base.rows:
        site = m.site(node)
        key = f"unpacked {site.file}:{site.line}"
        m.cut(key, node, "unpacked")
        step = Step(key, role)
        if role in {"train", "test"}:
            m.usual.setdefault(step, "train" if role == "train" else "test")
        value.rows = m.sides(base.rows, step)
    return value


def _copy(value: Value) -> Value:
    copy = joined([value])
    copy.shape = "element" if value.shape == "element" else ""
    return copy


def _attribute(m: Machine, scope: Scope, target: ast.Attribute, value: Value) -> None:
    owner = m.evaluate(scope, target.value)
    _named(m, value, target.attr, m.site(target))
    if isinstance(owner, Instance):
        owner.attributes[target.attr] = value
    elif owner.rows and not owner.name:
        write_columns(m, owner, value, frozenset({target.attr}))
    else:
        owner.options[target.attr] = value


def _subscript(m: Machine, scope: Scope, target: ast.Subscript, value: Value) -> None:
    owner = m.evaluate(scope, target.value)
    if isinstance(owner, Method) and owner.attribute in {"loc", "iloc", "ix", "at", "iat"}:
        _locate(m, owner.owner, target.slice, value, m.evaluate(scope, target.slice))
        return
    key = m.evaluate(scope, target.slice)
    if isinstance(owner, Table):
        entries = (key.choices or (key.value,)) if isinstance(key, Const) else ()
        if entries and all(entry.__hash__ for entry in entries):
            owner.entries |= dict.fromkeys(entries, value)
        else:
            owner.rest = joined([owner.rest, contents(value)]) if owner.rest else value
    elif isinstance(owner, Items):
        owner.rest = joined([owner.rest, value]) if owner.rest else value
    elif not isinstance(owner, Library):
        write_columns(m, owner, value, column_names(key))


def _locate(m: Machine, owner: Value, node: ast.expr, value: Value, key: Value) -> None:
    columns = None
    if isinstance(node, ast.Tuple) and isinstance(key, Items) and len(key.items) > 1:
        columns = column_names(key.items[1])
    write_columns(m, owner, value, columns, replace=False)


def column_names(key: Value) -> frozenset[str] | None:
    """The columns that a key names, if it names any for sure."""
    if isinstance(key, Const):
        found = key.choices or (key.value,)
        return frozenset(found) if all(isinstance(each, str) for each in found) else None
    if isinstance(key, Items) and key.items and not key.rest:
        parts = [column_names(item) for item in key.items]
        if all(part is not None for part in parts):
            return frozenset().union(*(part for part in parts if part))
    return key.columns if key.shape == "columns" else None


def write_columns(
    m: Machine, owner: Value, value: Value, columns: frozenset[str] | None, *, replace: bool = True
) -> None:
    """Columns of a frame are written: what was learned for them is now in the frame."""
    if columns and replace:
        owner.taints = {taint: known for taint, known in owner.taints.items() if known is None or not known <= columns}
    owner.columns = owner.columns | columns if owner.columns and columns else owner.columns if owner.whole else None
    inner = contents(value)
    for taint in inner.taints:
        _add(owner, taint, columns)
    for taint in inner.latent:
        if any(a.covers(b) or b.covers(a) for a in taint.rows for b in owner.rows):
            _add(owner, taint, columns)
    owner.time = owner.time or inner.time
    if not owner.rows and inner.rows:
        owner.rows = inner.rows
    if owner.whole is not None and owner.whole is not owner:
        write_columns(m, owner.whole, value, owner.columns or columns, replace=False)


def _add(owner: Value, taint: object, columns: frozenset[str] | None) -> None:
    known = owner.taints.get(taint, frozenset())  # type: ignore[call-overload]
    owner.taints[taint] = None if columns is None or known is None else known | columns  # type: ignore[index]


def merge_scopes(m: Machine, scope: Scope, left: dict[str, Value], right: dict[str, Value]) -> None:
    """What names may be after either of two ways."""
    if left is right:
        return
    result = dict(left)
    for name, value in right.items():
        other = left.get(name)
        result[name] = value if other is None else either(other, value)
    scope.variables = result


def narrowest(rows: Rows) -> Rows:
    """Without those that are parts of others: where only one branch splits, the other does not matter."""
    return frozenset(atom for atom in rows if not any(other != atom and atom.covers(other) for other in rows))


def either(left: Value, right: Value) -> Value:
    """A value that is one of two."""
    if left is right or (isinstance(right, Const) and right.value is None):
        return left
    if isinstance(left, Const) and not left.scores:
        return right
    plain = type(left) is Value and type(right) is Value
    if plain and (left.rows or left.taints or left.scores) and not (left.name or right.name):
        value = joined([left, right])
        value.rows = narrowest(value.rows)
        value.columns = left.columns if left.columns == right.columns else None
        return value
    if isinstance(left, Items) and isinstance(right, Items) and len(left.items) == len(right.items):
        rests = [rest for rest in (left.rest, right.rest) if rest]
        return Items(
            items=[either(a, b) for a, b in zip(left.items, right.items, strict=True)],
            rest=joined(rests) if rests else None,
        )
    return right

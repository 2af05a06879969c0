"""Expressions: what each may be."""

import ast
from collections.abc import Callable
from typing import Any

from daybreak.audit.code import names
from daybreak.audit.code.assigning import assign, either
from daybreak.audit.code.calling import call
from daybreak.audit.code.invoking import call_function, is_property, method_of
from daybreak.audit.code.iterating import each, rounds
from daybreak.audit.code.learners import attribute
from daybreak.audit.code.machine import Loop, Machine, Scope
from daybreak.audit.code.statistics import combined
from daybreak.audit.code.subsets import LOCATORS, columns_by, compare, subscript, turned
from daybreak.audit.code.values import (
    Const,
    Function,
    Instance,
    Items,
    Library,
    Method,
    Module,
    Step,
    Table,
    Value,
    contents,
    derived,
    joined,
)


def evaluate(m: Machine, scope: Scope, node: ast.expr) -> Value:
    """What an expression may be. Raises `TooLong`."""
    m.spend()
    handler = HANDLERS.get(type(node))
    return handler(m, scope, node) if handler else Value()


def _name(m: Machine, scope: Scope, node: ast.Name) -> Value:
    return scope.find(node.id) or Library(path=node.id)


def _constant(m: Machine, scope: Scope, node: ast.Constant) -> Value:
    return Const(value=node.value)


def _attribute(m: Machine, scope: Scope, node: ast.Attribute) -> Value:
    owner = m.evaluate(scope, node.value)
    return attribute_of(m, owner, node.attr, node)


def attribute_of(m: Machine, owner: Value, name: str, node: ast.AST) -> Value:
    """`owner.name`, not called."""
    if isinstance(owner, Library):
        return Library(path=f"{owner.path}.{name}")
    if isinstance(owner, Module):
        return (owner.scope.variables.get(name) if owner.scope else None) or Library(path=f"{owner.name}.{name}")
    if isinstance(owner, Instance) and name in owner.attributes:
        return owner.attributes[name]
    method = method_of(owner, name)
    if method:
        return call_function(m, method, [], {}, node) if is_property(method) else method
    if name in owner.options:
        return owner.options[name]
    learned = attribute(m, owner, name)
    if learned is not None:
        return learned
    if name in LOCATORS:
        return Method(owner=owner, attribute=name)
    return _of_data(m, owner, name, node)


def _of_data(m: Machine, owner: Value, name: str, node: ast.AST) -> Value:
    if name in {"shape", "ndim", "dtypes", "dtype", "size"}:
        return Value()
    if name == "columns":
        return Value(shape="columns", latent=frozenset() if owner.rows else owner.latent)
    if not owner.rows and not owner.latent:
        return Value(scores=owner.scores, uses=owner.uses)
    if name in {"index", "values", "T", "array", "data", "loc", "str", "dt", "cat", "list", "device"} or owner.uses:
        value = derived(owner)
        value.whole, value.columns = owner, owner.columns
        value.shape = owner.shape if owner.shape == "element" else ""
        return value
    role = names.side(name)
    if role:
        key = f"attribute {node.lineno if hasattr(node, 'lineno') else 0}"
        return Value(m.sides(owner.rows, Step(key, role)), dict(owner.taints))
    return columns_by(owner, Const(value=name))


def _call(m: Machine, scope: Scope, node: ast.Call) -> Value:
    return call(m, scope, node, attribute_of)


def _binary(m: Machine, scope: Scope, node: ast.BinOp) -> Value:
    left, right = m.evaluate(scope, node.left), m.evaluate(scope, node.right)
    if isinstance(left, Items) and isinstance(right, Items) and isinstance(node.op, ast.Add):
        rests = [rest for rest in (left.rest, right.rest) if rest]
        return Items(items=left.items + right.items, rest=joined(map(contents, rests)) if rests else None)
    if isinstance(left, Items) and isinstance(node.op, ast.Mult):
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        return Value()
    return combined(m, left, right)


def _unary(m: Machine, scope: Scope, node: ast.UnaryOp) -> Value:
    value = m.evaluate(scope, node.operand)
    if isinstance(node.op, ast.USub) and isinstance(value, Const) and isinstance(value.value, int | float):
        return Const(value=-value.value)
    return turned(value) if isinstance(node.op, ast.Invert) or value.shape == "mask" else value


def _boolean(m: Machine, scope: Scope, node: ast.BoolOp) -> Value:
    return joined(contents(m.evaluate(scope, value)) for value in node.values)


def _compare(m: Machine, scope: Scope, node: ast.Compare) -> Value:
    return compare(m, scope, node)


def _conditional(m: Machine, scope: Scope, node: ast.IfExp) -> Value:
    m.evaluate(scope, node.test)
    return either(m.evaluate(scope, node.body), m.evaluate(scope, node.orelse))


def _items(m: Machine, scope: Scope, node: ast.List | ast.Tuple | ast.Set) -> Value:
    result = Items()
    for element in node.elts:
        value = m.evaluate(scope, element.value if isinstance(element, ast.Starred) else element)
        if not isinstance(element, ast.Starred):
            result.items.append(value)
        elif isinstance(value, Items) and not value.rest:
            result.items += value.items
        else:
            result.rest = value
    return result


def _table(m: Machine, scope: Scope, node: ast.Dict) -> Value:
    result = Table()
    for key, expression in zip(node.keys, node.values, strict=True):
        value = m.evaluate(scope, expression)
        literal = m.evaluate(scope, key) if key else value
        if isinstance(literal, Const) and key:
            result.entries[literal.value] = value
        elif isinstance(value, Table) and not key:
            result.entries |= value.entries
        else:
            result.rest = value
    return result


def _comprehension(m: Machine, scope: Scope, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    inner = Scope(scope.file, parent=scope)
    if len(node.generators) == 1:
        several = rounds(m.evaluate(scope, node.generators[0].iter))
        if several:
            return _unrolled(m, inner, node, several)
    conditions = _generators(m, inner, node)
    element = m.evaluate(inner, node.elt)
    for _ in node.generators:
        m.loops.pop()
    if conditions.latent:
        element = joined([contents(element), Value(latent=conditions.latent)])
        element.shape = "columns"
    if isinstance(element, Const) and element.choices and not conditions.latent:
        return Items(items=[Const(value=choice) for choice in element.choices])
    return Items(rest=element)


def _unrolled(m: Machine, inner: Scope, node: Any, several: list[Value]) -> Value:
    result = Items()
    m.loops.append(Loop(node))
    for element in several:
        assign(m, inner, node.generators[0].target, element)
        result.items.append(m.evaluate(inner, node.elt))
    m.loops.pop()
    return result


def _generators(m: Machine, inner: Scope, node: Any) -> Value:
    conditions: list[Value] = []
    for generator in node.generators:
        over = m.evaluate(inner, generator.iter)
        m.loops.append(Loop(generator))
        assign(m, inner, generator.target, each(m, over, generator))
        conditions += [contents(m.evaluate(inner, condition)) for condition in generator.ifs]
    return joined(conditions)


def _table_comprehension(m: Machine, scope: Scope, node: ast.DictComp) -> Value:
    inner = Scope(scope.file, parent=scope)
    _generators(m, inner, node)
    m.evaluate(inner, node.key)
    value = m.evaluate(inner, node.value)
    for _ in node.generators:
        m.loops.pop()
    return Table(rest=value)


def _lambda(m: Machine, scope: Scope, node: ast.Lambda) -> Value:
    return Function(node=node, scope=scope, called=True)


def _text(m: Machine, scope: Scope, node: ast.JoinedStr) -> Value:
    parts = [m.evaluate(scope, value.value) for value in node.values if isinstance(value, ast.FormattedValue)]
    return Value(scores=joined(parts).scores)


def _named(m: Machine, scope: Scope, node: ast.NamedExpr) -> Value:
    value = m.evaluate(scope, node.value)
    assign(m, scope, node.target, value)
    return value


def _inner(m: Machine, scope: Scope, node: ast.Await | ast.Starred) -> Value:
    return m.evaluate(scope, node.value)


def _yield(m: Machine, scope: Scope, node: ast.Yield | ast.YieldFrom) -> Value:
    value = m.evaluate(scope, node.value) if node.value else Value()
    if m.returned:
        m.returned[-1].append(Items(rest=value) if isinstance(node, ast.Yield) else value)
    return Value()


def _slice(m: Machine, scope: Scope, node: ast.Slice) -> Value:
    bounds = [m.evaluate(scope, bound) for bound in (node.lower, node.upper) if bound]
    return Value(latent=joined(bounds).latent)


def _subscript(m: Machine, scope: Scope, node: ast.Subscript) -> Value:
    return subscript(m, scope, node)


HANDLERS: dict[type[ast.expr], Callable[[Machine, Scope, Any], Value]] = {
    ast.Name: _name, ast.Constant: _constant, ast.Attribute: _attribute, ast.Call: _call, ast.BinOp: _binary, ast.UnaryOp: _unary,
    ast.BoolOp: _boolean, ast.Compare: _compare, ast.IfExp: _conditional, ast.List: _items, ast.Tuple: _items, ast.Set: _items,
    ast.Dict: _table, ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension,
    ast.DictComp: _table_comprehension, ast.Lambda: _lambda, ast.JoinedStr: _text, ast.NamedExpr: _named, ast.Await: _inner,
    ast.Starred: _inner, ast.Yield: _yield, ast.YieldFrom: _yield, ast.Slice: _slice, ast.Subscript: _subscript,
}  # fmt: skip

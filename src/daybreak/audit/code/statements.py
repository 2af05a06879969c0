"""Statements, one after another, as a reader would follow them: each branch, each loop once."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from daybreak.audit.code import names
from daybreak.audit.code.assigning import assign, merge_scopes
from daybreak.audit.code.choosing import chosen_by_branch
from daybreak.audit.code.conditions import decided
from daybreak.audit.code.iterating import each, rounds
from daybreak.audit.code.machine import Loop, Machine, Scope
from daybreak.audit.code.values import Class, Const, Function, Items, Library, Module, joined

ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def execute(m: Machine, scope: Scope, body: Sequence[ast.stmt]) -> bool:
    """Read a block; whether it leaves its surroundings for sure."""
    for node in body:
        handler = HANDLERS.get(type(node))
        ended = handler(m, scope, node) if handler else None
        if ended or isinstance(node, ENDS):
            return True
    return False


def _assign(m: Machine, scope: Scope, node: ast.Assign) -> None:
    value = m.evaluate(scope, node.value)
    for target in node.targets:
        assign(m, scope, target, value)


def _annotated(m: Machine, scope: Scope, node: ast.AnnAssign) -> None:
    if node.value:
        assign(m, scope, node.target, m.evaluate(scope, node.value))


def _augmented(m: Machine, scope: Scope, node: ast.AugAssign) -> None:
    old = m.evaluate(scope, _read(node.target))
    new = m.evaluate(scope, node.value)
    if isinstance(old, Items) and isinstance(node.op, ast.Add):
        old.rest = joined([old.rest, new]) if old.rest else new
        return
    binary = ast.copy_location(ast.BinOp(_read(node.target), node.op, node.value), node)
    assign(m, scope, node.target, m.evaluate(scope, binary))


def _read(target: ast.expr) -> Any:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _expression(m: Machine, scope: Scope, node: ast.Expr) -> None:
    m.evaluate(scope, node.value)


def _for(m: Machine, scope: Scope, node: ast.For | ast.AsyncFor) -> None:
    over = m.evaluate(scope, node.iter)
    m.loops.append(Loop(node))
    for element in rounds(over) or [each(m, over, node.iter)]:
        assign(m, scope, node.target, element)
        if isinstance(element, Const) and isinstance(node.target, ast.Name) and not element.choices:
            scope.fixed.add(node.target.id)
        execute(m, scope, node.body)
    m.loops.pop()
    execute(m, scope, node.orelse)


def _while(m: Machine, scope: Scope, node: ast.While) -> None:
    m.evaluate(scope, node.test)
    m.loops.append(Loop(node))
    execute(m, scope, node.body)
    m.loops.pop()
    execute(m, scope, node.orelse)


def _if(m: Machine, scope: Scope, node: ast.If) -> bool:
    test = m.evaluate(scope, node.test)
    known = decided(scope, node.test)
    if known is not False:
        chosen_by_branch(m, node, test)
    if known is not None:
        return execute(m, scope, node.body if known else node.orelse)
    before = dict(scope.variables)
    left = execute(m, scope, node.body)
    after = scope.variables
    scope.variables = dict(before)
    right = execute(m, scope, node.orelse)
    if right and not left:
        scope.variables = after
    elif not left:
        merge_scopes(m, scope, after, scope.variables)
    return left and right


def _with(m: Machine, scope: Scope, node: ast.With | ast.AsyncWith) -> None:
    for item in node.items:
        value = m.evaluate(scope, item.context_expr)
        if item.optional_vars:
            assign(m, scope, item.optional_vars, value)
    execute(m, scope, node.body)


def _try(m: Machine, scope: Scope, node: ast.Try) -> None:
    execute(m, scope, node.body)
    for handler in node.handlers:
        before = dict(scope.variables)
        execute(m, scope, handler.body)
        merge_scopes(m, scope, scope.variables, before)
    execute(m, scope, node.orelse)
    execute(m, scope, node.finalbody)


def _match(m: Machine, scope: Scope, node: ast.Match) -> None:
    m.evaluate(scope, node.subject)
    for case in node.cases:
        before = dict(scope.variables)
        if not execute(m, scope, case.body):
            merge_scopes(m, scope, before, scope.variables)
        else:
            scope.variables = before


def _function(m: Machine, scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    function = Function(node=node, scope=scope, name=node.name)
    m.functions.append(function)
    scope.bind(node.name, function)


def _class(m: Machine, scope: Scope, node: ast.ClassDef) -> None:
    inner = Scope(scope.file, parent=scope)
    made = Class(node=node, scope=inner, name=node.name)
    made.bases = tuple(m.evaluate(scope, base) for base in node.bases)
    for base in made.bases:
        if isinstance(base, Class):
            made.methods.update(base.methods)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            method = Function(node=statement, scope=scope, name=statement.name)
            made.methods[statement.name] = method
            inner.variables[statement.name] = method
        else:
            execute(m, inner, [statement])
    m.functions.append(made)
    scope.bind(node.name, made)


def _return(m: Machine, scope: Scope, node: ast.Return) -> None:
    value = m.evaluate(scope, node.value) if node.value else Const()
    if m.returned:
        m.returned[-1].append(value)


def _raise(m: Machine, scope: Scope, node: ast.Raise) -> None:
    if node.exc:
        m.evaluate(scope, node.exc)


def _import(m: Machine, scope: Scope, node: ast.Import) -> None:
    for alias in node.names:
        found = m.load(alias.name, scope.file)
        name = alias.asname or alias.name.partition(".")[0]
        path = alias.name if alias.asname else name
        scope.bind(name, Module(scope=found, name=alias.name) if found else Library(path=path))


def _import_from(m: Machine, scope: Scope, node: ast.ImportFrom) -> None:
    base = "." * node.level + (node.module or "")
    found = m.load(base, scope.file)
    for alias in node.names:
        if alias.name == "*":
            for name, value in (found.variables if found else {}).items():
                scope.variables.setdefault(name, value)
            continue
        inside = found.variables.get(alias.name) if found else None
        if inside is None:
            inner = m.load(f"{base}.{alias.name}" if node.module else base + alias.name, scope.file)
            path = f"{base.lstrip('.')}.{alias.name}".lstrip(".")
            inside = Module(scope=inner, name=alias.name) if inner else Library(path=path)
            if inner is None and names.is_part(alias.name):  # a data set that another module has made
                inside = m.fresh(node, name=f"import {path}")
                m.label(inside, alias.name)
        scope.bind(alias.asname or alias.name, inside)


def _shared(m: Machine, scope: Scope, node: ast.Global | ast.Nonlocal) -> None:
    scope.shared.update(node.names)


def _delete(m: Machine, scope: Scope, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            owner = m.evaluate(scope, target.value)
            gone = frozenset({target.slice.value})
            owner.taints = {taint: columns for taint, columns in owner.taints.items() if columns != gone}


HANDLERS: dict[type[ast.stmt], Callable[[Machine, Scope, Any], bool | None]] = {
    ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Expr: _expression,
    ast.For: _for, ast.AsyncFor: _for, ast.While: _while, ast.If: _if, ast.With: _with, ast.AsyncWith: _with,
    ast.Try: _try, ast.TryStar: _try, ast.Match: _match, ast.FunctionDef: _function, ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class, ast.Return: _return, ast.Raise: _raise, ast.Import: _import, ast.ImportFrom: _import_from,
    ast.Global: _shared, ast.Nonlocal: _shared, ast.Delete: _delete,
}  # fmt: skip

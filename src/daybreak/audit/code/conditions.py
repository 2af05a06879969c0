"""Conditions that are decided by what a function was called with: `if train:`, `if optimizer is not None:`, `if phase == "val":`."""

import ast

from daybreak.audit.code.machine import Scope
from daybreak.audit.code.values import Const


def decided(scope: Scope, node: ast.expr) -> bool | None:
    """Whether a condition holds; None where it depends on more than literal arguments that nothing has changed since."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Name):
        known = _literal(scope, node)
        return None if known is None else bool(known.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = decided(scope, node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        return _several(node.op, [decided(scope, value) for value in node.values])
    return _compared(scope, node) if isinstance(node, ast.Compare) and len(node.ops) == 1 else None


def _literal(scope: Scope, node: ast.expr) -> Const | None:
    if isinstance(node, ast.Name) and node.id in scope.fixed:
        value = scope.variables.get(node.id)
        return value if isinstance(value, Const) and not value.choices else None
    return None


def _several(how: ast.boolop, parts: list[bool | None]) -> bool | None:
    decisive = isinstance(how, ast.Or)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _compared(scope: Scope, node: ast.Compare) -> bool | None:
    known, other = _literal(scope, node.left), node.comparators[0]
    if known is None:
        return None
    if isinstance(other, ast.Constant):
        same = bool(known.value == other.value)
        if isinstance(node.ops[0], ast.Eq | ast.Is):
            return same
        return not same if isinstance(node.ops[0], ast.NotEq | ast.IsNot) else None
    if isinstance(other, ast.Tuple | ast.List | ast.Set) and all(isinstance(each, ast.Constant) for each in other.elts):
        inside = known.value in [each.value for each in other.elts if isinstance(each, ast.Constant)]
        if isinstance(node.ops[0], ast.In):
            return inside
        return not inside if isinstance(node.ops[0], ast.NotIn) else None
    return None

"""From Python's syntax tree to nested closures that take a point: what an expression may hold, and nothing else.

Whatever is not named here is refused when the expression is read; what does not fit (text where a number must be) when it is evaluated.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from daybreak.base.errors import UsageError

BITS = 4096  # of the largest integer that arithmetic may make

Evaluator = Callable[[Mapping[str, Any]], Any]

_WORDS = {"true": True, "false": False, "null": None}  # as YAML spells them


class ExpressionError(UsageError):
    """Text that is no expression, or one that cannot be evaluated; `column` (from 1) says where."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message, column)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return self.message


class AbsentName(ExpressionError):
    """The point lacks a name that was needed."""


def _number(value: Any, column: int, sign: str) -> Any:
    if isinstance(value, bool | int | float):
        return value
    raise ExpressionError(f"`{sign}` takes numbers, got {value!r}", column)


def _bounded(value: Any, column: int) -> Any:
    if isinstance(value, int) and value.bit_length() > BITS:
        raise ExpressionError(f"an integer may have at most {BITS} bits", column)
    return value


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and (left.bit_length() - 1) * right > BITS:
        raise OverflowError(f"more than {BITS} bits")
    result = left**right
    if isinstance(result, complex):
        raise ValueError("a negative number has no such power")  # noqa: TRY004 (the type follows from the values)
    return result


def _least(*values: Any) -> Any:
    return min(*values)


def _greatest(*values: Any) -> Any:
    return max(*values)


_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", _power),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.In: ("in", lambda item, items: item in items),
    ast.NotIn: ("not in", lambda item, items: item not in items),
}
_UNARY: dict[type[ast.unaryop], tuple[str, Callable[[Any], Any]]] = {
    ast.USub: ("-", operator.neg),
    ast.UAdd: ("+", operator.pos),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _least,
    "max": _greatest,
    "abs": abs,
    "round": round,
    "len": len,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "floor": math.floor,
    "ceil": math.ceil,
}
FUNCTIONS = tuple(_FUNCTIONS)
_FAILURES = (TypeError, ValueError, ArithmeticError)


class Compiler:
    """Turns a syntax tree into nested closures; each closure takes the point."""

    def __init__(self, text: str, columns: dict[str, int]) -> None:
        self._text = text
        self._indent = len(text) - len(text.lstrip())
        self._columns = columns

    def visit(self, node: ast.expr) -> Evaluator:
        """The closure of a node. Raises `ExpressionError` for what is not allowed."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise ExpressionError(f"`{self._source(node)}` is not allowed in an expression", self._column(node))
        compiled: Evaluator = method(node)
        return compiled

    def _column(self, node: ast.expr) -> int:
        return node.col_offset + 1 + self._indent

    def _source(self, node: ast.expr) -> str:
        return (ast.get_source_segment(self._text.lstrip(), node) or type(node).__name__)[:60]

    def _constant(self, node: ast.Constant) -> Evaluator:
        value = node.value
        if value is not None and not isinstance(value, bool | int | float | str):
            raise ExpressionError(f"`{self._source(node)}` is not allowed in an expression", self._column(node))
        return lambda _point: value

    def _name(self, node: ast.Name) -> Evaluator:
        if node.id in _WORDS:
            value = _WORDS[node.id]
            return lambda _point: value
        return self._lookup(node.id, self._column(node))

    def _attribute(self, node: ast.Attribute) -> Evaluator:
        parts = [node.attr]
        inner = node.value
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise ExpressionError(f"`{self._source(node)}` is not allowed: a dot joins names only", self._column(node))
        return self._lookup(".".join([inner.id, *reversed(parts)]), self._column(node))

    def _lookup(self, name: str, column: int) -> Evaluator:
        self._columns.setdefault(name, column)

        def look(point: Mapping[str, Any]) -> Any:
            try:
                return point[name]
            except KeyError:
                raise AbsentName(f"`{name}` is absent from this point", column) from None

        return look

    def _tuple(self, node: ast.Tuple | ast.List) -> Evaluator:
        items = [self.visit(item) for item in node.elts]
        return lambda point: tuple(item(point) for item in items)

    _list = _tuple

    def _boolop(self, node: ast.BoolOp) -> Evaluator:
        parts = [self.visit(part) for part in node.values]
        stops_at = isinstance(node.op, ast.Or)

        def either(point: Mapping[str, Any]) -> Any:
            value = None
            for part in parts:
                value = part(point)
                if bool(value) is stops_at:
                    break
            return value

        return either

    def _unaryop(self, node: ast.UnaryOp) -> Evaluator:
        inner, column = self.visit(node.operand), self._column(node)
        if isinstance(node.op, ast.Not):
            return lambda point: not inner(point)
        if type(node.op) not in _UNARY:
            raise ExpressionError("`~` is not allowed in an expression", column)
        sign, apply = _UNARY[type(node.op)]
        return lambda point: apply(_number(inner(point), column, sign))

    def _binop(self, node: ast.BinOp) -> Evaluator:
        column = self._column(node)
        if type(node.op) not in _ARITHMETIC:
            raise ExpressionError(f"`{self._source(node)}` is not allowed: + - * / // % ** are", column)
        sign, apply = _ARITHMETIC[type(node.op)]
        left, right, source = self.visit(node.left), self.visit(node.right), self._source(node)

        def compute(point: Mapping[str, Any]) -> Any:
            a, b = _number(left(point), column, sign), _number(right(point), column, sign)
            return _bounded(_applied(apply, (a, b), source, column), column)

        return compute

    def _compare(self, node: ast.Compare) -> Evaluator:
        column, source = self._column(node), self._source(node)
        first = self.visit(node.left)
        rest = [
            (self._comparison(op, column), self.visit(item))
            for op, item in zip(node.ops, node.comparators, strict=True)
        ]

        def compare(point: Mapping[str, Any]) -> Any:
            left, result = first(point), True
            for apply, item in rest:
                right = item(point)
                result = _applied(apply, (left, right), source, column)
                if not result:
                    break
                left = right
            return result

        return compare

    def _comparison(self, op: ast.cmpop, column: int) -> Callable[[Any, Any], Any]:
        if type(op) not in _COMPARISONS:
            raise ExpressionError("`is` is not allowed in an expression: write `==`", column)
        return _COMPARISONS[type(op)][1]

    def _ifexp(self, node: ast.IfExp) -> Evaluator:
        test, yes, no = self.visit(node.test), self.visit(node.body), self.visit(node.orelse)
        return lambda point: yes(point) if test(point) else no(point)

    def _call(self, node: ast.Call) -> Evaluator:
        column, source = self._column(node), self._source(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS) or node.keywords:
            raise ExpressionError(f"`{source}` is not allowed; functions: {', '.join(_FUNCTIONS)}", column)
        apply, items = _FUNCTIONS[node.func.id], [self.visit(item) for item in node.args]
        return lambda point: _bounded(_applied(apply, tuple(item(point) for item in items), source, column), column)


def _applied(apply: Callable[..., Any], values: tuple[Any, ...], source: str, column: int) -> Any:
    try:
        return apply(*values)
    except _FAILURES as error:
        shown = ", ".join(repr(value)[:40] for value in values)
        raise ExpressionError(f"`{source}` cannot be evaluated with {shown}: {error}", column) from None

"""Expressions in `when` and `constraints`: a small, safe part of Python's grammar, evaluated without `eval`.

Allowed: numbers, text, True, False, None (also true, false, null); names, dotted for nested spaces (`augment.noise`);
`== != < <= > >=` (chained), `in`, `not in`; `and or not`; `+ - * / // % **`; `a if c else b`; tuples and lists;
min max abs round len log log2 log10 sqrt floor ceil. `and`, `or` and `if` evaluate only what they need.

A name may be absent from a point because its own `when` does not hold. Evaluating it then raises `AbsentName`;
`holds` turns that into False for a `when` and True for a constraint: what does not exist cannot violate anything.
"""

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from daybreak.base.errors import UsageError

LONGEST = 2000  # characters
BITS = 4096  # of the largest integer that arithmetic may make

Evaluator = Callable[[Mapping[str, Any]], Any]

_WORDS = {"true": True, "false": False, "null": None}


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


class Expression:
    """A parsed expression. `names` are those it may need, in the order they are written, each once."""

    __slots__ = ("_evaluate", "columns", "names", "text")

    def __init__(self, text: str, evaluate: Evaluator, columns: dict[str, int]) -> None:
        self.text = text
        self.names = tuple(columns)
        self.columns = columns  # name -> column (from 1) where it is first written
        self._evaluate = evaluate

    def evaluate(self, point: Mapping[str, Any]) -> Any:
        """Its value at a point. Raises `AbsentName`, or `ExpressionError` where the values do not fit (1 / 0, 'a' < 1)."""
        return self._evaluate(point)

    def holds(self, point: Mapping[str, Any], *, absent: bool) -> bool:
        """Whether it is true; `absent` is the answer where a needed name is absent. Raises `ExpressionError`."""
        try:
            return bool(self._evaluate(point))
        except AbsentName:
            return absent

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[Any, ...]:
        return parse, (self.text,)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression. Raises `ExpressionError` with the column, never anything else."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters, got {len(text)}")
    try:
        tree = _tree(text)
        columns: dict[str, int] = {}
        return Expression(text, _Compiler(text, columns).visit(tree), columns)
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply") from None


def _tree(text: str) -> ast.expr:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of `\\d` in text and the like; we only read it
        try:
            return ast.parse(text.lstrip(), mode="eval").body
        except SyntaxError as error:
            column = (error.offset or 1) + len(text) - len(text.lstrip()) if error.lineno == 1 else 1
            raise ExpressionError(_syntax_message(text, error), column) from None
        except ValueError as error:  # null bytes
            raise ExpressionError(f"not an expression: {error}") from None


def _syntax_message(text: str, error: SyntaxError) -> str:
    for wrong, right in (("&&", "and"), ("||", "or")):
        if wrong in text:
            return f"not an expression: write `{right}` for `{wrong}`"
    if not text.strip():
        return "an expression is needed, got nothing"
    message = (error.msg or "invalid syntax").split(". ")[0].rstrip("?.")
    if re.search(r"[^=!<>]=[^=]", text):
        message = "write `==` to compare"
    return f"not an expression: {message}"


def _number(value: Any, column: int, sign: str) -> Any:
    if isinstance(value, bool | int | float):
        return value
    raise ExpressionError(f"`{sign}` takes numbers, got {value!r}", column)


def _bounded(value: Any, column: int) -> Any:
    if isinstance(value, int) and value.bit_length() > BITS:
        raise ExpressionError(f"an integer may have at most {BITS} bits", column)
    return value


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0 and left.bit_length() * right > BITS:
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


class _Compiler:
    """Turns a syntax tree into nested closures; each closure takes the point."""

    def __init__(self, text: str, columns: dict[str, int]) -> None:
        self._text = text
        self._indent = len(text) - len(text.lstrip())
        self._columns = columns

    def visit(self, node: ast.expr) -> Evaluator:
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


def names_in(texts: Iterator[str]) -> set[str]:
    """All names that some expressions may need. Raises `ExpressionError`."""
    return {name for text in texts for name in parse(text).names}

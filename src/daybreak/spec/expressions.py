"""Expressions in `when` and `constraints`: a small, safe part of Python's grammar, evaluated without `eval`.

Allowed: numbers, text, True, False, None (also true, false, null); names, dotted for nested spaces (`augment.noise`);
`== != < <= > >=` (chained), `in`, `not in`; `and or not`; `+ - * / // % **`; `a if c else b`; tuples and lists;
min max abs round len log log2 log10 sqrt floor ceil. `and`, `or` and `if` evaluate only what they need.

A name may be absent from a point because its own `when` does not hold. Evaluating it then raises `AbsentName`;
`holds` turns that into False for a `when` and True for a constraint: what does not exist cannot violate anything.
"""

import ast
import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from daybreak.spec.expression_compiler import AbsentName, Compiler, Evaluator, ExpressionError

__all__ = ["AbsentName", "Expression", "ExpressionError", "parse"]

LONGEST = 2000  # characters


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
        return Expression(text, Compiler(text, columns).visit(tree), columns)
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

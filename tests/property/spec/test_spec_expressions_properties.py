"""Expressions: whatever is written, only their own error; whatever is safe, Python's own answer."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daybreak.spec.expressions import ExpressionError, parse

CALM = settings(deadline=None, max_examples=100)  # the machine may be busy

POINT = {"a": 3, "b": -2.5, "flag": True, "text": "sgd"}
NAMES = st.sampled_from(["a", "b", "flag"])
NUMBERS = st.integers(-20, 20).map(str) | st.floats(-5, 5, allow_nan=False).map(repr)
FUNCTIONS = {name: getattr(math, name) for name in ("log", "log2", "log10", "sqrt", "floor", "ceil")}


def _grow(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.builds(lambda sign, p: f"({p[0]} {sign} {p[1]})", st.sampled_from(["+", "-", "*", "/", "//", "%"]), pairs),
        st.builds(
            lambda sign, p: f"({p[0]} {sign} {p[1]})", st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), pairs
        ),
        st.builds(lambda p, q: f"({p[0]} < {p[1]} <= {q})", pairs, inner),
        st.builds(lambda word, p: f"({p[0]} {word} {p[1]})", st.sampled_from(["and", "or"]), pairs),
        st.builds(lambda p, q: f"({p[0]} if {q} else {p[1]})", pairs, inner),
        st.builds(lambda p, q: f"({q} not in [{p[0]}, {p[1]}])", pairs, inner),
        st.builds(lambda p: f"({p} ** 2)", inner),
        st.builds("not {}".format, inner).map("({})".format),
        st.builds("(-{})".format, inner),
        st.builds(lambda name, x: f"{name}({x})", st.sampled_from(["abs", "round", *FUNCTIONS]), inner),
        st.builds(lambda name, p: f"{name}({p[0]}, {p[1]})", st.sampled_from(["min", "max"]), pairs),
    )


SAFE = st.recursive(
    NAMES | NUMBERS | st.sampled_from(["True", "None", "text == 'sgd'", "text in ('sgd', 'adamw')"]), _grow
)


def _outcome(text):
    try:
        return parse(text).evaluate(POINT)
    except ExpressionError as error:
        return error


@CALM
@given(SAFE)
def test_agrees_with_python(text):
    scope = {"__builtins__": {}, "abs": abs, "round": round, "min": min, "max": max, **FUNCTIONS, **POINT}
    try:
        expected = eval(text, scope)  # the reference; the text is made of the parts above
    except (TypeError, ValueError, ArithmeticError):
        with pytest.raises(ExpressionError):
            parse(text).evaluate(POINT)
        return
    got = _outcome(text)
    if isinstance(got, ExpressionError):  # stricter than Python on purpose, and only there
        assert "takes numbers" in str(got) or "bits" in str(got)
        return
    assert type(got) is type(expected)
    assert got == expected or (math.isnan(got) and math.isnan(expected))


@CALM
@given(st.text(max_size=60) | st.text(alphabet="ab(). +-*/<>=!,'\"[]{}\\\n\t0123456789eif", max_size=60))
@example("\x00")
@example("'\\d' == a")
@example("'\ud800'")
@example("(" * 1000)
@example("-" * 1500 + "1")
@example("a" + ".b" * 900)
@example("a" + " if a else a" * 150)
@example("9" * 1999)
@example("2 ** 4000 * 2 ** 4000")
@example("[" * 90 + "]" * 90)
def test_any_text_is_an_expression_or_its_own_error(text):
    got = _outcome(text)
    if isinstance(got, ExpressionError):
        assert str(got)
        assert got.column >= 1


class _Trap:
    """A value that tells when anything is called on it."""

    def __getattr__(self, name):
        pytest.fail(f"{name} was looked up")


CALLS = st.sampled_from(
    [
        "a()", "a.b", "a.b()", "a.__class__", "(1).real", "''.join", "open('x')", "__import__('os')", "[x for x in (1,)]",
        "lambda: 0", "a[0]", "f'{a}'", "(a := 1)", "min(*a)", "min(key=a)", "`a`", "a; a", "import os", "len.__call__(a)",
        "exec('1')", "{**a}", "{1: 2}", "...", "b'x'", "a @ a", "a | a", "~a", "yield", "await a", "print(a)",
    ]
)  # fmt: skip


@CALM
@given(CALLS, CALLS)
def test_nothing_is_ever_executed(first, second):
    for text in (first, f"({first}) or ({second})", f"min(1, {first})"):
        with pytest.raises(ExpressionError):
            parse(text).evaluate({"a": _Trap()})


@CALM
@given(SAFE, st.sets(st.sampled_from(["a", "b", "flag", "text"])))
def test_a_name_that_is_absent_decides_only_where_it_is_needed(text, present):
    expression, point = parse(text), {name: POINT[name] for name in present}
    assert set(expression.names) <= set(POINT)
    try:
        held = expression.holds(point, absent=True), expression.holds(point, absent=False)
    except ExpressionError:
        return
    if set(expression.names) <= present:
        assert held[0] == held[1]

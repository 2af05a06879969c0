"""Expressions: what they say, where they stop, what an absent name means."""

import pickle

import pytest

from daybreak.spec.expressions import AbsentName, ExpressionError, parse


@pytest.mark.parametrize(
    ("text", "point", "value"),
    [
        ("width * layers <= 128", {"width": 64, "layers": 2}, True),
        ("optimizer == 'sgd'", {"optimizer": "adamw"}, False),
        ("optimizer in ('sgd', 'lion')", {"optimizer": "lion"}, True),
        ("0 < augment.noise <= 0.5", {"augment.noise": 0.5}, True),
        ("nesterov == true and decay != null", {"nesterov": True, "decay": 0.1}, True),
        ("log10(lr) + log2(width)", {"lr": 1e-3, "width": 8}, 0.0),
        ("max(a, b) if a > 1 else min(a, b)", {"a": 2, "b": 3}, 3),
        ("-7 // 2 + 2 ** 3 % 5", {}, -1),
        ("len(layers) == 2", {"layers": [8, 4]}, True),
    ],
)
def test_values(text, point, value):
    assert parse(text).evaluate(point) == pytest.approx(value)


def test_names_in_the_order_they_are_written():
    expression = parse("b.c * a < b.c + len(d)")
    assert expression.names == ("b.c", "a", "d")
    assert expression.columns == {"b.c": 1, "a": 7, "d": 21}


def test_an_absent_name_makes_a_condition_false_and_a_constraint_true():
    expression = parse("momentum > 0.5")
    assert expression.holds({}, absent=False) is False
    assert expression.holds({}, absent=True) is True
    with pytest.raises(AbsentName, match="`momentum` is absent"):
        expression.evaluate({})


def test_only_what_decides_is_evaluated():
    expression = parse("optimizer != 'sgd' or momentum > 0.5")
    assert expression.evaluate({"optimizer": "adamw"}) is True
    with pytest.raises(AbsentName):
        expression.evaluate({"optimizer": "sgd"})


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a &&b", "write `and` for `&&`", 4),
        ("a = 1", "write `==` to compare", 3),
        ("a is None", "write `==`", 1),
        ("  a.b()", "is not allowed; functions: min", 3),
        ("1 + a[0]", "`a[0]` is not allowed", 5),
        ("lambda: 1", "`lambda: 1` is not allowed", 1),
        ("(a", "'(' was never closed", 1),
        ("", "an expression is needed", 1),
        ("a" * 3000, "at most 2000 characters", 1),
    ],
)
def test_what_is_no_expression(text, message, column):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / a", "`1 / a` cannot be evaluated with 1, 0: division by zero"),
        ("'x' * 9", "`*` takes numbers, got 'x'"),
        ("a < 'x'", "'<' not supported"),
        ("log(a)", "`log(a)` cannot be evaluated with 0"),
        ("9 ** 9 ** 9", "more than 4096 bits"),
        ("(2 ** 4000) * (2 ** 4000)", "at most 4096 bits"),
        ("(0 - 8) ** 0.5", "no such power"),
    ],
)
def test_what_cannot_be_evaluated(text, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text).evaluate({"a": 0})
    assert message in str(caught.value)


def test_an_expression_survives_pickling():
    again = pickle.loads(pickle.dumps(parse("a < 3")))
    assert again == parse("a < 3")
    assert again.evaluate({"a": 2}) is True

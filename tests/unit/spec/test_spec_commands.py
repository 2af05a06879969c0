"""Commands: placeholders become values; what does not apply disappears."""

import pytest

from daybreak.spec.commands import fill, names_used


@pytest.mark.parametrize(
    ("words", "point", "filled"),
    [
        (["t.py", "--lr", "{lr}"], {"lr": 0.01}, ("t.py", "--lr", "0.01")),
        (["t.py", "--noise={augment.noise}"], {"augment.noise": 1e-05}, ("t.py", "--noise=1e-05")),
        (["{a}-{b}"], {"a": "x", "b": 2}, ("x-2",)),
        (["{{lr}}", "${HOME}", '{"a": 1}', "{}", "{0}"], {}, ("{lr}", "${HOME}", '{"a": 1}', "{}", "{0}")),
    ],
)
def test_values_are_filled_in(words, point, filled):
    assert fill(words, point) == filled


def test_an_option_whose_value_is_absent_is_left_out():
    words = ["t.py", "--momentum", "{momentum}", "--m={momentum}", "-v", "--nesterov", "{nesterov}"]
    assert fill(words, {"nesterov": True}) == ("t.py", "-v", "--nesterov", "true")


def test_names_used():
    assert names_used(["t.py", "{lr}{width}", "{{not}}", "${NOT}"]) == {"lr", "width"}

"""Policy files: what they may say, and every fault of one at once, with its line."""

import pytest

from daybreak.audit.registry import RULES
from daybreak.base.errors import SpecError, UsageError
from daybreak.validation import policy
from daybreak.validation.policy import DEFAULT, Condition


def read(tmp_path, text):
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    return policy.read(file).policy


def test_a_file_with_shorthands(tmp_path):
    found = read(
        tmp_path,
        """
audits: {overlap.exact: block, target_leak: strict, shift: warn, "code.*": warn}
require: groups
test_looks: 3
metrics: {accuracy: ">= 0.9", loss: {at: "< 0.2", on: test}}
max_age: 30d
""",
    )
    assert found.require == ("groups",)
    assert found.max_age == 30 * 86400
    assert found.metrics["accuracy"] == Condition(at=">= 0.9")
    assert (found.metrics["loss"].on, found.metrics["loss"].limit) == ("test", 0.2)


def test_an_empty_file_asks_everything_that_was_run(tmp_path):
    found = read(tmp_path, "")
    assert found.action("overlap.exact") == "block"
    assert found.test_looks == 3


def test_the_default_asks_for_every_audit_there_is():
    asked = {rule.name for rule in RULES} | {"code"}
    assert asked == {rule for rule in asked if DEFAULT.policy.required(rule)}


def test_every_fault_is_told_with_its_line(tmp_path):
    with pytest.raises(SpecError) as told:
        read(
            tmp_path,
            'audits: {overlap.exat: block, shift: wran}\nmetrics: {accuracy: "= 0.9"}\ntest_look: 2\nmax_age: soon\nrequire: [grups]\n',
        )
    text = str(told.value)
    assert "did you mean `overlap.exact`? (" in text
    assert "did you mean `warn`? (" in text
    assert "a comparison such as `>= 0.9`, got '= 0.9'" in text
    assert "unknown key `test_look`; did you mean `test_looks`?" in text
    assert "a duration is written like" in text
    assert "there is no audit `grups`; did you mean `groups`?" in text
    assert [fault.place.line for fault in told.value.faults] == [1, 1, 2, 3, 4, 5]


def test_rules_of_code_are_known_by_name():
    assert (
        policy.of({"audits": {"code.*": "warn", "code.fit_before_split": "block"}}).policy.action(
            "code.fit_before_split"
        )
        == "block"
    )
    with pytest.raises(SpecError, match=r"did you mean `code\.fit_before_split`"):
        policy.of({"audits": {"code.fit_befor_split": "block"}})


@pytest.mark.parametrize("text", ["[1, 2]", "word", "audits: [a]", "metrics: 3", "test_looks: -1", "test_looks: many"])
def test_what_is_no_policy_is_told_and_never_a_traceback(tmp_path, text):
    with pytest.raises(SpecError):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        policy.read(tmp_path / "nowhere.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        policy.read(tmp_path / "binary.yaml")


@pytest.mark.parametrize(
    ("at", "value", "holds"),
    [
        (">= 0.9", 0.9, True),
        ("> 0.9", 0.9, False),
        ("<=1e-3", 0.001, True),
        ("< -2", -3, True),
        (">= 0", float("nan"), False),
    ],
)
def test_conditions(at, value, holds):
    assert Condition(at=at).holds(value) is holds


def test_the_same_policy_has_the_same_digest_however_it_was_written(tmp_path):
    short = read(tmp_path, 'metrics: {accuracy: ">= 0.9"}')
    long = read(tmp_path, 'metrics: {accuracy: {at: ">= 0.9", by: value}}\ntest_looks: 3')
    assert short.digest == long.digest
    assert short.digest != read(tmp_path, "").digest

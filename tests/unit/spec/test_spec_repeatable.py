"""What a deterministic search and log policies need of the experiment file."""

import pytest

from daybreak.base.errors import SpecError
from daybreak.spec.loading import from_mapping, load
from daybreak.spec.models import LOGICAL_WORKERS

BASE = {"run": "train:main", "objective": {"maximize": "acc"}, "deterministic": True}


@pytest.mark.parametrize("budget", ["5m", "2 slot-hours"])
def test_a_deterministic_search_has_no_budget_that_depends_on_speed(budget):
    with pytest.raises(SpecError, match="ends at a number of `trials` or `units`"):
        from_mapping(BASE | {"budget": budget}, folder="/")


def test_how_many_train_at_once_is_written_down_and_does_not_depend_on_the_machine():
    left_out = from_mapping(BASE | {"budget": "9 trials"}, folder="/")
    given = from_mapping(BASE | {"budget": "9 trials", "search": {"max_concurrent": 3}}, folder="/")
    ordinary = from_mapping(BASE | {"deterministic": False}, folder="/")

    assert left_out.search.max_concurrent == LOGICAL_WORKERS
    assert given.search.max_concurrent == 3
    assert ordinary.search.max_concurrent is None
    assert from_mapping(left_out.model_dump(mode="json"), folder="/") == left_out


def test_a_pattern_that_is_no_regular_expression_is_told_with_its_place():
    policies = "log_policies:\n  - {pattern: 'flapped', action: tell}\n  - {pattern: 'a(b', action: fail}\n"
    text = f"run: train:main\nobjective: {{maximize: acc}}\n{policies}"

    with pytest.raises(SpecError) as caught:
        load(text, source="exp.yaml", folder="/")

    assert "exp.yaml:5:" in str(caught.value)
    assert "regular expression" in str(caught.value)


def test_an_action_that_there_is_not_is_told_with_what_there_is():
    with pytest.raises(SpecError, match="elsewhere"):
        from_mapping(BASE | {"log_policies": [{"pattern": "x", "action": "elswhere"}]}, folder="/")


@pytest.mark.parametrize("seed", ["random", "", "-1"])
def test_a_hash_seed_that_differs_between_processes_is_refused(seed):
    with pytest.raises(SpecError, match="PYTHONHASHSEED must be a number"):
        from_mapping({**BASE, "environment": {"PYTHONHASHSEED": seed}}, folder="/")

"""A test as a deployment remembers it: it begins, grows, loses an arm, ends."""

import msgspec
import pytest
from experiment_cases import BEGAN, PLAIN, RULES, served, with_a_test

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.home import Home
from daybreak.registry.store import Registry
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.experiment.record import Challenger, begun, experiment_of, grown, over, without
from daybreak.serving.following import moved

TWO = (Challenger(served("v4", 4), 0.1), Challenger(served("v5", 5), 0.2), Challenger(served("v6", 6), 1.0, "shadow"))


def test_a_test_begins_with_everybody_where_they_were():
    wanted = with_a_test(*TWO)
    assert {arm.name: (arm.role, arm.weight) for arm in wanted.split.arms} == {
        "champion": ("champion", pytest.approx(0.7)),
        "v4": ("challenger", 0.1),
        "v5": ("challenger", 0.2),
        "v6": ("shadow", 1.0),
    }
    assert [one.arm for one in wanted.served] == ["champion", "v4", "v5", "v6"]
    found = experiment_of(wanted)
    assert (found.arms, found.shadows, found.rules) == (("champion", "v4", "v5"), ("v6",), RULES)


def test_a_deployment_with_a_test_is_read_back_as_it_was_written():
    wanted = with_a_test(*TWO)
    again = msgspec.json.decode(msgspec.json.encode(wanted), type=Deployment)
    assert (again, experiment_of(again)) == (wanted, experiment_of(wanted))


def test_each_ramp_is_remembered_with_its_weights():
    wanted = grown(with_a_test(*TWO), {"v4": 0.3}, BEGAN + 60)
    history = experiment_of(wanted).history
    assert [one.weights["v4"] for one in history] == [0.1, 0.3]
    assert history[-1].number == wanted.split.revision


def test_revisions_are_never_used_again_by_the_next_test():
    first = msgspec.structs.replace(with_a_test(), generation=7)
    ended = msgspec.structs.replace(over(first, BEGAN + 60, "done"), generation=8)
    second = begun(ended, (Challenger(served("v5", 5), 0.5),), RULES, "summer", BEGAN + 90, "")
    assert second.split.revision == 9 > experiment_of(ended).history[-1].number


def test_an_arm_leaves_and_the_last_ends_the_test():
    wanted = without(with_a_test(*TWO[:2]), "v4", BEGAN + 60, "taken back: it fails")
    assert [one.arm for one in wanted.served] == ["champion", "v5"]
    assert experiment_of(wanted).stopped == {"v4": "taken back: it fails"}
    ended = without(wanted, "v5", BEGAN + 90, "stopped")
    assert (ended.split, [one.arm for one in ended.served]) == (None, ["champion"])
    assert (experiment_of(ended).ended, experiment_of(ended).because) == (BEGAN + 90, "v5 stopped")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: begun(with_a_test(), TWO, RULES, "summer", BEGAN, ""), "daybreak ab stop shop ends it"),
        (lambda: begun(PLAIN, (), RULES, "summer", BEGAN, ""), "needs a challenger"),
        (
            lambda: begun(
                PLAIN, (Challenger(served("v4", 4), 0.6), Challenger(served("v5", 5), 0.6)), RULES, "s", BEGAN, ""
            ),
            "at most 1",
        ),
        (lambda: grown(over(with_a_test(), BEGAN, ""), {"v4": 1}, BEGAN), "runs no test now"),
        (lambda: grown(with_a_test(), {"v4": 0.1}, BEGAN), "a ramp only grows"),
    ],
)
def test_what_cannot_be_is_told(wrong, said):
    with pytest.raises(UsageError, match=said):
        wrong()


def test_without_any_test_it_is_told_how_to_begin_one():
    with pytest.raises(NotFound, match="daybreak ab start shop"):
        experiment_of(PLAIN)


def test_versions_that_are_compared_stay_when_an_alias_moves(tmp_path):
    registry = Registry(Home(tmp_path))
    running = with_a_test(Challenger(Served("v4", "digits", 4, "/models/4", reference="digits@staging"), 0.5))
    assert moved(running, registry) == running
    ended = msgspec.structs.replace(
        over(running, BEGAN, ""), served=(Served("champion", "digits", 3, "/models/3", "digits@gone"),)
    )
    with pytest.raises(NotFound):
        moved(ended, registry)  # it is looked up again

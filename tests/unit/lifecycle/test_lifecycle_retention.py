"""What is kept: the best checkpoint of each trial, those of the best trials, what is pinned; and why, in words."""

import pytest

from daybreak.lifecycle.commands import DeleteCheckpoint
from daybreak.lifecycle.events import CheckpointDamaged, CheckpointSaved
from daybreak.lifecycle.kept import keeping
from daybreak.spec.models import Objective, Search

RANDOM = Search(method="random", max_units=9, max_trials=2)
ASHA = Search(max_units=9, max_trials=9, guard=0)


def deletes(orders):
    return [order.digest for order in orders if isinstance(order, DeleteCheckpoint)]


@pytest.fixture
def save(script, key):
    """One more checkpoint of a trial's attempt, named by a letter, where the trial had reported this."""

    def say(digest, units, value, trial=1):
        return script.tell(CheckpointSaved(key(1, trial, 1), units, digest, 10, metrics={"accuracy": value}))

    return say


def why(script, digest):
    return next((kept.why for kept in keeping(script.state, 1).kept if kept.digest == digest), ())


def test_the_checkpoint_at_which_the_best_value_was_reported_is_kept_until_a_better_one_is_saved(script, save):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.9)
    save("b", 2, 0.5)
    assert deletes(save("c", 3, 0.6)) == []
    assert deletes(save("d", 4, 0.6)) == ["b"]
    assert why(script, "a") == ("best of its trial",)

    assert set(deletes(save("e", 5, 0.95))) == {"a", "c"}
    assert script.trial(1).top.digest == "e"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_diverged_is_never_the_best(script, save, value):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.1)
    save("b", 2, value)
    save("c", 3, value)

    assert deletes(save("d", 4, value)) == ["b"]
    assert script.trial(1).top.digest == "a"


def test_where_the_score_is_the_last_value_no_best_one_is_kept(script, save):
    script.offer(1)
    script.submit(search=RANDOM, score="last")
    save("a", 1, 0.9)
    save("b", 2, 0.5)

    assert deletes(save("c", 3, 0.6)) == ["a"]


def test_the_smallest_value_is_the_best_where_the_objective_is_to_be_small(script, save):
    script.offer(1)
    script.submit(search=RANDOM, objectives=(Objective(metric="accuracy", direction="minimize"),))
    save("a", 1, 0.1)
    save("b", 2, 0.5)
    save("c", 3, 0.6)

    assert script.trial(1).top.digest == "a"


def test_when_the_best_one_is_damaged_the_best_of_those_left_takes_its_place(script, save):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.9)
    save("b", 2, 0.6)
    save("c", 3, 0.5)
    script.tell(CheckpointDamaged(1, 1, "a"))

    assert script.trial(1).top.digest == "b"
    assert "the one at 1 units; nothing would have gone on from it" in script.notices()[0][1]


def test_what_is_used_instead_of_a_damaged_checkpoint_is_told(script, save):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.1)
    save("b", 2, 0.2)
    script.tell(CheckpointDamaged(1, 1, "b"))
    script.tell(CheckpointDamaged(1, 1, "a"))

    texts = [text for _, text in script.notices()]
    assert "the one at 2 units; the one before it is used, at 1 units" in texts[0]
    assert "the one at 1 units; there is none before it: the trial starts afresh" in texts[1]


@pytest.fixture
def rested(script, key):
    """Makes a search whose first trials were frozen at their first rung, with a checkpoint each."""

    def make(accuracies, **fields):
        orders = []
        script.offer(1)
        script.submit(search=ASHA, **fields)
        for number, accuracy in enumerate(accuracies, 1):
            at = key(1, number, 1)
            script.report(at, {"accuracy": accuracy})
            orders += script.tell(CheckpointSaved(at, 1, f"{number}@1", 10, metrics={"accuracy": accuracy}))
            orders += script.end(at, "frozen")
        return orders

    return make


def test_the_cap_spares_as_many_of_the_best_trials_as_keep_best_says(script, rested):
    orders = rested([0.7, 0.1, 0.9], disk_cap=20, keep_best=2)

    assert deletes(orders) == ["2@1"]
    assert why(script, "1@1") == ("latest", "best of its trial", "of the best 2")


def test_the_cap_takes_spare_copies_before_it_takes_all_of_any_trial(script, save, key):
    script.offer(1)
    script.submit(search=RANDOM, disk_cap=45)
    for digest, units, value in [("a", 1, 0.3), ("b", 2, 0.2), ("c", 3, 0.1)]:
        save(digest, units, value)
    script.report(key(1, 1, 1), {"accuracy": 0.1}, units=9)
    script.end(key(1, 1, 1), "reached")
    script.report(key(1, 2, 1), {"accuracy": 0.9}, units=9)
    save("d", 1, 0.7, trial=2)

    assert deletes(save("e", 2, 0.8, trial=2)) == ["b"]
    assert why(script, "a") == ("best of its trial",)
    assert why(script, "c") == ("latest",)


def test_a_pinned_checkpoint_stays_when_its_trial_lets_go_of_it_and_until_it_is_unpinned(script, save):
    script.offer(1)
    script.submit(search=RANDOM, score="last")
    save("a", 1, 0.9)
    script.ask("pin", {"trial": 1, "digest": "a", "why": "for the paper"})
    save("b", 2, 0.5)
    save("c", 3, 0.6)
    assert why(script, "a") == ("pinned: for the paper",)

    assert deletes(script.ask("unpin", {"trial": 1, "digest": "a"})) == ["a"]
    assert why(script, "a") == ()


def test_the_cap_spares_what_is_pinned_and_says_so(script, rested):
    script.offer(1)
    rested([0.7], disk_cap=1)
    script.ask("pin", {"trial": 1, "digest": "1@1"})
    script.ask("stop")

    assert why(script, "1@1")[-1] == "pinned: by ada"
    assert "in use, pinned or the best trial's" in script.notices()[-1][1]


def test_a_checkpoint_of_an_experiment_that_is_over_can_be_pinned(script, save, key):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.9)
    script.ask("stop")
    script.end(key(1, 1, 1), "preempted")
    assert script.state.experiments[1].over

    script.ask("pin", {"trial": 1, "digest": "a", "why": "registered as digits v3"})
    assert why(script, "a")[-1] == "pinned: registered as digits v3"


@pytest.mark.parametrize(
    ("ask", "value", "refusal"),
    [
        ("pin", {"trial": 1, "digest": "zz"}, "trial 1 has no checkpoint zz… that is still kept"),
        ("unpin", {"trial": 1, "digest": "a"}, "the checkpoint a… of trial 1 is not pinned"),
        ("pin", 7, "a pin names a checkpoint: {trial, digest, why}, got 7"),
        ("pin", {"trial": 1, "digest": "process:7"}, "is a suspended process, which no pin can keep"),
    ],
)
def test_what_cannot_be_pinned_is_refused_in_words(script, save, ask, value, refusal):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.9)
    save("process:7", 2, 0.9)
    script.ask(ask, value)

    assert refusal in script.state.last_refusal


def test_a_damaged_checkpoint_is_not_pinned_any_more(script, save):
    script.offer(1)
    script.submit(search=RANDOM)
    save("a", 1, 0.9)
    script.ask("pin", {"trial": 1, "digest": "a"})
    script.tell(CheckpointDamaged(1, 1, "a"))

    assert script.state.experiments[1].pins == {}


def test_the_start_of_a_fork_is_kept_by_both_and_a_file_that_was_let_go_may_be_kept_elsewhere(script, save):
    script.offer(2)
    script.submit(search=RANDOM)
    save("a" * 64, 1, 0.1)
    start = {"checkpoint": "a" * 64, "units": 1, "size": 10, "trial": "1.1", "seed": 3}
    script.submit(2, search=RANDOM, start=start, parent="1.1@1")

    assert why(script, "a" * 64)[-1] == "experiment 2 starts from it"
    assert keeping(script.state, 2).kept[0].why == ("start of this fork (1.1@1)",)
    for number, units in enumerate("bcd", 2):
        save(units, number, number / 10)
    assert keeping(script.state, 1, frozenset({"a" * 64, "b"})).elsewhere == ("a" * 64,)

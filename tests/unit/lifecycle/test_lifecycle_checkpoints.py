"""Checkpoints: two per trial, evicted by rank under the cap, replaced when damaged; suspended processes by the same rules."""

from daybreak.lifecycle.commands import DeleteCheckpoint, Launch
from daybreak.lifecycle.events import CheckpointDamaged, CheckpointDeleted, SlotsLost
from daybreak.spec.models import Search

RANDOM = Search(method="random", max_units=9, max_trials=2)
ASHA = Search(max_units=9, max_trials=9, guard=0)


def deletes(orders):
    return [order.digest for order in orders if isinstance(order, DeleteCheckpoint)]


def test_a_trial_keeps_its_latest_checkpoint_and_the_one_before(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 1, "a")
    script.save(key(1, 1, 1), 2, "b")

    assert deletes(script.save(key(1, 1, 1), 3, "c")) == ["a"]
    assert (script.trial(1).latest.digest, script.trial(1).previous.digest) == ("c", "b")


def test_a_lost_trial_starts_from_its_latest_with_the_one_before_at_hand(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 1, "a")
    script.save(key(1, 1, 1), 2, "b")
    script.end(key(1, 1, 1), "lost", units=2)

    launch = script.state.attempts[key(1, 1, 2)].launch
    assert (launch.units, launch.checkpoint.digest, launch.previous.digest) == (2, "b", "a")


def test_a_damaged_checkpoint_is_replaced_by_the_one_before_and_then_by_none(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 1, "a")
    script.save(key(1, 1, 1), 2, "b")
    script.tell(CheckpointDamaged(1, 1, "b"))
    script.end(key(1, 1, 1), "lost", units=2)
    assert script.state.attempts[key(1, 1, 2)].launch.checkpoint.digest == "a"

    script.tell(CheckpointDamaged(1, 1, "a"))
    script.end(key(1, 1, 2), "lost", units=1)
    assert script.state.attempts[key(1, 1, 3)].launch.units == 0
    assert len(script.notices()) == 2


def test_the_cap_takes_the_lowest_ranked_frozen_trials_first_and_never_the_best(script, key):
    script.offer(1)
    script.submit(search=ASHA, disk_cap=20)
    for number, accuracy in [(1, 0.1), (2, 0.9)]:
        script.report(key(1, number, 1), {"accuracy": accuracy})
        script.save(key(1, number, 1))
        script.end(key(1, number, 1), "frozen")

    script.report(key(1, 3, 1), {"accuracy": 0.5})
    assert deletes(script.save(key(1, 3, 1))) == ["1.1.1@1"]
    assert script.trial(1).latest is None


def test_a_trial_without_a_checkpoint_starts_again_and_its_units_count_again(script, key):
    script.offer(1)
    script.submit(search=ASHA, disk_cap=1)
    for number, accuracy in [(1, 0.9), (2, 0.5), (3, 0.4)]:
        script.report(key(1, number, 1), {"accuracy": accuracy})
        script.end(key(1, number, 1), "frozen")
    script.report(key(1, 1, 2), {"accuracy": 0.9})

    assert script.state.attempts[key(1, 1, 2)].launch.units == 0
    assert script.row().units == 3 + 3


def test_two_trials_with_the_same_bytes_share_a_file_until_the_last_lets_go(script, key):
    script.offer(2)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 1, "same")
    script.save(key(1, 2, 1), 1, "same")
    script.save(key(1, 1, 1), 2, "b")

    assert deletes(script.save(key(1, 1, 1), 3, "c")) == []
    script.save(key(1, 2, 1), 2, "d")
    assert deletes(script.save(key(1, 2, 1), 3, "e")) == ["same"]


def test_a_deletion_is_outstanding_until_it_is_answered(script, key):
    from daybreak.lifecycle import outstanding

    script.offer(1)
    script.submit(search=RANDOM)
    for units, digest in enumerate("abc", 1):
        script.save(key(1, 1, 1), units, digest)
    assert deletes(outstanding(script.state)) == ["a"]

    script.tell(CheckpointDeleted(1, 1, "a"))
    assert deletes(outstanding(script.state)) == []


def test_a_suspended_process_is_continued_and_holds_no_disk(script, key):
    script.offer(1)
    script.submit(search=ASHA, disk_cap=1)
    for number, accuracy in [(1, 0.9), (2, 0.5), (3, 0.4)]:
        script.report(key(1, number, 1), {"accuracy": accuracy})
        script.save(key(1, number, 1), digest=f"process:{number}", size=10**9)
        orders = script.end(key(1, number, 1), "frozen")

    launch = next(order for order in orders if isinstance(order, Launch))
    assert (launch.checkpoint.digest, launch.units) == ("process:1", 1)
    assert script.state.experiments[1].disk == 0


def test_a_process_that_crashed_cannot_be_continued(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 3, "process:9")
    script.end(key(1, 1, 1), "preempted", units=3)
    script.crash(key(1, 1, 2))

    assert script.state.attempts[key(1, 1, 3)].launch.checkpoint is None


def test_a_complete_trial_whose_process_was_lost_before_its_last_checkpoint_trains_that_part_again(
    script, verdicts, key
):
    script.offer(1)
    script.submit(search=Search(method="random", max_units=9, max_trials=1))
    script.save(key(1, 1, 1), 6, "a")
    assert verdicts(script.report(key(1, 1, 1))) == [("finish", None)]
    script.end(key(1, 1, 1), "lost")

    assert script.state.attempts[key(1, 1, 2)].launch.units == 6
    assert verdicts(script.report(key(1, 1, 2))) == [("finish", None)]
    script.save(key(1, 1, 2), 9, "b")
    script.end(key(1, 1, 2), "reached")
    assert (script.row().state, script.trial(1).latest.units, script.state.experiments[1].rungs[9].reported) == (
        "done",
        9,
        1,
    )


def test_a_machine_that_goes_takes_nothing_but_time(script, launches, key):
    script.offer(1, machine="a")
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 4, "a")

    script.tell(SlotsLost("a"))
    script.end(key(1, 1, 1), "lost", units=5)
    assert launches(script.offer(1, machine="b")) == [key(1, 1, 2)]
    assert script.state.attempts[key(1, 1, 2)].launch.units == 4


def test_slots_offered_twice_are_there_once(script):
    script.offer(2)
    script.offer(2)
    script.submit()

    assert len(script.state.attempts) == 2

"""Checkpoints: two per trial, evicted by rank under the cap, replaced when damaged; suspended processes by the same rules."""

import pytest

from daybreak.lifecycle import outstanding
from daybreak.lifecycle.commands import DeleteCheckpoint, Launch
from daybreak.lifecycle.events import CheckpointDamaged, CheckpointDeleted, CheckpointFailed, SlotsLost
from daybreak.spec.models import Search
from daybreak.wire.rows import CheckpointRow

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


def test_a_checkpoint_that_is_told_of_again_is_not_the_latest_again(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    for units, digest in enumerate("abc", 1):
        script.save(key(1, 1, 1), units, digest)

    assert script.save(key(1, 1, 1), 1, "a") == []
    assert script.state.refused == 1
    assert script.trial(1).latest.digest == "c"


def test_a_lost_trial_starts_from_its_latest_with_the_one_before_at_hand(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 1, "a")
    script.save(key(1, 1, 1), 2, "b")
    script.end(key(1, 1, 1), "lost", units=2)

    launch = script.state.attempts[key(1, 1, 2)].launch
    assert (launch.units, launch.checkpoint.digest, launch.previous.digest) == (2, "b", "a")


def test_a_checkpoint_that_could_not_be_written_is_told_once(script, key):
    script.offer(1)
    script.submit(search=RANDOM)
    for units in (3, 4):
        script.tell(CheckpointFailed(key(1, 1, 1), units, "no space left on device"))

    (notice,) = script.state.experiments[1].notices
    assert (notice.level, notice.trial) == ("warning", 1)
    assert "at 3 units could not be written, training goes on without it: no space left on device" in notice.text


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


@pytest.fixture
def twice(script):
    """The same search handed in twice, with one seed: all that they save is equal."""
    script.offer(4)
    for number in (1, 2):
        script.submit(number, search=RANDOM, seed=7)
    return script


def test_two_experiments_with_the_same_bytes_share_a_file_until_the_last_lets_go(twice, key):
    for units, digest in enumerate("ab", 1):
        for number in (1, 2):
            twice.save(key(number, 1, 1), units, digest)

    assert deletes(twice.save(key(1, 1, 1), 3, "c")) == []
    assert state_of(twice, 1, "a") == "deleted"
    assert twice.trial(1, experiment=2).previous.digest == "a"
    assert deletes(twice.save(key(2, 1, 1), 3, "c")) == ["a"]


def test_a_deletion_that_is_not_carried_out_yet_is_taken_back_when_another_saves_the_same_bytes(twice, key):
    for units, digest in enumerate("abc", 1):
        twice.save(key(1, 1, 1), units, digest)
    assert deletes(outstanding(twice.state)) == ["a"]

    twice.save(key(2, 1, 1), 1, "a")
    assert deletes(outstanding(twice.state)) == []

    twice.tell(CheckpointDeleted(1, 1, "a"))
    assert twice.state.refused == 1
    assert twice.trial(1, experiment=2).latest.state == "saved"


def test_a_deletion_spares_what_was_written_after_the_last_save_that_is_known(twice, key):
    """Another's file may be on the disk before its event is here: the vault compares the time with the file's."""
    twice.save(key(1, 1, 1), 1, "a")
    saved_at = twice.at
    twice.at += 5
    twice.save(key(1, 1, 1), 2, "b")
    (order,) = [order for order in twice.save(key(1, 1, 1), 3, "c") if isinstance(order, DeleteCheckpoint)]

    assert (order.digest, order.until) == ("a", saved_at)


def test_a_shared_file_counts_once_towards_the_cap_of_each_experiment(script, key):
    script.offer(2)
    script.submit(search=RANDOM)
    script.save(key(1, 1, 1), 1, "same", size=10)
    script.save(key(1, 2, 1), 1, "same", size=10)
    assert script.state.experiments[1].disk == 10

    for units, digest in [(2, "b"), (3, "c")]:
        script.save(key(1, 1, 1), units, digest, size=1)
    assert script.state.experiments[1].disk == 12


def test_an_eviction_leaves_the_file_to_the_experiment_that_still_needs_it(script, key):
    script.offer(2)
    for number, disk_cap in [(1, 10), (2, None)]:
        script.submit(number, search=ASHA, disk_cap=disk_cap, max_slots=1)
    orders = []
    for trial, accuracy in [(1, 0.1), (2, 0.9)]:
        for number in (1, 2):
            script.report(key(number, trial, 1), {"accuracy": accuracy})
            orders += script.save(key(number, trial, 1), 1, f"state {trial}")
            orders += script.end(key(number, trial, 1), "frozen")

    assert script.state.experiments[1].evicted == 1
    assert state_of(script, 1, "state 1") == "deleted"
    assert script.trial(1, experiment=2).latest.digest == "state 1"
    assert deletes(orders) == []


def state_of(script, experiment, digest):
    """What the row of trial 1's checkpoint says."""
    rows = [row for row in script.rows() if isinstance(row, CheckpointRow)]
    (row,) = [row for row in rows if (row.experiment, row.trial, row.digest) == (experiment, 1, digest)]
    return row.state


def test_suspended_processes_of_two_machines_may_have_the_same_number(twice, key):
    twice.save(key(1, 1, 1), 1, "process:7")
    twice.save(key(2, 1, 1), 1, "process:7")

    assert deletes(twice.save(key(1, 1, 1), 2, "process:8")) == ["process:7"]


def test_a_deletion_is_outstanding_until_it_is_answered(script, key):
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

"""A fork: its trials begin at a checkpoint of another run, which is kept as long as the fork is known."""

import pytest

from daybreak.lifecycle.commands import DeleteCheckpoint, Launch
from daybreak.lifecycle.events import CheckpointDamaged
from daybreak.spec.models import Search, Start

DIGEST = "d" * 64
START = Start(trial="1.3", checkpoint=DIGEST, units=4, size=10, seed=77)


@pytest.fixture
def fork(script):
    script.offer(2)
    script.submit(
        start=START, parent="1.3@4", search=Search(method="random", sampler="random", max_units=9, max_trials=3)
    )
    return script


def launches(script):
    return [order for order in script.orders if isinstance(order, Launch)]


def test_every_trial_begins_there_with_the_seed_of_the_trial_it_comes_from(fork):
    for launch in launches(fork):
        assert (launch.checkpoint.digest, launch.units, launch.seed, launch.target) == (DIGEST, 4, 77, 9)


def test_units_done_before_the_fork_cost_it_nothing(fork):
    fork.report(launches(fork)[0].attempt)
    assert fork.state.experiments[1].units == 5


def test_a_trial_that_was_lost_begins_there_again(fork):
    fork.end(launches(fork)[0].attempt, "lost")
    assert launches(fork)[-1].checkpoint.digest == DIGEST


def test_the_start_is_never_deleted(fork):
    """Also when no trial needs it any more, and when another experiment lets go of the same file."""
    for launch in launches(fork):
        fork.report(launch.attempt)
        fork.save(launch.attempt)
        fork.end(launch.attempt, "reached")
    assert not [o for o in fork.orders if isinstance(o, DeleteCheckpoint) and o.digest == DIGEST]


def test_a_fork_whose_start_is_damaged_ends_rather_than_begin_at_0(fork):
    first, second = (launch.attempt for launch in launches(fork))
    fork.tell(CheckpointDamaged(1, first.trial, DIGEST, "bits flipped"))
    fork.end(first, "lost", units=0)
    fork.end(second, "lost", units=0)
    exp = fork.state.experiments[1]
    assert exp.outcome == "failed"
    assert "1.3@4" in exp.why

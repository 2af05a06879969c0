"""The past of a trial as segments: what its present state rests on, through losses and clones back to nothing."""

from daybreak.proof.segments import cut, everything, joined, needed, path, valid_until
from daybreak.wire.recorded import Attempt, Recorded
from daybreak.wire.worker import CheckpointRef


def ref(trial, units):
    return CheckpointRef(f"{trial}@{units}", units)


def attempt(trial, epoch, *, start=None, saved=(), units=0, reason="", how="fork", **others):
    told = {"machine": "here", "kind": "cpu", "point": {"x": 1}, "seed": trial, "horizon": 9} | others
    return Attempt(
        trial, epoch, environments=[{"DAYBREAK_THREADS": "2"}], start=start, saved=list(saved), how=how, units=units, reason=reason, **told
    )  # fmt: skip


def recorded(*attempts):
    return Recorded(1, 100, ["OMP_NUM_THREADS"], list(attempts))


def told(stretches):
    return [(one.trial, one.epochs, one.begin, one.until, one.end) for one in stretches]


FROZEN = recorded(
    attempt(1, 1, saved=[ref(1, 3)], units=3, reason="frozen"),
    attempt(1, 2, start=ref(1, 3), saved=[ref(1, 9)], units=9, reason="reached"),
)
LOST = recorded(
    attempt(1, 1, saved=[ref(1, 2), ref(1, 4)], units=5, reason="lost"),
    attempt(1, 2, start=ref(1, 4), saved=[ref(1, 9)], units=9, reason="completed"),
)
CLONE = recorded(
    attempt(1, 1, saved=[ref(1, 2)], units=2, reason="frozen"),
    attempt(2, 1, saved=[ref(2, 2)], units=2, reason="frozen"),
    attempt(1, 2, start=ref(1, 2), saved=[ref(1, 4)], units=4, reason="frozen"),
    attempt(2, 2, start=ref(1, 2), saved=[ref(2, 4)], units=4, reason="reached", point={"x": 2}),
)


def test_a_trial_is_the_segments_between_its_freezes():
    assert told(path(FROZEN, 1)) == [(1, (1,), 0, 3, "freeze"), (1, (2,), 3, 9, "finish")]
    assert [one.source for one in path(FROZEN, 1)] == [None, (1, 1)]
    assert path(FROZEN, 1)[0].threads == 2


def test_a_trial_that_ended_by_itself_returned():
    assert path(LOST, 1)[-1].end == "return"


def test_what_a_lost_attempt_trained_beyond_its_last_checkpoint_is_not_in_the_past():
    assert told(path(LOST, 1))[0] == (1, (1,), 0, 4, "freeze")
    assert path(LOST, 1)[0].saves == {2: "1@2", 4: "1@4"}


def test_an_attempt_that_saved_nothing_before_it_was_lost_is_in_no_past():
    started_over = recorded(
        attempt(1, 1, units=2, reason="lost"), attempt(1, 2, saved=[ref(1, 9)], units=9, reason="reached")
    )
    assert told(path(started_over, 1)) == [(1, (2,), 0, 9, "finish")]
    assert told(everything(started_over)) == [(1, (2,), 0, 9, "finish")]
    assert path(recorded(attempt(1, 1, units=2, reason="lost")), 1) == []


def test_a_clone_rests_on_what_its_source_had_trained():
    assert told(path(CLONE, 2)) == [(1, (1,), 0, 2, "freeze"), (2, (2,), 2, 4, "finish")]
    assert [one.point for one in path(CLONE, 2)] == [{"x": 1}, {"x": 2}]


def test_everything_is_all_that_decisions_rested_on_in_the_order_of_the_grants():
    assert [(one.trial, one.epochs) for one in everything(CLONE)] == [(1, (1,)), (2, (1,)), (1, (2,)), (2, (2,))]
    assert [one.source for one in everything(CLONE)] == [None, None, (1, 1), (1, 1)]


def test_a_trial_that_was_stopped_counts_for_decisions_and_is_in_no_past():
    stopped = recorded(attempt(1, 1, units=3, reason="stopped"))
    assert told(everything(stopped)) == [(1, (1,), 0, 3, "freeze")]
    assert path(stopped, 1) == []


def test_for_one_trial_the_segments_of_its_past_are_needed_whole():
    found = needed(everything(CLONE), path(CLONE, 2))
    assert [(one.trial, one.epochs) for one in found] == [(1, (1,)), (2, (2,))]


def test_where_a_fork_began_is_saved_by_nobody_here():
    forked = recorded(attempt(1, 1, start=ref(7, 3), saved=[ref(1, 9)], units=9, reason="reached"))
    assert told(path(forked, 1)) == [(1, (1,), 3, 9, "finish")]
    assert path(forked, 1)[0].source is None


def test_of_equal_files_the_trials_own_is_its_start():
    same = CheckpointRef("same", 2)
    twins = recorded(
        attempt(1, 1, saved=[same], units=2, reason="frozen"),
        attempt(2, 1, saved=[same], units=2, reason="frozen"),
        attempt(1, 2, start=same, saved=[ref(1, 4)], units=4, reason="reached"),
    )
    assert path(twins, 1)[-1].source == (1, 1)


def test_points_hold_until_a_later_attempt_began_again():
    first, _ = everything(LOST)
    assert valid_until(LOST, first) == 4
    again = recorded(
        attempt(1, 1, saved=[ref(1, 4)], units=6, reason="frozen"),
        attempt(1, 2, start=None, saved=[ref(1, 6)], units=6, reason="reached"),
    )
    assert valid_until(again, everything(again)[0]) == 0, "its checkpoint was gone: all was trained afresh"
    never = recorded(
        attempt(1, 1, saved=[ref(1, 4)], units=4, reason="frozen"), attempt(1, 2, start=None, reason="lost", how="")
    )
    assert valid_until(never, everything(never)[0]) == 4, "an attempt that never started wrote nothing"


def test_freezes_are_joined_and_clones_are_not():
    (one,) = joined(path(FROZEN, 1))
    assert (one.epochs, one.begin, one.until, one.saves) == ((1, 2), 0, 9, {3: "1@3", 9: "1@9"})
    assert len(joined(path(CLONE, 2))) == 2


def test_a_past_is_cut_at_so_many_units():
    assert told(cut(path(FROZEN, 1), 5)) == [(1, (1,), 0, 3, "freeze"), (1, (2,), 3, 5, "freeze")]
    assert cut(path(FROZEN, 1), 5)[-1].saves == {}
    assert told(cut(path(FROZEN, 1), 3)) == [(1, (1,), 0, 3, "freeze")]
    assert told(cut(path(FROZEN, 1), 99)) == told(path(FROZEN, 1))

"""At a rung: the reply to a report is the verdict; trials freeze, go on and are promoted later."""

from daybreak.lifecycle.events import AttemptStarted, RungReported
from daybreak.spec.models import Search

ASHA = Search(max_units=9, max_trials=9, guard=0)


def test_a_submitted_experiment_starts_its_first_trial_on_the_free_slot(script, launches, key):
    script.offer(1)

    orders = script.submit()

    assert launches(orders) == [key(1, 1, 1)]
    assert script.trial(1).state == "running"
    assert script.trial(1).source == "sampler:random"


def test_seeds_are_a_function_of_the_experiments_seed_and_the_trials_number(script):
    script.offer(2)
    script.submit(seed=3)
    first = script.trial(1).seed

    script.submit(2, seed=3)

    assert script.trial(1, experiment=2).seed == first != script.trial(2).seed


def test_known_good_points_go_before_proposed_ones(script):
    script.offer(2)
    script.submit(points=({"lr": 5.0},))

    assert script.trial(1).source == "points"
    assert script.trial(1).point == {"lr": 5.0}
    assert script.trial(2).source == "sampler:random"


def test_a_trial_not_among_the_best_freezes_and_its_slot_goes_to_the_next(script, launches, verdicts, key):
    script.offer(1)
    script.submit(search=ASHA)

    orders = script.report(key(1, 1, 1))
    assert verdicts(orders) == [("freeze", None)]
    script.save(key(1, 1, 1))
    assert launches(script.end(key(1, 1, 1), "frozen")) == [key(1, 2, 1)]

    assert script.trial(1).state == "frozen"
    assert script.trial(1).latest.units == 1


def test_a_frozen_trial_is_promoted_later_and_starts_from_its_checkpoint(script, launches, key):
    script.offer(1)
    script.submit(search=ASHA)
    for number, accuracy in [(1, 0.9), (2, 0.5), (3, 0.4)]:
        script.report(key(1, number, 1), {"accuracy": accuracy})
        script.save(key(1, number, 1))
        orders = script.end(key(1, number, 1), "frozen")

    assert launches(orders) == [key(1, 1, 2)]
    launch = script.state.attempts[key(1, 1, 2)].launch
    assert (launch.units, launch.target, launch.checkpoint.digest) == (1, 3, "1.1.1@1")
    assert "best" in script.state.attempts[key(1, 1, 2)].why


def test_the_best_goes_on_in_place(script, verdicts, key):
    script.offer(3)
    script.submit(search=ASHA)
    script.report(key(1, 1, 1), {"accuracy": 0.1})
    script.report(key(1, 2, 1), {"accuracy": 0.2})

    assert verdicts(script.report(key(1, 3, 1), {"accuracy": 0.9})) == [("go", 3)]


def test_the_same_report_again_gets_the_same_verdict_and_counts_once(script, verdicts, key):
    script.offer(1)
    script.submit(search=ASHA)
    first = verdicts(script.report(key(1, 1, 1)))

    assert verdicts(script.report(key(1, 1, 1), number=1, units=1)) == first
    assert script.state.experiments[1].rungs[1].reported == 1


def test_what_comes_from_an_old_epoch_is_refused_and_changes_nothing(script, key):
    script.offer(1)
    script.submit()
    script.end(key(1, 1, 1), "lost", units=0)
    before = script.state.refused

    assert script.tell(RungReported(key(1, 1, 1), 1, 1, {"accuracy": 1.0})) == []
    assert script.tell(AttemptStarted(key(4, 4, 4), 1, "fork")) == []
    assert script.state.refused == before + 2
    assert script.trial(1).rungs == []


def test_a_lost_attempt_starts_again_with_the_same_target_and_a_higher_epoch(script, launches, key):
    script.offer(1)
    script.submit()

    assert launches(script.end(key(1, 1, 1), "lost", units=0)) == [key(1, 1, 2)]
    assert script.state.attempts[key(1, 1, 2)].target == 1


def test_what_is_reported_behind_the_loop_stands_beside_what_was_reported_at_its_end(script, key):
    script.offer(1)
    script.submit(search=Search(method="random", max_units=9, max_trials=1))
    script.report(key(1, 1, 1), {"accuracy": 0.5})

    script.end(key(1, 1, 1), "reached", metrics={"accuracy": 0.7, "test_accuracy": 0.4})

    assert script.trial(1).last == {"accuracy": 0.5, "test_accuracy": 0.4}, "its standing stays what it was judged by"


def test_a_trial_that_ends_by_itself_teaches_the_horizon(script, key):
    script.offer(1)
    script.submit(search=Search(method="random", max_trials=3))

    script.end(key(1, 1, 1), "completed", units=12, metrics={"accuracy": 0.5}, after=12.0)

    assert script.trial(1).state == "finished"
    assert script.state.attempts[key(1, 2, 1)].launch.horizon == 12
    assert script.trial(1).rungs == [(12, [0.5])]


def test_all_of_it_ends_with_the_best_trial_complete(script):
    script.offer(2)
    script.submit(search=ASHA)
    script.carry_out()

    row = script.row()
    assert (row.state, row.why) == ("done", "budget of 9 trials used")
    assert row.best_trial == 9
    assert row.summary["evidence"] == "trial 9 is complete (9 units)"


def test_a_score_is_the_best_or_the_last_of_its_reports(script, key):
    for number, score in [(1, "best"), (2, "last")]:
        script.offer(1, machine=f"m{number}")
        script.submit(number, search=Search(method="random", max_units=9, max_trials=1), score=score)
        script.report(key(number, 1, 1), {"accuracy": 0.5}, best={"accuracy": 0.8})

    assert [script.row(1).best, script.row(2).best] == [{"accuracy": 0.8}, {"accuracy": 0.5}]


def test_a_promotion_decided_while_the_trial_still_freezes_waits_for_its_end(script, launches, key):
    script.offer(3)
    script.submit(search=ASHA)
    script.report(key(1, 1, 1), {"accuracy": 0.9})
    script.report(key(1, 2, 1), {"accuracy": 0.2})
    script.report(key(1, 3, 1), {"accuracy": 0.1})
    script.save(key(1, 2, 1))
    script.end(key(1, 2, 1), "frozen")

    script.save(key(1, 1, 1))

    assert launches(script.end(key(1, 1, 1), "frozen")) == [key(1, 1, 2)]

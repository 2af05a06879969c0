"""What people ask: pause, resume, stop, priority, extend. All of it freezes; nothing is thrown away."""

from daybreak.spec.models import Budget, Search

ASHA = Search(max_units=9, guard=0)


def test_a_pause_freezes_what_runs_and_a_resume_goes_on_from_there(script, freezes, launches, key):
    script.offer(2)
    script.submit()

    assert freezes(script.ask("pause")) == [key(1, 1, 1), key(1, 2, 1)]
    script.save(key(1, 1, 1), units=0)
    assert launches(script.end(key(1, 1, 1), "preempted")) == []
    script.end(key(1, 2, 1), "preempted")
    assert (script.row().state, script.row().why) == ("paused", "paused by ada")

    assert launches(script.ask("resume")) == [key(1, 1, 2), key(1, 2, 2)]
    assert script.row().state == "running"


def test_a_report_that_crosses_a_pause_is_decided_but_the_trial_waits(script, verdicts, key):
    script.offer(3)
    script.submit(search=ASHA, budget=Budget(trials=9))
    script.report(key(1, 1, 1), {"accuracy": 0.1})
    script.report(key(1, 2, 1), {"accuracy": 0.2})
    script.ask("pause")

    assert verdicts(script.report(key(1, 3, 1), {"accuracy": 0.9})) == [("freeze", None)]
    script.end(key(1, 3, 1), "frozen")

    assert (script.trial(3).state, script.trial(3).target) == ("waiting", 3)


def test_time_of_a_pause_does_not_count_as_wall_time(script, key):
    script.offer(1)
    script.submit(budget=Budget(wall=100.0))
    script.at += 10
    script.ask("pause")
    script.end(key(1, 1, 1), "preempted")
    script.at += 1000
    script.ask("resume")

    assert script.row().state == "running"


def test_a_stop_freezes_and_ends_it_with_what_it_has(script, freezes, key):
    script.offer(1)
    script.submit()
    script.report(key(1, 1, 1))
    script.save(key(1, 1, 1))
    script.end(key(1, 1, 1), "frozen")

    assert freezes(script.ask("stop")) == [key(1, 2, 1)]
    script.end(key(1, 2, 1), "preempted", units=0)

    row = script.row()
    assert (row.state, row.why, row.best_trial) == ("stopped", "stopped by ada", 1)
    assert script.trial(1).latest is not None


def test_what_was_stopped_can_be_resumed(script, launches, key):
    script.offer(1)
    script.submit()
    script.ask("stop")
    script.end(key(1, 1, 1), "preempted", units=0)

    assert launches(script.ask("resume")) == [key(1, 1, 2)]
    assert script.row().state == "running"


def test_an_extended_experiment_goes_on_with_its_frozen_trials(script, key):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(trials=3))
    script.carry_out()
    assert script.row().state == "done"
    before = {n: t.units for n, t in script.state.experiments[1].trials.items()}

    script.ask("extend", {"trials": 9})
    assert script.row().state == "running"
    script.carry_out()

    row = script.row()
    assert (row.state, row.trials) == ("done", 9)
    assert all(script.trial(n).units >= units for n, units in before.items())
    assert row.spec["budget"]["trials"] == 9


def test_a_budget_that_was_spent_can_be_raised(script, freezes, launches, key):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(units=4))
    script.carry_out()
    assert script.row().state == "done"

    script.ask("extend", {"budget": {"units": 40}})
    script.carry_out()

    assert script.row().summary["evidence"].endswith("is complete (9 units)")


def test_an_extension_that_is_no_valid_spec_is_refused_with_the_reason(script):
    script.offer(1)
    script.submit()

    script.ask("extend", {"colour": 3})

    assert (
        "only fields of budget and search, and resources.slots, can be extended, got 'colour'"
        in script.state.last_refusal
    )


def test_a_higher_priority_freezes_what_is_less_important_and_gives_the_slots_back(script, freezes, launches, key):
    script.offer(2)
    script.submit(1)

    orders = script.submit(2, priority=1, search=Search(method="random", max_units=3, max_trials=1))
    assert freezes(orders) == [key(1, 2, 1)]
    assert launches(script.end(key(1, 2, 1), "preempted", units=0)) == [key(2, 1, 1)]

    script.report(key(2, 1, 1))
    assert launches(script.end(key(2, 1, 1), "reached")) == [key(1, 2, 2)]


def test_among_equal_priorities_a_free_slot_goes_to_whoever_holds_fewest(script, launches, key):
    script.offer(4)
    script.submit(1)
    script.submit(2)
    held = []
    for number in (1, 2, 3):
        script.report(key(1, number, 1), {"accuracy": 0.5 - number / 10})
        held += launches(script.end(key(1, number, 1), "frozen"))

    assert [attempt.experiment for attempt in held] == [2, 2, 1]

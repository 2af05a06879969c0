"""Budgets are measured; when one nears its end the best trial is secured, and what runs at the end is frozen."""

import pytest

from daybreak.lifecycle import status
from daybreak.spec.models import Baseline, Budget, Confirm, Search

ASHA = Search(max_units=9, guard=0)


def test_slot_seconds_count_restarts_and_slots(script, key):
    script.offer(2)
    script.submit(resources={"slots": 2}, search=Search(method="random", max_units=9, max_trials=1))
    script.end(key(1, 1, 1), "lost", units=0, after=5.0)
    script.report(key(1, 1, 2), after=9.0)
    script.end(key(1, 1, 2), "reached")

    assert script.row().slot_seconds == pytest.approx(28.0)


def test_a_budget_of_trials_ends_the_search_when_all_are_decided(script):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(trials=4))
    script.carry_out()

    assert (script.row().state, script.row().trials) == ("done", 4)


def test_near_its_end_a_budget_completes_the_best_trial_and_asks_for_no_new_points(script):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(units=14))
    script.carry_out()

    row = script.row()
    best = script.trial(row.best_trial)
    assert best.state == "finished"
    assert best.units == 9
    assert row.units <= 14
    assert any("completes trial" in text for _, text in script.notices())


def test_slot_hours_used_up_freeze_what_runs_when_the_timer_is_due(script, timers, freezes, key):
    script.offer(1)
    orders = script.submit(search=ASHA, budget=Budget(slot_hours=0.01))

    assert timers(orders) == [1036.0]
    assert freezes(script.timer(1036.0)) == [key(1, 1, 1)]
    script.end(key(1, 1, 1), "preempted", units=0)

    assert (
        script.row().why
        == "budget of 0.01 slot-hours used before any trial reported 'accuracy'; raise the budget, or report more often"
    )


def test_a_budget_used_up_before_any_rung_ends_with_what_was_reported_on_the_way(script, timers, key):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(slot_hours=0.01))

    assert timers(script.timer(1036.0)) == [], "what is spent stays spent: nothing has to be looked at again"
    script.end(key(1, 1, 1), "preempted", units=0, metrics={"accuracy": 0.6}, best={"accuracy": 0.7})

    row = script.row()
    assert (row.state, row.why) == ("done", "budget of 0.01 slot-hours used")
    assert (row.best_trial, row.best) == (1, {"accuracy": 0.7})
    assert "before any trial came to its end" in script.notices()[-1][1]


def test_money_is_slot_hours_at_a_price(script, timers):
    script.offer(1)

    assert timers(script.submit(search=ASHA, budget=Budget(money=1.0, price_per_slot_hour=2.0))) == [1000.0 + 1800.0]


def test_a_budget_too_small_for_one_trial_says_what_one_costs(script, freezes, key):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(units=5))
    script.report(key(1, 1, 1), unit_seconds=1.0)
    script.end(key(1, 1, 1), "frozen")
    assert script.state.attempts[key(1, 1, 2)].target == 9
    assert freezes(script.timer(script.at + 5.5)) == [key(1, 1, 2)]
    script.end(key(1, 1, 2), "preempted", units=5)

    warnings = [text for level, text in script.notices() if level == "warning"]
    assert any("to its end at 9 units: a whole trial costs about 9 slot-seconds" in text for text in warnings)
    assert "is not complete: its score rests on" in script.row().summary["evidence"]


def test_max_slots_and_max_concurrent_hold(script):
    script.offer(8)
    script.submit(1, max_slots=3)
    script.submit(2, search=Search(max_units=9, max_trials=9, max_concurrent=2))

    held = [attempt.experiment for attempt in script.state.attempts]
    assert (held.count(1), held.count(2)) == (3, 2)


def test_the_baseline_runs_first_and_once_and_stands_beside_the_result(script, launches, key):
    script.offer(1)
    orders = script.submit(
        search=Search(method="random", max_units=3, max_trials=1), baseline=Baseline(run="train:guess")
    )
    assert launches(orders) == [key(1, 0, 1)]
    assert script.state.attempts[key(1, 0, 1)].launch.run == "train:guess"

    script.end(key(1, 0, 1), "completed", units=0, metrics={"accuracy": 0.1})
    script.report(key(1, 1, 1), {"accuracy": 0.7})
    script.end(key(1, 1, 1), "reached")

    row = script.row()
    assert (row.baseline, row.trials, row.best_trial) == (0.1, 1, 1)
    assert row.summary["baseline"]["lift"] == pytest.approx(0.6)


def test_the_best_are_confirmed_on_fresh_seeds_with_an_interval(script):
    noise = {1: 0.0, 2: 0.02, 3: -0.02}
    script.offer(1)
    script.submit(search=Search(method="random", max_units=3, max_trials=4), confirm=Confirm(top=2, seeds=3))
    script.carry_out(lambda trial, units: trial.point["lr"] + (noise[int(trial.source[-1])] if trial.of else 0.0))

    confirm = script.row().summary["confirm"]
    best, second = confirm["points"]
    assert (best["trial"], second["trial"], confirm["winner"], confirm["clear"]) == (4, 3, 4, False)
    assert best["mean"] == pytest.approx(0.04)
    assert best["high"] - best["mean"] == pytest.approx(4.303 * 0.02 / 3**0.5)
    seeds = {script.trial(n).source: script.trial(n).seed for n in script.state.experiments[1].confirming}
    assert seeds["confirm of 4, seed 1"] == seeds["confirm of 3, seed 1"] != seeds["confirm of 4, seed 2"]
    assert script.row().best_trial == 4


def test_the_confirmation_stays_inside_the_budget(script):
    script.offer(1)
    script.submit(search=ASHA, budget=Budget(units=60), confirm=Confirm(top=3, seeds=5))
    script.carry_out()

    row = script.row()
    assert row.units <= 60
    assert row.summary["confirm"]["plan"] == "1 of 3 points on 2 of 5 seeds"


def test_status_tells_where_trials_stand_and_what_is_left(script, key):
    script.offer(2)
    script.submit(search=ASHA, budget=Budget(trials=9, slot_hours=1.0))
    script.report(key(1, 1, 1), {"accuracy": 0.3})
    script.end(key(1, 1, 1), "frozen")

    live = status(script.state, 1, script.at + 10)
    assert live.states == {"frozen": 1, "running": 2, "waiting": 1}
    assert [(rung.units, rung.reported, rung.running, rung.frozen) for rung in live.rungs] == [(1, 1, 2, 1)]
    assert (live.best_trial, live.best, live.phase) == (1, 0.3, "search")
    assert live.slot_seconds == pytest.approx(22.0)
    assert live.budget["slot_hours"] == (pytest.approx(22 / 3600), 1.0)


def test_a_gang_that_fits_no_machine_is_told(script):
    script.offer(2)
    script.submit(resources={"slots": 4})

    assert status(script.state, 1, script.at).waiting_why == "no machine has 4 slots of kind any"
    assert script.notices()[0][1].startswith("a trial wants 4 slots (any) on one machine, the largest has 2")

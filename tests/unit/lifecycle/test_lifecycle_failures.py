"""When user code fails: retried, told once per cause, and the search goes on; an experiment that cannot work ends early."""

from math import nan

from daybreak.lifecycle import step
from daybreak.lifecycle.events import PrepareFailed, Submitted
from daybreak.spec.models import Experiment, Objective, Retry, Search
from daybreak.wire.worker import Failure

NINE = Search(max_units=9, max_trials=9)


def test_a_crash_is_tried_again_from_the_last_checkpoint(script, launches, key):
    script.offer(1)
    script.submit(search=Search(method="random", max_units=9, max_trials=1), retry=Retry(attempts=1))
    script.save(key(1, 1, 1), units=4)

    assert launches(script.crash(key(1, 1, 1))) == [key(1, 1, 2)]
    assert script.state.attempts[key(1, 1, 2)].launch.units == 4


def test_after_the_last_try_the_trial_fails_and_the_search_goes_on(script, launches, key):
    script.offer(1)
    script.submit(search=NINE, retry=Retry(attempts=0))

    orders = script.crash(key(1, 1, 1))

    assert script.trial(1).state == "failed"
    assert script.trial(1).failure == "ValueError: boom"
    assert launches(orders) == [key(1, 2, 1)]


def test_one_cause_is_told_once_and_counted(script, told, key):
    script.offer(1)
    script.submit(search=NINE, retry=Retry(attempts=0))

    assert len(told(script.crash(key(1, 1, 1)))) == 1
    assert told(script.crash(key(1, 2, 1))) == []
    assert len(told(script.crash(key(1, 3, 1), fingerprint="another"))) == 1
    assert [story["count"] for story in script.row().summary["failures"]] == [2, 1]


def test_when_the_first_five_all_fail_the_experiment_fails(script, key):
    script.offer(1)
    script.submit(search=NINE, retry=Retry(attempts=0))
    for number in range(1, 6):
        script.crash(key(1, number, 1))

    row = script.row()
    assert row.state == "failed"
    assert row.why == "the first 5 trials all failed, none reported anything: ValueError: boom"


def test_five_failures_are_borne_where_others_report(script, key):
    script.offer(1)
    script.submit(search=NINE, retry=Retry(attempts=0))
    script.report(key(1, 1, 1))
    script.end(key(1, 1, 1), "frozen")
    for number in range(2, 7):
        script.crash(key(1, number, 1))

    assert script.row().state == "running"


def test_code_that_cannot_be_loaded_fails_the_experiment_at_once(script, key):
    script.offer(1)
    script.submit()

    script.tell(PrepareFailed(1, Failure("ImportError", "no module named trian")))
    script.end(key(1, 1, 1), "stopped")

    assert script.row().state == "failed"
    assert "train:main cannot be loaded: ImportError: no module named trian" in script.state.experiments[1].why


def test_a_metric_that_is_never_reported_is_named_with_what_was_seen(script, key):
    script.offer(1)
    script.submit()
    script.end(key(1, 1, 1), "completed", units=3, metrics={"acuracy": 0.5, "loss": 1.0})
    script.end(key(1, 2, 1), "completed", units=3, metrics={"acuracy": 0.5, "loss": 1.0})

    row = script.row()
    assert row.state == "failed"
    assert "'accuracy' must be reported, but only acuracy, loss were seen; did you mean 'acuracy'?" in row.why
    assert len(script.notices()) == 1  # told once, not once per trial


def test_a_search_whose_trials_all_come_to_a_rung_without_the_objective_ends(script, key):
    script.offer(1)
    script.submit(search=NINE)
    while script.row().state == "running":
        [attempt] = script.state.attempts
        script.report(attempt, {"acc": 0.5})
        script.end(attempt, "frozen")

    assert len(script.state.experiments[1].missed) == 5
    assert script.row().state == "failed"
    assert script.row().why == "the objective 'accuracy' must be reported, but only acc was seen; did you mean 'acc'?"


def test_a_cause_is_told_in_words_without_saying_it_again_below_the_traceback(script, key):
    script.offer(1)
    script.submit()
    script.end(
        key(1, 1, 1), "crashed", failure=Failure("ValueError", "bad lr", "Traceback:\n  line 3\nValueError: bad lr\n")
    )

    [(level, text)] = script.notices()
    assert level == "warning"
    assert text == "trial 1 failed: ValueError: bad lr (told once per cause)\nTraceback:\n  line 3"


def test_a_diverged_trial_is_the_worst_at_its_rung_and_no_error(script, told, key):
    script.offer(1)
    script.submit(search=NINE)

    first = told(script.report(key(1, 1, 1), {"accuracy": nan}))
    script.end(key(1, 1, 1), "frozen")
    second = told(script.report(key(1, 2, 1), {"accuracy": nan}))

    assert (len(first), second) == (1, [])
    assert script.notices()[0][0] == "info"
    assert script.row().summary["diverged"] == 2
    assert script.trial(1).state == "frozen"


def test_processes_that_die_without_a_word_again_and_again_count_as_a_crash(script, key):
    script.offer(1)
    script.submit(search=Search(method="random", max_units=9, max_trials=1), retry=Retry(attempts=0))
    for epoch in range(1, 12):
        script.end(key(1, 1, epoch), "lost", units=0)

    assert script.trial(1).state == "failed"


def test_a_searcher_that_raises_fails_its_experiment_in_its_own_words(script, monkeypatch):
    class Broken:
        def __getattr__(self, name):
            return lambda *_: 1 / 0

    monkeypatch.setattr("daybreak.lifecycle.experiments.make_searcher", lambda _: Broken())
    spec = Experiment(name="x", run="a:b", objectives=(Objective(metric="accuracy"),)).model_dump(mode="json")

    step(script.state, 0.0, Submitted(1, spec))

    assert script.row().state == "failed"
    assert "Broken.room raised ZeroDivisionError" in script.row().why


def test_a_spec_that_cannot_be_read_is_refused(script):
    assert script.tell(Submitted(1, {"name": "x"})) == []
    assert "experiment 1 cannot be read" in script.state.last_refusal


FULL = Failure("disk", "cannot write to the vault at /home: No space left on device; free some space", "the tail", "f")


def test_a_search_that_cannot_save_is_paused_and_goes_on_from_where_it_was_saved(script, key):
    script.offer(1)
    script.submit(retry=Retry(attempts=0))
    script.save(key(1, 1, 1), 1, "a")
    script.end(key(1, 1, 1), "crashed", units=3, failure=FULL)

    assert script.row().state == "paused"
    (notice,) = script.notices()
    assert notice[0] == "error"
    assert "trial 1 could not be saved: cannot write to the vault" in notice[1]
    assert "daybreak resume 1" in notice[1]
    assert (script.trial(1).crashes, script.trial(1).state) == (0, "waiting")

    script.ask("resume")
    launch = script.state.attempts[key(1, 1, 2)].launch
    assert (launch.units, launch.checkpoint.digest) == (1, "a")


def test_a_complete_trial_that_could_not_be_saved_trains_its_model_again(script, key):
    script.offer(1)
    script.submit(search=Search(method="random", max_units=9, max_trials=1))
    script.report(key(1, 1, 1), {"accuracy": 0.5}, units=9)
    script.end(key(1, 1, 1), "crashed", units=9, failure=FULL)
    assert script.trial(1).state == "waiting"

    script.ask("resume")
    script.report(key(1, 1, 2), {"accuracy": 0.5}, units=9)
    script.save(key(1, 1, 2), 9, "a")
    script.end(key(1, 1, 2), "reached")
    assert script.row().state == "done"
    assert script.trial(1).latest.digest == "a"


def test_others_that_cannot_be_saved_either_are_told_of_once_and_wait_too(script, key):
    script.offer(2)
    script.submit()
    for number in (1, 2):
        script.end(key(1, number, 1), "crashed", units=1, failure=FULL)

    assert len(script.notices()) == 1
    assert [script.trial(number).state for number in (1, 2)] == ["waiting", "waiting"]

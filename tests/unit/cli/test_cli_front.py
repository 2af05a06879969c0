"""The trials that no other beats, of several objectives."""

from math import nan
from types import SimpleNamespace

from daybreak.cli.front import front, print_front

TWO = [{"metric": "accuracy", "direction": "maximize"}, {"metric": "size", "direction": "minimize"}]


def experiment(objectives=TWO):
    return SimpleNamespace(experiment=1, spec={"objectives": objectives})


def trial(number, accuracy, size, **changed):
    facts = {"state": "finished", "source": "sampler:random", "units": 9, "slot_seconds": 1.0, "score": accuracy}
    last = {"accuracy": accuracy, "size": size}
    return SimpleNamespace(experiment=1, trial=number, last=last, point={"lr": 0.1}, **(facts | changed))


def test_who_is_beaten_in_all_objectives_is_left_out_and_the_first_objectives_best_comes_first():
    trials = [trial(1, 0.7, 10), trial(2, 0.9, 30), trial(3, 0.8, 20), trial(4, 0.8, 25), trial(5, 0.6, 10)]
    assert [t.trial for t in front(experiment(), trials)] == [2, 3, 1]


def test_equals_are_all_on_it():
    assert [t.trial for t in front(experiment(), [trial(2, 0.8, 20), trial(1, 0.8, 20)])] == [1, 2]


def test_failed_diverged_incomplete_baseline_and_confirmation_are_not():
    trials = [
        trial(1, 0.99, 1, state="failed"),
        trial(2, nan, 1),
        trial(0, 0.99, 1, source="baseline"),
        trial(7, 0.99, 1, source="confirm of 3, seed 1"),
        trial(3, 0.5, 50),
        trial(5, 0.99, 1),
    ]
    del trials[-1].last["size"]
    assert [t.trial for t in front(experiment(), trials)] == [3]


def test_one_objective_has_no_front_and_nothing_is_printed(capsys):
    one = experiment(TWO[:1])
    assert front(one, [trial(1, 0.9, 1)]) == []
    print_front(one, [trial(1, 0.9, 1)])
    assert capsys.readouterr().out == ""


def test_the_table_shows_all_objectives(capsys):
    print_front(experiment(), [trial(1, 0.9, 5), trial(2, 0.8, 9)])
    said = capsys.readouterr().out
    assert "no trial beats these 1 in accuracy and size together" in said
    assert "0.9" in said
    assert "0.8" not in said

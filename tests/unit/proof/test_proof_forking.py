"""Which points a fork tries first, and what it is called."""

import pytest

from daybreak.proof.forking import BEST, best_points, next_name
from daybreak.wire.rows import TrialRow


def trial(number, score, lr=None, source="sampler:density"):
    fields = dict.fromkeys(TrialRow.__struct_fields__)
    point = {"lr": lr if lr is not None else number / 100}
    return TrialRow(**fields | {"trial": number, "score": score, "point": point, "source": source})


def test_the_best_points_come_first_each_once():
    trials = [trial(0, 9.0, source="baseline"), trial(1, 0.5), trial(2, 0.9), trial(3, None), trial(4, 0.7, lr=0.02)]
    assert best_points(trials, minimize=False) == [{"lr": 0.02}, {"lr": 0.01}]
    assert best_points(trials, minimize=True) == [{"lr": 0.01}, {"lr": 0.02}]
    assert len(best_points([trial(n, n) for n in range(1, 20)], minimize=True)) == BEST


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [("digits", {"digits"}, "digits-2"), ("digits-2", {"digits-2"}, "digits-3"), ("x", {"x", "x-2", "x-3"}, "x-4")],
)
def test_a_fork_has_the_next_name_that_is_free(name, taken, expected):
    assert next_name(name, taken) == expected

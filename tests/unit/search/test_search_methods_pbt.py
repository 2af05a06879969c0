"""Population-based training: exploit, explore, and the end."""

from hypothesis import given
from hypothesis import strategies as st
from search_methods_driving import experiment, searcher

from daybreak.base.streams import Stream
from daybreak.search.methods.pbt import perturbed
from daybreak.search.registry import make_searcher
from daybreak.search.searcher import Clone, Finish, GoOn, Rest
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform

SPACE = {
    "lr": Log(low=1e-4, high=1e-1),
    "optimizer": Choice(options=("sgd", "adam", "lion")),
    "momentum": Uniform(low=0.0, high=0.99, when="optimizer == 'sgd'"),
    "layers": Int(low=1, high=8),
    "dropout": Uniform(low=0.0, high=0.5, step=0.1),
    "epochs": Constant(value=30),
}
POINT = {"lr": 1e-2, "optimizer": "sgd", "momentum": 0.5, "layers": 4, "dropout": 0.2, "epochs": 30}


def population(count=4, **search):
    method = make_searcher(experiment(method="pbt", population=count, space=SPACE, **({"max_units": 8} | search)))
    for trial in range(1, count + 1):
        method.added(trial, dict(POINT, lr=trial * 1e-3))
        method.taken(method.peek())
    return method


def test_everyone_saves_at_each_interval_and_the_worst_takes_over_the_best():
    method = population()
    for trial, loss in ((1, 1.0), (2, 2.0), (3, 3.0)):
        assert isinstance(method.reported(trial, 1, (loss,)), GoOn), "too few values to call one the worst"
    assert method.reported(1, 2, (0.9,)).save
    decision = method.reported(4, 1, (4.0,))
    assert isinstance(decision, Clone)
    assert (decision.source, decision.to) == (1, 3), "from where the source stands, one interval further"
    assert decision.point["lr"] != 4e-3


def test_no_clone_while_all_are_equal():
    method = population()
    assert [type(method.reported(trial, 1, (1.0,))) for trial in (1, 2, 3, 4)] == [GoOn] * 4


def test_a_finished_trial_is_no_source():
    method = population(max_units=2, perturb_every=1)
    for units in (1, 2):
        first = method.reported(1, units, (1.0,))
    assert isinstance(first, Finish)
    for trial in (2, 3):
        method.reported(trial, 1, (2.0,))
    assert isinstance(method.reported(4, 1, (9.0,)), GoOn)


def test_what_rested_when_the_budget_ended_goes_on_when_it_is_extended():
    method = population()
    method.close(best=1)
    assert isinstance(method.reported(2, 1, (2.0,)), Rest)
    method.extend(experiment(method="pbt", population=4, space=SPACE, max_units=16))
    wish = method.peek()
    assert (wish.trial, wish.to) == (2, 2)


def test_the_interval_is_an_eighth_of_the_horizon_unless_it_is_given():
    assert searcher(method="pbt", max_units=80).view().facts["interval"] == 10
    assert searcher(method="pbt", max_units=5).view().facts["interval"] == 1
    assert searcher(method="pbt", perturb_every=3).view().facts["interval"] == 3


@given(st.integers(0, 10**6))
def test_perturbed_points_are_points_of_the_space(seed):
    space = Space(SPACE, ("layers * lr < 0.5",))
    point = perturbed(space, POINT, Stream(seed, "x"))
    assert space.contains(point)
    assert point["epochs"] == 30
    assert ("momentum" in point) == (point["optimizer"] == "sgd")


def test_numbers_move_by_a_fifth_or_are_drawn_anew():
    space = Space({"lr": Log(low=1e-4, high=1e-1)})
    ratios = [perturbed(space, {"lr": 1e-2}, Stream(seed))["lr"] / 1e-2 for seed in range(200)]
    by_a_fifth = sum(abs(r - 0.8) < 1e-6 or abs(r - 1.2) < 1e-6 for r in ratios)
    assert 130 <= by_a_fifth <= 170  # three in four


def test_whole_numbers_move_by_at_least_one_level():
    space = Space({"layers": Int(low=1, high=8)})
    moved = [perturbed(space, {"layers": 2}, Stream(seed))["layers"] for seed in range(100)]
    assert sum(value == 2 for value in moved) < 20  # only where drawn anew


def test_where_no_change_is_allowed_the_point_stays():
    space = Space({"lr": Log(low=1e-4, high=1e-1)}, ("lr > 1",))
    assert perturbed(space, {"lr": 1e-2}, Stream(0)) == {"lr": 1e-2}


def side_by_side(slots, members=10, units=8):
    """A whole search of members of different quality: its method, its answers, the widest gap between members' units.

    Slots report in turn; one point is ready ahead of the slots, as the lifecycle draws them.
    """
    method = make_searcher(experiment(method="pbt", population=members, space=SPACE, max_units=units))
    live, quality, stands, answers, gap = {}, {}, {}, [], 0
    while True:
        while len(live) < slots:
            while method.room() and len(quality) - len(live | stands) < 2:
                quality[len(quality) + 1] = len(quality) + 1.0
                method.added(len(quality), dict(POINT))
            wish = method.peek()
            if wish is None:
                break
            method.taken(wish)
            live[wish.trial] = wish.to
        if not live:
            return method, answers, gap
        trial, stands[trial] = next(iter(live.items()))
        del live[trial]
        answers.append(method.reported(trial, stands[trial], (quality[trial] / stands[trial],)))
        match answers[-1]:
            case Clone(source=source, to=to):
                quality[trial], stands[trial], live[trial] = quality[source], stands[source], to
            case GoOn(to=to):
                live[trial] = to
        if len(stands) == members:
            gap = max(gap, max(stands.values()) - min(stands.values()))


def test_on_few_slots_the_population_advances_together_and_the_worst_take_over_the_best():
    method, answers, gap = side_by_side(slots=2)
    assert gap <= 2, "intervals"
    assert sum(isinstance(answer, Clone) for answer in answers) == method.view().facts["clones"] >= 8
    assert sum(isinstance(answer, Finish) for answer in answers) == 10
    assert any(isinstance(answer, Rest) for answer in answers)


def test_with_slots_for_all_nobody_rests():
    for slots in (10, 12):
        _, answers, gap = side_by_side(slots)
        assert not any(isinstance(answer, Rest) for answer in answers)
        assert any(isinstance(answer, Clone) for answer in answers)
        assert gap <= 2


def test_of_those_that_wait_the_one_behind_goes_on_first_and_of_equals_the_best():
    method = make_searcher(experiment(method="pbt", population=4, space=SPACE, max_units=8))
    for trial in (1, 2, 3, 4):
        method.added(trial, dict(POINT))
    for trial, loss in ((1, 3.0), (2, 1.0), (3, 2.0)):
        wish = method.peek()
        assert wish.trial == trial, "those that never ran"
        method.taken(wish)
        assert isinstance(method.reported(trial, 1, (loss,)), Rest), "trial 4 waits for its first stay"
    method.taken(method.peek())
    assert method.reported(4, 1, (2.5,)).to == 2, "nobody waits at fewer units"
    order = []
    for _ in range(3):
        order.append(method.peek().trial)
        method.taken(method.peek())
    assert order == [2, 3, 1]

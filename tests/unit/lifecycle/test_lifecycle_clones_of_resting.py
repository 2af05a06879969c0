"""PBT's exploit of a source that does not run: it rests, is just being frozen, or is finished; its latest checkpoint is taken over."""

import pytest

from daybreak.search.searcher import Clone, Finish, GoOn, Rest, SearchView, Wish
from daybreak.spec.models import Search


class Exploit:
    """The first of two trials gets `answer` at two units, the second becomes its clone there."""

    def __init__(self, answer):
        self.answer, self.waiting = answer, []

    def room(self):
        return 2 - len(self.waiting)

    def added(self, trial, point):
        self.waiting.append(trial)

    def peek(self):
        return Wish(self.waiting[0], 2, 0.0) if self.waiting else None

    def taken(self, wish):
        self.waiting.remove(wish.trial)

    def reported(self, trial, units, losses):
        return Clone(1, {"lr": 9.0}, 4, "exploits 1") if (trial, units) == (2, 2) else self.answer

    def ended(self, *_):
        pass

    learnt = close = ended

    def view(self):
        return SearchView()


@pytest.fixture
def two(script, monkeypatch):
    def begun(answer):
        monkeypatch.setattr("daybreak.lifecycle.experiments.make_searcher", lambda _: Exploit(answer))
        script.offer(2)
        script.submit(search=Search(max_trials=2))
        return script

    return begun


@pytest.mark.parametrize(
    ("answer", "reason", "state"),
    [(Rest("its turn will come"), "frozen", "frozen"), (Finish("at the horizon"), "reached", "finished")],
    ids=["resting", "finished"],
)
def test_a_clone_starts_from_the_checkpoint_of_a_source_that_does_not_run(two, launches, key, answer, reason, state):
    two = two(answer)
    two.report(key(1, 1, 1))
    two.save(key(1, 1, 1), 2, "source")
    two.end(key(1, 1, 1), reason)
    assert two.trial(1).state == state

    two.report(key(1, 2, 1))
    assert launches(two.end(key(1, 2, 1), "stopped")) == [key(1, 2, 2)]

    launch = two.state.attempts[key(1, 2, 2)].launch
    assert (launch.point, launch.checkpoint.digest, launch.units, launch.target) == ({"lr": 9.0}, "source", 2, 4)
    assert two.trial(1).latest is two.trial(2).latest, "the source can go on from there as well"


@pytest.mark.parametrize("answer", [Rest("its turn will come"), GoOn(4, save=True)], ids=["freezing", "saving"])
def test_a_clone_waits_for_the_checkpoint_of_where_its_source_was_judged(two, launches, key, answer):
    two = two(answer)
    two.save(key(1, 1, 1), 1, "old")
    two.report(key(1, 1, 1))
    two.report(key(1, 2, 1))
    assert launches(two.end(key(1, 2, 1), "stopped")) == [], "the checkpoint at one unit is not what was judged"

    assert launches(two.save(key(1, 1, 1), 2, "source")) == [key(1, 2, 2)]
    assert two.state.attempts[key(1, 2, 2)].launch.checkpoint.digest == "source"
    assert two.trial(2).history[-1] == (2, {"lr": 9.0})


def test_a_clone_takes_the_older_checkpoint_when_the_source_is_lost_before_it_saved(two, launches, key):
    two = two(Rest("its turn will come"))
    two.save(key(1, 1, 1), 1, "old")
    two.report(key(1, 1, 1))
    two.report(key(1, 2, 1))
    two.end(key(1, 2, 1), "stopped")

    assert key(1, 2, 2) in launches(two.end(key(1, 1, 1), "lost"))
    assert two.state.attempts[key(1, 2, 2)].launch.checkpoint.digest == "old"

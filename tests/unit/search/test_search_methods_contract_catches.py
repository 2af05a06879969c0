"""The contract suite catches searchers that break their word."""

from dataclasses import replace

import pytest

from daybreak.search.methods.straight import Straight
from daybreak.search.searcher import GoOn, SearchContext
from daybreak.testing.searcher_contract import SearcherContract


class Forgetful(Straight):
    """Wishes for trials that run."""

    def taken(self, wish):
        pass


class Overreaching(Straight):
    """Sends trials beyond the horizon."""

    def peek(self):
        wish = super().peek()
        return wish and replace(wish, to=wish.to + 1)


class Endless(Straight):
    """Never lets a trial finish."""

    def reported(self, trial, units, losses):
        super().reported(trial, units, losses)
        return GoOn(units)


class Greedy(Straight):
    """Takes points after it was closed."""

    def room(self):
        return 1


class Fickle(Straight):
    """Its decisions depend on which object it is."""

    made = 0

    def __init__(self, context):
        super().__init__(context)
        Fickle.made += 1
        self.number = Fickle.made

    def peek(self):
        wish = super().peek()
        return wish and replace(wish, value=float(self.number))


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (Forgetful, "test_comes_to_an_end", "for a trial that runs"),
        (Overreaching, "test_comes_to_an_end", "beyond the horizon 27"),
        (Endless, "test_comes_to_an_end", "not above where the trial stands"),
        (Greedy, "test_closing_completes_the_best", "a closed search has no room"),
        (Fickle, "test_replays", "the same facts must give the same decisions"),
    ],
)
def test_a_broken_promise_is_caught(broken, check, message):
    class Suite(SearcherContract):
        method = "random"
        needs_horizon = True

        def make(self, spec):
            return broken(SearchContext(spec))

    with pytest.raises(AssertionError, match=message):
        getattr(Suite(), check)()

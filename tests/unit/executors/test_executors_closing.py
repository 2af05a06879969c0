"""An agent that closes asks all its warm parents to go before it waits for the first: the next controller waits for the slowest alone."""

from daybreak.base.home import Home
from daybreak.controller.reactor import SelectorReactor
from daybreak.executors.local.executor import LEAVING, LocalExecutor
from daybreak.executors.local.slots import detect_slots


class Parent:
    """What a warm parent is asked when its agent closes."""

    def __init__(self, story):
        self.story = story

    def close(self):
        self.story.append("close")

    def wait(self, seconds):
        assert 0 <= seconds <= LEAVING
        self.story.append("wait")


def test_parents_are_asked_to_go_before_the_first_is_waited_for(tmp_path):
    home, story = Home(tmp_path), []
    home.run.mkdir(parents=True)
    agent, reactor = LocalExecutor(home, detect_slots("1")), SelectorReactor()
    agent.start(reactor)
    agent._parents = {(number, "train:main"): Parent(story) for number in range(2)}
    agent._retired = [Parent(story)]
    agent.close(1.0)
    reactor.close()
    assert story == ["close"] * 3 + ["wait"] * 3

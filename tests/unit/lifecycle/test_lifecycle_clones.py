"""PBT's exploit and explore: the attempt ends, and the next one starts from the source's checkpoint with another point."""

import pytest

from daybreak.lifecycle.commands import DeleteCheckpoint
from daybreak.lifecycle.events import CheckpointDamaged
from daybreak.search.searcher import Clone, GoOn, SearchView, Wish
from daybreak.spec.models import Search


class Exploit:
    """Two trials in steps of two units; at its first report the second becomes a clone of the first."""

    def __init__(self):
        self.waiting = []

    def room(self):
        return 2 - len(self.waiting) if len(self.waiting) < 2 else 0

    def added(self, trial, point):
        self.waiting.append(trial)

    def peek(self):
        return Wish(self.waiting[0], 2, 0.0) if self.waiting else None

    def taken(self, wish):
        self.waiting.remove(wish.trial)

    def reported(self, trial, units, losses):
        return Clone(1, {"lr": 9.0}, 4, "exploits 1") if (trial, units) == (2, 2) else GoOn(units + 2, save=True)

    def ended(self, *_):
        pass

    learnt = close = ended

    def view(self):
        return SearchView()


@pytest.fixture
def two(script, monkeypatch):
    monkeypatch.setattr("daybreak.lifecycle.experiments.make_searcher", lambda _: Exploit())
    script.offer(2)
    script.submit(search=Search(max_trials=2))
    return script


def test_a_clone_starts_from_its_sources_checkpoint_with_a_new_point(two, verdicts, launches, key):
    two.report(key(1, 1, 1))
    two.save(key(1, 1, 1), 2, "source")

    assert verdicts(two.report(key(1, 2, 1))) == [("stop", None)]
    assert launches(two.end(key(1, 2, 1), "stopped")) == [key(1, 2, 2)]

    launch = two.state.attempts[key(1, 2, 2)].launch
    assert (launch.point, launch.checkpoint.digest, launch.units, launch.target) == ({"lr": 9.0}, "source", 2, 4)
    assert two.trial(2).history == [(0, {"lr": 0.02}), (2, {"lr": 9.0})]


def test_a_clone_waits_for_a_checkpoint_that_is_just_being_saved(two, launches, key):
    two.report(key(1, 1, 1))
    two.report(key(1, 2, 1))
    assert launches(two.end(key(1, 2, 1), "stopped")) == []

    assert launches(two.save(key(1, 1, 1), 2, "source")) == [key(1, 2, 2)]


def test_the_sources_checkpoint_stays_while_a_clone_needs_it(two, key):
    two.report(key(1, 1, 1))
    two.save(key(1, 1, 1), 2, "source")
    two.report(key(1, 2, 1))
    two.end(key(1, 2, 1), "stopped")
    for units, digest in [(3, "b"), (4, "c"), (5, "d")]:
        two.save(key(1, 1, 1), units, digest)

    two.end(key(1, 2, 2), "lost", units=2)

    assert two.state.attempts[key(1, 2, 3)].launch.checkpoint.digest == "source"
    assert "source" not in two.state.deleting


def test_a_clone_that_finds_its_sources_checkpoint_damaged_goes_back(two, key):
    two.report(key(1, 1, 1))
    two.save(key(1, 1, 1), 2, "source")
    two.report(key(1, 2, 1))
    two.end(key(1, 2, 1), "stopped")

    two.tell(CheckpointDamaged(1, 2, "source"))
    two.end(key(1, 2, 2), "lost", units=0)

    assert two.state.refused == 0
    assert two.state.attempts[key(1, 2, 3)].launch.checkpoint is None
    assert two.trial(1).latest is None


def test_a_clone_that_saves_its_sources_bytes_shares_the_file(two, key):
    two.report(key(1, 1, 1))
    two.save(key(1, 1, 1), 2, "source")
    two.report(key(1, 2, 1))
    two.end(key(1, 2, 1), "stopped")
    two.save(key(1, 2, 2), 2, "source")
    orders = [order for units in (3, 4) for order in two.save(key(1, 1, 1), units, f"mine {units}")]

    assert not [order for order in orders if isinstance(order, DeleteCheckpoint)]
    assert two.trial(2).latest.digest == "source"


def test_what_the_ended_self_saves_late_is_not_the_clones(two, key):
    two.report(key(1, 1, 1))
    two.save(key(1, 1, 1), 2, "source")
    two.report(key(1, 2, 1))

    two.save(key(1, 2, 1), 2, "old self")

    assert two.trial(2).latest.digest == "source"
    assert [(o.trial, o.digest) for o in two.state.deleting.values()] == [(2, "old self")]

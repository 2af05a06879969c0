"""A controller that dies at any moment and is started again: nothing is lost, doubled or forgotten."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak import lifecycle
from daybreak.base.errors import LedgerError
from daybreak.bootstrap.simulate import Assumptions
from daybreak.controller.brain import Brain
from daybreak.controller.controller import Controller
from daybreak.controller.simulated import SimulatedReactor
from daybreak.executors.simulated.executor import SimulatedExecutor
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.events import AttemptEnded, AttemptStarted, Proposed, Submitted
from daybreak.search.samplers.registry import make_sampler
from daybreak.spec.loading import from_mapping

SPEC = from_mapping(
    {
        "name": "mortal",
        "run": "m:f",
        "space": {"lr": {"log": [1e-4, 1e-1]}, "width": {"choice": [16, 32]}},
        "objective": {"minimize": "loss"},
        "search": {"method": "asha", "max_units": 9, "max_trials": 12, "sampler": "density"},
        "retry": {"attempts": 2},
        "seed": 3,
    },
    folder="/nowhere",
)
ASSUMED = Assumptions(crash=0.1)


class Dead(BaseException):
    """Kill -9."""


class MortalLedger(MemoryLedger):
    """Dies at some commits, before or after they are durable; fails at others."""

    def __init__(self, deaths=(), failures=()):
        super().__init__()
        self.commits = 0
        self.deaths, self.failures = dict(deaths), set(failures)

    def append(self, at, events, points=()):
        self.commits += 1
        if self.commits in self.failures:
            raise LedgerError("no space left on the disk")
        when = self.deaths.get(self.commits)
        if when == "before":
            raise Dead
        upto = super().append(at, events, points)
        if when == "after":
            raise Dead
        return upto


def begin(ledger):
    machine = ASSUMED.machine(3, 3)
    curves = ASSUMED.curves(SPEC)
    last = max((entry.at for entry in ledger.replay()), default=0.0)
    controller = Controller(
        ledger,
        [SimulatedExecutor(machine, lambda _: curves)],
        SimulatedReactor(start=last + 1.0),
        lifecycle,
        make_sampler,
        lambda what, error: None if isinstance(error, LedgerError) else pytest.fail(f"{what}: {error}"),
        inline_sampling=True,
        check=True,
    )
    controller.start()
    return controller


def live_through(ledger):
    """Run to the end of the search, starting again after each death; how often it died."""
    deaths = 0
    while True:
        try:
            controller = begin(ledger)
            if not any(isinstance(entry.event, Submitted) for entry in ledger.replay()):
                controller.submit(SPEC.model_dump(mode="json"))
            while controller.turn():
                pass
        except Dead:
            deaths += 1
        else:
            return deaths, controller


@settings(max_examples=25, deadline=None)
@given(
    deaths=st.dictionaries(st.integers(1, 120), st.sampled_from(["before", "after"]), max_size=6),
    failures=st.sets(st.integers(1, 120), max_size=5),
)
def test_a_search_survives_deaths_and_full_disks_at_any_commit(deaths, failures):
    ledger = MortalLedger(deaths, failures)
    died, controller = live_through(ledger)
    status = controller.status(1)
    assert status.state == "done"
    assert sum(status.states.values()) == 12
    assert status.slots_busy == 0
    assert died <= len(deaths)

    ended = Counter(entry.event.attempt for entry in ledger.replay() if isinstance(entry.event, AttemptEnded))
    started = {entry.event.attempt for entry in ledger.replay() if isinstance(entry.event, AttemptStarted)}
    assert set(ended.values()) == {1}
    assert started <= set(ended)


@settings(max_examples=15, deadline=None)
@given(turns=st.integers(1, 150))
def test_what_is_recovered_is_what_was_there(turns):
    ledger = MemoryLedger()
    controller = begin(ledger)
    controller.submit(SPEC.model_dump(mode="json"))
    for _ in range(turns):
        controller.turn()
    controller.flush()

    brain = Brain(lifecycle, lambda what, error: pytest.fail(f"{what}: {error}"))
    for entry in ledger.replay():
        brain.apply(entry.at, entry.event)
    recovered = MemoryLedger()
    recovered.project(lifecycle.rows(brain.state, lifecycle.take_touched(brain.state)), ledger.projected)
    assert recovered.rows == ledger.rows
    at = controller._loop.now()
    assert lifecycle.status(brain.state, 1, at) == lifecycle.status(controller._brain.state, 1, at)


def test_points_that_were_drawn_before_a_death_are_not_drawn_again():
    ledger = MortalLedger({9: "after"})
    live_through(ledger)
    undisturbed = MortalLedger()
    live_through(undisturbed)
    answered = [entry.event for entry in ledger.replay() if isinstance(entry.event, Proposed)]
    requests = Counter(event.request for event in answered)
    assert max(requests.values()) <= 2  # once more where the answer died with its controller
    first = next(entry.event for entry in undisturbed.replay() if isinstance(entry.event, Proposed))
    assert answered[0] == first

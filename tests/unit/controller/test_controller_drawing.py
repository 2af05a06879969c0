import threading
import time

import pytest
from controller_fakes import SPEC, FakeCore, FakeExecutor, FixedSampler, asked, report

from daybreak.controller.controller import Controller
from daybreak.controller.reactor import SelectorReactor
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.events import PrepareFailed, Proposed, RungReported


class SlowSampler(FixedSampler):
    """Draws only once the test lets it, and remembers on which thread."""

    def __init__(self, spec=None):
        super().__init__(spec)
        self.may_draw = threading.Event()
        self.threads = {threading.current_thread()}

    def ask(self, trial, pending):
        self.threads.add(threading.current_thread())
        assert self.may_draw.wait(10)
        return super().ask(trial, pending)


SLOW = SPEC | {"search": SPEC["search"] | {"sampler": "tpe"}}


@pytest.fixture
def house():
    ledger = MemoryLedger()
    samplers = []

    def make(spec):
        samplers.append(SlowSampler(spec))
        return samplers[-1]

    loop = SelectorReactor()
    controller = Controller(ledger, [FakeExecutor()], loop, FakeCore(), make, lambda what, error: None)
    controller.start()
    controller.samplers = samplers
    controller.loop = loop
    controller.log = ledger
    yield controller
    for sampler in samplers:
        sampler.may_draw.set()
    controller.close(0)


def until(controller, condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        controller.turn(0.05)


def logged(controller, kind):
    return [entry.event for entry in controller.log.replay() if isinstance(entry.event, kind)]


def test_a_sampler_that_thinks_does_not_hold_the_loop(house):
    house.submit(SLOW)
    until(house, lambda: house.samplers)
    house.loop.post(report())
    until(house, lambda: logged(house, RungReported))
    assert logged(house, Proposed) == []
    house.samplers[0].may_draw.set()
    until(house, lambda: logged(house, Proposed))
    assert logged(house, Proposed)[0].points == ({"x": 1}, {"x": 2})


def test_it_is_made_told_and_asked_on_one_thread_which_is_not_the_loops(house):
    house.submit(SLOW)
    until(house, lambda: house.samplers)
    house.samplers[0].may_draw.set()
    until(house, lambda: logged(house, Proposed))
    assert len(house.samplers[0].threads) == 1
    assert threading.main_thread() not in house.samplers[0].threads


def test_its_fault_fails_its_experiment(house):
    house._proposals._make = lambda spec: 1 / 0
    house.submit(SLOW)
    until(house, lambda: logged(house, PrepareFailed))
    assert logged(house, PrepareFailed)[0].failure.kind == "sampler"


def test_turning_with_nothing_to_do_waits_no_longer_than_allowed(house):
    house.loop.post(asked())
    assert house.turn(0)
    house.turn(0)
    assert not house.turn(0)

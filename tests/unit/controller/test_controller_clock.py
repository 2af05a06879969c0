"""The controller's time goes on steadily, whatever is done to the machine's clock, and says so."""

import pytest

from daybreak.controller.clock import SteadyClock


class Machine:
    def __init__(self):
        self.wall, self.ticks = 1_000_000.0, 50.0

    def pass_(self, seconds):
        self.wall += seconds
        self.ticks += seconds


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def clock(machine):
    return SteadyClock(lambda: machine.wall, lambda: machine.ticks)


def test_it_begins_with_the_machines_time_and_goes_on_with_it(machine, clock):
    assert clock.now() == 1_000_000.0

    machine.pass_(10.0)

    assert clock.now() == 1_000_010.0
    assert clock.was_set() == 0.0


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_setting_the_machines_clock_does_not_move_it_and_is_told_once(machine, clock, jump):
    machine.wall += jump
    machine.pass_(1.0)

    assert clock.now() == 1_000_001.0
    assert clock.was_set() == pytest.approx(jump)
    assert clock.was_set() == 0.0


def test_small_corrections_are_no_news(machine, clock):
    machine.wall -= 0.5

    assert clock.was_set() == 0.0


def test_after_a_restart_it_goes_on_from_the_last_event(machine, clock):
    clock.not_before(1_000_600.0)
    machine.pass_(5.0)

    assert clock.now() == 1_000_605.0
    assert clock.was_set() == pytest.approx(-600.0)
    clock.not_before(5.0)
    assert clock.now() == 1_000_605.0

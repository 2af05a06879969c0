"""What takes a challenger back: a drift that is proved for this window, and no client that hangs up."""

import asyncio
from types import SimpleNamespace

import msgspec
import pytest
from experiment_cases import BEGAN, with_a_test

from daybreak.monitoring.drift import Finding
from daybreak.serving.calls import Call
from daybreak.serving.events import Dealt
from daybreak.serving.experiment.observing import Observing
from daybreak.serving.experiment.record import experiment_of
from daybreak.serving.experiment.supervising import drifted
from daybreak.serving.problems import refuse
from daybreak.serving.watch import standing
from daybreak.serving.watch.standing import ArmStanding

DRIFT = Finding("output", "digit", "", "psi", 0.2, 0.1, 0.1, 0.0, 500, alarm=True, says="digit differs")


@pytest.fixture
def stands(tmp_path):
    """Write how the arms stand, as monitoring does: (arm, p of its output, windows judged)."""
    (tmp_path / "windows").mkdir()

    def write(*arms):
        told = tuple(
            ArmStanding(
                arm, "digits", 4, "drift", "", tests=(msgspec.structs.replace(DRIFT, p=p),), since=BEGAN + 1, windows=windows,
            )
            for arm, p, windows in arms
        )  # fmt: skip
        standing.write(tmp_path, standing.of_arms(BEGAN + 60, told))
        return drifted(tmp_path, experiment_of(with_a_test()))

    return write


def test_a_window_that_alarms_at_its_own_level_takes_nobody_back(stands):
    assert stands(("v4", 0.009, 1)) == {}
    assert stands(("v4", 1e-4, 60)) == {}


def test_a_drift_that_is_proved_does_and_not_where_the_champion_drifts_too(stands):
    assert stands(("v4", 1e-4, 1)) == {"v4": "digit differs"}
    assert stands(("v4", 1e-9, 60)) == {"v4": "digit differs"}
    assert stands(("v4", 1e-9, 60), ("champion", 0.009, 60)) == {}


class Events:
    def __init__(self):
        self.added = []

    def add(self, event):
        self.added.append(event)

    def flush(self):
        pass


@pytest.mark.parametrize(("code", "failed"), [("gone", False), ("model_failed", True), ("deadline_exceeded", True)])
def test_a_client_that_hangs_up_was_dealt_and_waited_and_is_no_failure(code, failed):
    call = Call(lambda _: None, rows=1)
    call.deal, call.arm = "0-1a2b-c0ffee", SimpleNamespace(served=SimpleNamespace(arm="v4"))
    call.refusal, call.arrived, call.at_end, call.at = refuse(code, "why"), 10.0, 12.5, BEGAN + 5

    async def refused():
        events = Events()
        Observing(events).refused(call)
        return events.added

    assert asyncio.run(refused()) == [Dealt(BEGAN + 5, "v4", "0-1a2b-c0ffee", 2.5, failed=failed)]

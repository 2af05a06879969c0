"""A search on a simulated machine, logged by the real ledger: what the read tables say is what the log says, whenever it ends."""

import pytest

import daybreak.lifecycle as core
from daybreak.controller.controller import Controller
from daybreak.controller.simulated import SimulatedReactor
from daybreak.executors.simulated.curves.noise import NoiseCurves, Shape
from daybreak.executors.simulated.executor import SimulatedExecutor
from daybreak.executors.simulated.machine import Machine
from daybreak.ledger.check import check
from daybreak.ledger.opening import open_ledger
from daybreak.ledger.rebuild import rebuild
from daybreak.search.samplers.registry import make_sampler
from daybreak.spec.loading import from_mapping


def search(ledger, method, turns, flush):
    """Run a small search for so many turns of the loop, at most to its end."""
    asked = {
        "name": "small",
        "run": "train:main",
        "space": {"lr": {"log": [1e-5, 1.0]}, "width": {"int": [8, 64]}},
        "objective": {"maximize": "accuracy"},
        "search": {"method": method, "max_units": 9, "max_trials": 12, "sampler": "random"},
    }
    spec, faults = from_mapping(asked, folder="/tmp"), []
    executor = SimulatedExecutor(Machine(3), lambda _: NoiseCurves(spec, Shape(unit_seconds=1.0), seed=1))
    told = lambda what, error: faults.append((what, error))
    controller = Controller(ledger, [executor], SimulatedReactor(), core, make_sampler, told, inline_sampling=True)
    controller.start()
    controller.submit(spec.model_dump(mode="json"))
    for _ in range(turns):
        if not controller.turn():
            break
    if flush:
        controller.flush()
    assert faults == []


@pytest.mark.parametrize(
    ("method", "turns", "flush"), [("asha", 2000, True), ("pbt", 2000, True), ("asha", 60, True), ("asha", 75, False)]
)
def test_the_read_tables_of_a_search_are_what_its_log_says(tmp_path, method, turns, flush):
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    search(ledger, method, turns, flush)
    events, shown = ledger.append(0.0, []), ledger.projected()
    ledger.close()
    assert 0 < shown <= events
    assert check(path, core) == []
    result = rebuild(path, core)
    assert (result.events, result.equal, result.differing) == (events, True, 0)
    assert check(path, core) == []

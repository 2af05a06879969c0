"""The simulated agent keeps the same contract as the real one: that is what makes a simulation worth believing."""

from dataclasses import dataclass

import pytest

from daybreak.controller.simulated import SimulatedReactor
from daybreak.executors.simulated.executor import SimulatedExecutor
from daybreak.executors.simulated.machine import Machine
from daybreak.spec.models import Experiment, Objective
from daybreak.testing.executor_contract import LENGTH, Bench, ExecutorContract


@dataclass
class Rising:
    length: int | None

    def metrics(self, units):
        return {"score": units / 10}

    def elapsed(self, units):
        return 10.0 * units


class RisingCurves:
    def curve(self, point, seed):
        return Rising(None if point.get("endless") else LENGTH)


SPEC = Experiment(name="contract", run="m:f", objectives=(Objective(metric="score"),)).model_dump(mode="json")


class TestSimulated(ExecutorContract):
    @pytest.fixture
    def bench(self):
        executor = SimulatedExecutor(Machine(slots=2, points=True), lambda spec: RisingCurves())
        bench = Bench(executor, SimulatedReactor(), SPEC, point={}, endless={"endless": True})
        yield bench
        bench.close()

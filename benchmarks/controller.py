"""Events per second through the real controller with 4,000 live trials, on one core. Target: 10,000.

    python benchmarks/controller.py [--events 40000] [--batch 50]

An ASHA search on 4,000 slots. The machine is simulated, everything else is what a home runs: intake, one power-safe commit per batch
(SQLite) or a ledger in memory, step, verdicts, launches, proposals, read tables five times a second. As on a busy machine, what
arrives during a commit makes the next batch: about `--batch` events, since a commit takes a few milliseconds.
"""

import argparse
import heapq
import tempfile
import time
from pathlib import Path

import daybreak.lifecycle as core
from daybreak.controller.controller import Controller
from daybreak.controller.simulated import SimulatedReactor
from daybreak.executors.simulated.curves.noise import NoiseCurves, Shape
from daybreak.executors.simulated.executor import SimulatedExecutor
from daybreak.executors.simulated.machine import Machine
from daybreak.ledger.memory import MemoryLedger
from daybreak.ledger.opening import open_ledger
from daybreak.search.samplers.registry import make_sampler
from daybreak.spec.loading import from_mapping

LIVE = 4_000
TARGET = 10_000  # events per second
SPEC = {
    "name": "busy",
    "run": "train:main",
    "space": {"lr": {"log": [1e-5, 1.0]}, "width": {"int": [8, 1024], "log": True}, "drop": {"uniform": [0, 0.9]}},
    "objective": {"maximize": "accuracy"},
    "search": {"method": "asha", "max_units": 81, "max_trials": 10_000_000, "sampler": "random"},
}


class BusyReactor(SimulatedReactor):
    """Makes the next `batch` calls in every turn, as if a commit had taken that long, on the wall's clock."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.batch = batch

    def now(self) -> float:
        return time.time()

    def later(self, seconds, call):
        self._now = self.now()
        return super().later(seconds, call)

    def turn(self, timeout=None):
        for _ in range(self.batch):
            if not self._heap:
                break
            call = heapq.heappop(self._heap)[2].call
            if call is not None:
                call()
        return True


def measure(ledger, events: int, batch: int) -> tuple[float, float, int]:
    """Wall and CPU seconds per event once all slots are busy, and live attempts then."""
    spec = from_mapping(SPEC, folder="/tmp")
    curves = NoiseCurves(spec, Shape(unit_seconds=1.0), seed=1)
    executor = SimulatedExecutor(Machine(LIVE), lambda _: curves)
    faults = []
    controller = Controller(
        ledger,
        [executor],
        BusyReactor(batch),
        core,
        make_sampler,
        lambda what, error: faults.append((what, error)),
        inline_sampling=True,
    )
    controller.start()
    controller.submit(spec.model_dump(mode="json"))
    while len(executor.inventory()) < LIVE:
        controller.turn()
    stepped = controller.upto
    wall, cpu = time.perf_counter(), time.process_time()
    while controller.upto - stepped < events:
        controller.turn()
    count = controller.upto - stepped
    result = (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count, len(executor.inventory())
    controller.flush()
    if faults:
        raise SystemExit(f"faults: {faults[:3]}")
    ledger.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--batch", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for name, ledger in (
            ("memory", MemoryLedger(keep=False)),
            ("SQLite, power-safe", open_ledger(Path(folder) / "ledger.db")),
        ):
            wall, cpu, live = measure(ledger, asked.events, asked.batch)
            print(
                f"{name:20} {1 / wall:8,.0f} events/s  {1 / cpu:8,.0f} per CPU second  "
                f"{cpu * 1e6:5.0f} us each  {live} live  {1 / wall / TARGET:.2f}x of the target"
            )


if __name__ == "__main__":
    main()

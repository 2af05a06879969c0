"""What the process tests of executors run, and the bench they run it on."""

import sys
from pathlib import Path

from daybreak.base.home import Home
from daybreak.controller.reactor import SelectorReactor
from daybreak.executors.local import LocalExecutor
from daybreak.lifecycle.events import Slot
from daybreak.spec.models import Experiment, Objective
from daybreak.testing.executor_contract import Bench

FUNCTION = """
import time

def main(run):
    kept = {"units": 0}
    run.keep(kept=(lambda: dict(kept), kept.update))
    for unit in run.steps(run.params.get("length", 4)):
        time.sleep(run.params.get("pause", 0.0))
        kept["units"] += 1
        run.report(score=float(kept["units"]))
"""

SCRIPT = """
import sys, time
length, pause = int(sys.argv[1]), float(sys.argv[2])
for unit in range(1, length + 1):
    time.sleep(pause)
    print(f"epoch={unit} score={unit}.0")
"""

SLOTS = [Slot(number=0), Slot(number=1)]
ENDLESS = {"length": 100_000, "pause": 0.02}
COMMAND = (sys.executable, "script.py", "{length}", "{pause}")


def experiment(folder: Path, run, **changes) -> dict:
    """A resolved spec of one of the programs."""
    spec = Experiment(name="test", run=run, folder=str(folder), objectives=(Objective(metric="score"),), **changes)
    return spec.model_dump(mode="json")


def bench_of(tmp_path: Path, run, program: str, slots=SLOTS, **changes) -> Bench:
    """A local executor in a home of its own, with a program prepared. Changes that it does not know go into the spec."""
    own = {name: changes.pop(name) for name in ("parent_command", "suspended_cap", "gauge") if name in changes}
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / ("script.py" if isinstance(run, tuple) else f"{run.partition(':')[0]}.py")).write_text(program)
    executor = LocalExecutor(Home(tmp_path / "home"), slots, **own)
    return Bench(
        executor, SelectorReactor(raising), experiment(folder, run, **changes), {"length": 4, "pause": 0.02}, ENDLESS
    )


def raising(what: str, error: Exception) -> None:
    """A fault in a callback fails the test."""
    raise AssertionError(what) from error

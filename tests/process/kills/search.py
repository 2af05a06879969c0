"""A search whose every value tells whether its trial was continued rightly, and the means to kill what runs it."""

import os
import signal
import time
from pathlib import Path

import psutil

from daybreak.base.errors import ConnectionLost
from daybreak.base.home import Home
from daybreak.client.client import OVER, Client
from daybreak.client.experiment import Experiment

HORIZON = 9

# The kept counter must equal the unit: a trial continued from the wrong checkpoint, or from none, reports another value.
TOY = """
import time

def main(run):
    kept = {"count": 0, "sum": 0.0}
    run.keep(state=kept)
    for unit in run.steps(9):
        time.sleep(0.02)
        kept["count"] += 1
        kept["sum"] += run.params.x * kept["count"]
        run.report(value=kept["sum"], count=kept["count"])
"""


def expected(x: float, unit: int) -> float:
    """What a trial reports at a unit, however often it was interrupted."""
    total = 0.0
    for count in range(1, unit + 1):
        total += x * count
    return total


def submit(home: Home, folder: Path, trials: int) -> int:
    """Hand in a search of so many trials; its number."""
    (folder / "toy.py").write_text(TOY)
    experiment = Experiment(
        run="toy:main", folder=folder, name="toy", space={"x": {"uniform": [0.0, 1.0]}}, objective={"maximize": "value"},
        search={"max_units": HORIZON, "reduction": 3, "sampler": "random"}, budget={"trials": trials}, checkpoint_every=0.05,
        retry={"attempts": 100}, seed=3,
    )  # fmt: skip
    with Client(home) as client:
        return experiment.submit(client)


def is_over(home: Home) -> bool:
    """Reach the home's controller (starting one where it was killed) and look."""
    try:
        with Client(home) as client:
            return client.status("toy").state in OVER
    except ConnectionLost:  # killed while it was answering
        return False


def victims(home: Home) -> dict[str, list[psutil.Process]]:
    """The processes of a home by what they are: controller, parent, worker."""
    try:
        controller = psutil.Process(int(home.lock.read_text() or 0))
        parents = [p for p in controller.children() if "daybreak.train.parent" in p.cmdline()]
        workers = [worker for parent in parents for worker in parent.children()]
    except (psutil.Error, OSError, ValueError):
        return {}
    found = {"controller": [controller], "parent": parents, "worker": workers}
    return {kind: processes for kind, processes in found.items() if processes}


def kill(process: psutil.Process) -> bool:
    """SIGKILL; False when it was gone already."""
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.Error:
        return False
    return True


def wait_until(condition, seconds: float = 60.0) -> None:
    """Poll until it holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def leftover(home: Home) -> list[psutil.Process]:
    """Processes that were started for this home and are still alive."""
    mark = str(home.path)
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and any(mark in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found

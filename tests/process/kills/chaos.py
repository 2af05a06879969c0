"""A search that is killed at chosen moments, by its own code, where a knife from outside would rarely hit.

The training module strikes when it comes to a moment for which the folder `plan` holds an order, `<moment>-<victim>-<number>`: it takes
the order (a rename: each is carried out once) and kills. Moments: in the middle of a unit, while a checkpoint is taken, when it is in
the vault and nobody was told, while a rung's decision is awaited. Victims: the worker itself, its warm parent, the controller.
"""

import itertools
from pathlib import Path

from search import is_over, kill, victims, wait_until

from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.experiment import Experiment

TRIALS, HORIZON = 20, 27
MOMENTS, VICTIMS = ("unit", "saving", "saved", "asking"), ("worker", "parent", "controller")

# Weights that depend on the global random state, as dropout and shuffling make them.
LEARNER = '''
import hashlib, os, signal, time
from pathlib import Path

import numpy as np

from daybreak.train.link import AgentLink

PLAN = Path(os.environ.get("CHAOS_PLAN", "/nowhere"))
LOCK = Path(os.environ.get("CHAOS_LOCK", "/nowhere"))
UNIT = float(os.environ.get("CHAOS_UNIT", 0))
CHANCE = int(os.environ.get("CHAOS_CHANCE", 64))  # of 256, that a moment is used


def strike(moment):
    orders = sorted(PLAN.glob(f"{moment}-*")) if os.urandom(1)[0] < CHANCE else []
    for order in orders[:1]:
        try:
            order.rename(PLAN / "done" / order.name)
        except FileNotFoundError:
            return
        victim = order.name.split("-")[1]
        pid = {"worker": os.getpid, "parent": os.getppid, "controller": lambda: int(LOCK.read_text())}[victim]()
        if pid > 1:
            os.kill(pid, signal.SIGKILL)


class Weights:
    """Something to keep; being asked for its state is the middle of a checkpoint."""

    def __init__(self):
        self.values = np.zeros(64)

    def state_dict(self):
        strike("saving")
        return {"values": self.values}

    def load_state_dict(self, state):
        self.values[:] = state["values"]


sent = AgentLink.send


def send(self, frame):
    kind = type(frame).__name__
    if kind == "Saved":
        strike("saved")
    sent(self, frame)
    if kind == "Report":
        strike("asking")


AgentLink.send = send


def main(run):
    weights = Weights()
    run.keep(weights=weights)
    for unit in run.epochs(27):
        time.sleep(UNIT)
        strike("unit")
        weights.values += run.params.x * np.random.standard_normal(64) + 0.01 * unit
        bits = int.from_bytes(hashlib.sha256(weights.values).digest()[:6], "big")  # of the weights themselves
        run.report(value=float(weights.values.sum()), bits=bits)
'''


def submit(home: Home, folder: Path, unit: float = 0.0, plan: Path | None = None, chance: int = 64, **fields) -> int:
    """Hand in a search of twenty trials; its number."""
    (folder / "learner.py").write_text(LEARNER)
    environment = {"CHAOS_UNIT": str(unit), "CHAOS_CHANCE": str(chance)}
    if plan is not None:
        environment |= {"CHAOS_PLAN": str(plan), "CHAOS_LOCK": str(home.lock)}
    experiment = Experiment(
        run="learner:main", folder=folder, name="toy", space={"x": {"uniform": [0.1, 1.0]}}, objective={"maximize": "value"},
        search={"max_units": HORIZON, "reduction": 3, "sampler": "random"}, budget={"trials": TRIALS}, checkpoint_every=0.05,
        retry={"attempts": 1000}, seed=5, environment=environment, **fields,
    )  # fmt: skip
    with Client(home) as client:
        return experiment.submit(client)


def orders(plan: Path, count: int) -> None:
    """Write so many orders, the moments and victims in turn."""
    (plan / "done").mkdir(parents=True)
    chosen = itertools.cycle(itertools.product(MOMENTS, VICTIMS))
    for number, (moment, victim) in zip(range(count), chosen, strict=False):
        (plan / f"{moment}-{victim}-{number:04}").touch()


def carried_out(plan: Path) -> list[str]:
    """The orders that were."""
    return sorted(path.name for path in (plan / "done").iterdir())


def finish(home: Home, seconds: float) -> None:
    """Start the controller again whenever it is gone, until the search is over."""
    wait_until(lambda: is_over(home), seconds)


def what_came_of_it(home: Home, number: int) -> dict:
    """Of each trial its point, its seed, its metrics by unit and the digests of its checkpoints by unit."""
    with Client(home) as client:
        trials = {
            row.trial: {"point": row.point, "seed": row.seed, "units": row.units, "state": row.state}
            for row in client.trials(number)
        }
        for trial in trials.values():
            trial |= {"metrics": {}, "checkpoints": {}}
        for curve in client.points(number):
            trials[curve["trial"]]["metrics"][curve["metric"]] = dict(zip(curve["steps"], curve["values"], strict=True))
        for row in client.checkpoints(number):
            trials[row.trial]["checkpoints"][row.units] = row.digest
    return trials


def end(home: Home) -> None:
    """Kill what runs for this home, if anything does."""
    for processes in victims(home).values():
        for process in processes:
            kill(process)

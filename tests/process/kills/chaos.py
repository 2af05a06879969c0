"""A search that is killed at chosen moments, by its own code, where a knife from outside would rarely hit.

The training module strikes when it comes to a moment for which the folder `plan` holds an order, `<moment>-<victim>-<number>`: it takes
the order (a rename: each is carried out once) and kills. Moments: in the middle of a unit, while a checkpoint is taken, when it is in
the vault and nobody was told, while a rung's decision is awaited, while the ranks of a gang exchange gradients. Victims: the worker
itself, one rank of a gang, the warm parent, the controller.
"""

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

from search import is_over, kill, victims, wait_until

from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.experiment import Experiment

TRIALS, HORIZON = 20, 27
ALONE = list(itertools.product(("unit", "saving", "saved", "asking"), ("worker", "parent", "controller")))
# Of a gang one rank dies: alone at work, while gradients are exchanged, where both ask, where rank 0 saves.
GANG = [
    ("step", "rank1"), ("saving", "rank0"), ("asking", "rank1"), ("unit", "rank0"), ("saved", "rank0"), ("step", "rank0"),
    ("asking", "rank0"), ("unit", "rank1"), ("step", "parent"), ("saved", "controller"),
]  # fmt: skip

LEARNERS = Path(__file__).parent / "trained"


def submit(
    home: Home, folder: Path, unit: float = 0.0, plan: Path | None = None, chance: int = 64, learner: str = "learner", **fields
) -> int:  # fmt: skip
    """Hand in a search of twenty trials; its number. `unit`: seconds that each unit takes longer; `chance`: of 256, to use a moment."""
    for name in ("strike", learner):
        shutil.copy(LEARNERS / f"{name}.py", folder)
    environment = {"CHAOS_UNIT": str(unit), "CHAOS_CHANCE": str(chance)}
    if plan is not None:
        environment |= {"CHAOS_PLAN": str(plan), "CHAOS_LOCK": str(home.lock)}
    search = {"max_units": HORIZON, "reduction": 3, "sampler": "random"} | fields.pop("search", {})
    experiment = Experiment(
        run=f"{learner}:main", folder=folder, name="toy", space={"x": {"uniform": [0.1, 1.0]}}, objective={"maximize": "value"},
        search=search, budget={"trials": TRIALS}, checkpoint_every=0.05, retry={"attempts": 1000}, seed=5,
        environment=environment, **fields,
    )  # fmt: skip
    with Client(home) as client:
        return experiment.submit(client)


def orders(plan: Path, count: int, kinds: Sequence[tuple[str, str]] = ALONE) -> None:
    """Write so many orders, the kinds in turn."""
    (plan / "done").mkdir(parents=True)
    for number, (moment, victim) in zip(range(count), itertools.cycle(kinds), strict=False):
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

"""A deterministic search, run on two slots, on one, and with kills, comes to the same trials, points, units, scores and best."""

import signal
import time

import psutil
import pytest

from daybreak.base.errors import ConnectionLost
from daybreak.base.home import Home
from daybreak.base.streams import Stream
from daybreak.client.client import OVER, Client
from daybreak.client.experiment import Experiment

KILLS = 8

# Its score is best in the middle and its state is a sum: whoever goes on from the wrong place, or forgets the best, is found out.
TOY = """
import time

def main(run):
    kept = {"count": 0, "sum": 0.0}
    run.keep(state=kept)
    for unit in run.steps(9):
        time.sleep(0.01 + 0.03 * (run.seed % 3))
        kept["count"] += 1
        kept["sum"] += run.params.x * kept["count"]
        run.report(value=kept["sum"] * (0.2 if unit == 8 else 1.0), count=kept["count"])
"""

SEARCHES = {
    "asha": {"search": {"max_units": 9, "sampler": "density", "max_concurrent": 3}, "budget": {"trials": 14}},
    "pbt": {
        "search": {
            "method": "pbt", "max_units": 8, "population": 4, "perturb_every": 2, "sampler": "random", "max_concurrent": 3,
        },
        "budget": {"trials": 4},
    },
}  # fmt: skip


@pytest.fixture
def homes(tmp_path):
    """Makes homes; what still runs of them is ended with the test."""
    made = []

    def make(name):
        made.append(Home(tmp_path / name))
        return made[-1]

    yield make
    for home in made:
        for process in family(home):
            kill(process)


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_same_search_on_two_slots_on_one_and_with_kills(homes, tmp_path, kind):
    undisturbed = search(homes("two"), tmp_path, kind, slots=2)

    assert len(undisturbed["trials"]) == SEARCHES[kind]["budget"]["trials"]
    assert search(homes("one"), tmp_path, kind, slots=1) == undisturbed
    assert search(homes("killed"), tmp_path, kind, slots=2, kills=KILLS) == undisturbed


def search(home, folder, kind, slots, kills=0):
    """Run it to its end in a home of its own; what came of it."""
    (folder / "toy.py").write_text(TOY)
    experiment = Experiment(
        run="toy:main", folder=folder, name="toy", space={"x": {"uniform": [0.0, 1.0]}}, objective={"maximize": "value"},
        checkpoint_every=0.05, retry={"attempts": 100}, seed=3, deterministic=True, **SEARCHES[kind],
    )  # fmt: skip
    with Client(home, slots=f"cpu:{slots}x1") as client:
        number = experiment.submit(client)
    stream = Stream(slots + kills, "kills")
    while kills and not is_over(home, slots):
        time.sleep(stream.uniform() * 0.25)  # the moment that is being chosen
        if found := family(home):
            kills -= kill(stream.choice(found))
    wait_until(lambda: is_over(home, slots))
    with Client(home) as client:
        row, trials = client.experiment(number), client.trials(number)
        curves = {(c["trial"], c["metric"]): c for c in client.points(number)}
    assert row.state == "done", row.why
    assert not kills, "the search was over too soon"
    fields = ("trial", "state", "point", "seed", "units", "score", "rungs", "source")
    return {
        "best": row.best_trial,
        "trials": [{name: getattr(trial, name) for name in fields} for trial in trials],
        "values": {key: dict(zip(c["steps"], c["values"], strict=True)) for key, c in curves.items()},
    }


def family(home):
    """The controller of a home, its warm parent and its workers, those that are there."""
    try:
        controller = psutil.Process(int(home.lock.read_text() or 0))
        return [controller, *(p for p in controller.children(recursive=True) if "watchdog.py" not in str(p.cmdline()))]
    except (psutil.Error, OSError, ValueError):
        return []


def kill(process):
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.Error:
        return False
    return True


def is_over(home, slots):
    try:
        with Client(home, slots=f"cpu:{slots}x1") as client:
            return client.status("toy").state in OVER
    except ConnectionLost:  # killed while it was answering
        return False


def wait_until(condition, seconds=90.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)

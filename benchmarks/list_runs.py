"""A list of 1,000 runs with 10 metrics each: rows and last values, no history. Target: 30 ms.

    python benchmarks/list_runs.py [--runs 1000] [--metrics 10] [--steps 200]

For comparison, the same values taken from the histories, as trackers without a table of last values have to.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from daybreak.base.ids import AttemptKey, TrialKey
from daybreak.ledger.opening import open_ledger
from daybreak.ports.ledger import PointBatch
from daybreak.testing.ledger_contract import experiment_row, trial_row

TARGET = 0.030  # seconds


def fill(ledger, runs, metrics, steps):
    ledger.project([experiment_row(1)], 0)
    for first in range(1, runs + 1, 100):
        trials = range(first, min(first + 100, runs + 1))
        series = {
            f"metric {m}": (list(range(steps)), [1.0 / (s + m + 1) for s in range(steps)]) for m in range(metrics)
        }
        ledger.append(1.0, [], [PointBatch(AttemptKey(1, trial, 1), series) for trial in trials])
        ledger.project([trial_row(trial) for trial in trials], 0)


def listed(reader):
    """What a list shows: every trial's row, and its last values."""
    return reader.trials(1), reader.latest(1)


def from_histories(reader):
    latest = {}
    for trial, metric, steps, values in reader.points(1):
        latest.setdefault(TrialKey(1, trial), {})[metric] = (steps[-1], values[-1])
    return reader.trials(1), latest


def timed(call, times):
    spent, cpu = [], time.process_time()
    for _ in range(times):
        begin = time.perf_counter()
        found = call()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent), (time.process_time() - cpu) / times, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--metrics", type=int, default=10)
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        ledger = open_ledger(Path(home) / "ledger.db")
        fill(ledger, arguments.runs, arguments.metrics, arguments.steps)
        reader = ledger.reader()
        seconds, cpu, found = timed(lambda: listed(reader), 15)
        rows, _, _ = timed(lambda: reader.trials(1), 15)
        slow, _, same = timed(lambda: from_histories(reader), 1)
        assert found == same
        assert len(found[1]) == arguments.runs
        ledger.close()
    print(
        f"{arguments.runs:,} runs x {arguments.metrics} metrics: {seconds * 1e3:.1f} ms ({rows * 1e3:.1f} ms of it the rows; "
        f"CPU {cpu * 1e3:.1f} ms), {seconds / TARGET:.2f} of the target; "
        f"from histories of {arguments.steps} steps {slow * 1e3:.0f} ms ({slow / seconds:.0f}x)"
    )


if __name__ == "__main__":
    main()

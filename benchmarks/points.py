"""Metric points that one process can log, each commit power-safe. Target: 200,000 a second.

    python benchmarks/points.py [--seconds 3] [--folder /var/tmp]

Beside the ledger, the plain design it was chosen over: a row per point, keyed by (experiment, trial, metric, step), inserted or
replaced by epoch with executemany on Python's sqlite3. Both take turns on the same disk with the same batches, and give the same
curve when read.
"""

import argparse
import itertools
import sqlite3
import tempfile
import time
from pathlib import Path

from daybreak.base.ids import AttemptKey
from daybreak.ledger.opening import open_ledger, open_reader
from daybreak.ports.ledger import PointBatch

TARGET = 200_000  # points a second
TRIAL = AttemptKey(1, 1, 1)
TABLE = """CREATE TABLE points (experiment INTEGER, trial INTEGER, metric INTEGER, step INTEGER, epoch INTEGER, value REAL,
PRIMARY KEY (experiment, trial, metric, step)) WITHOUT ROWID"""
UPSERT = """INSERT INTO points VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET epoch = excluded.epoch, value = excluded.value
WHERE excluded.epoch > epoch"""


class RowPerPoint:
    """The plain design."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute(TABLE)

    def log(self, series):
        for metric, (steps, values) in enumerate(series.values()):
            same = itertools.repeat
            rows = zip(same(1), same(1), same(metric), steps, same(1), values, strict=False)
            self.connection.executemany(UPSERT, rows)
        self.connection.commit()

    def curve(self):
        query = "SELECT step, value FROM points WHERE experiment=1 AND trial=1 AND metric=0 ORDER BY step"
        steps, values = zip(*self.connection.execute(query).fetchall(), strict=True)
        return list(steps), list(values)


class Batches:
    """The ledger's own."""

    def __init__(self, path):
        self.ledger = open_ledger(path)
        self.reader = open_reader(path)

    def log(self, series):
        self.ledger.append(1.0, [], [PointBatch(TRIAL, series)])

    def curve(self):
        ((_, _, steps, values),) = self.reader.points(1, [1], ["metric 0"])
        return steps, values


def series(turn, metrics, steps):
    first = turn * steps
    return {
        f"metric {m}": (list(range(first, first + steps)), [1.0 / (m + 1 + s) for s in range(steps)])
        for m in range(metrics)
    }


def race(folder, metrics, steps, seconds):
    """Points a second and seconds to read one curve, of each design."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        designs = {"row per point": RowPerPoint(Path(home) / "rows.db"), "ledger": Batches(Path(home) / "ledger.db")}
        spent, turns = dict.fromkeys(designs, 0.0), 0
        while sum(spent.values()) < seconds:
            batch = series(turns, metrics, steps)
            for name, design in designs.items():
                begin = time.perf_counter()
                design.log(batch)
                spent[name] += time.perf_counter() - begin
            turns += 1
        read, curves = {}, {}
        for name, design in designs.items():
            begin = time.perf_counter()
            curves[name] = design.curve()
            read[name] = time.perf_counter() - begin
        assert curves["ledger"] == curves["row per point"]
        points = turns * metrics * steps
        return {name: (points / spent[name], read[name], turns * steps) for name in designs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", default="/var/tmp", help="on the disk to measure")
    arguments = parser.parse_args()
    print(
        "a commit holds                 row per point            ledger              of the target   reading one curve"
    )
    for metrics, steps in ((1, 1), (10, 1), (10, 10), (10, 100), (10, 1000)):
        found = race(arguments.folder, metrics, steps, arguments.seconds)
        (plain, plain_read, _), (ours, ours_read, length) = found["row per point"], found["ledger"]
        print(
            f"  {metrics:2} metrics x {steps:4} steps     {plain:9,.0f} points/s   {ours:9,.0f} points/s ({ours / plain:4.1f}x)"
            f"   {ours / TARGET:5.1f}x        {plain_read * 1e3:.1f} ms -> {ours_read * 1e3:.1f} ms ({length:,} points)"
        )


if __name__ == "__main__":
    main()

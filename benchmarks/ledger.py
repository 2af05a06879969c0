"""What a commit costs above the database itself, and what opening costs above importing SQLAlchemy.

    python benchmarks/ledger.py [--commits 2000] [--folder /var/tmp]

The floor is Python's sqlite3 alone: one INSERT of as many bytes and a COMMIT, WAL, synchronous FULL, on the same disk, the two taking
turns so that both meet the same load. A disk's fsync decides most of it: read the ratios. Eight reports a commit is what eight
workers make when all of them report while the commit before is on its way.
"""

import argparse
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from daybreak.base.ids import AttemptKey
from daybreak.ledger import upcast
from daybreak.ledger.opening import open_ledger
from daybreak.lifecycle.events import RungReported
from daybreak.ports.ledger import PointBatch

OPTUNA = 317  # reports and decisions per second on SQLite, quiet machine (docs/dependencies.md)
OPENING = """
import sys, time
import daybreak.lifecycle, daybreak.wire.rows  # a controller has them anyway
begin = time.process_time()
import sqlalchemy
imported = time.process_time()
from daybreak.ledger.opening import open_ledger
ours = time.process_time()
open_ledger(sys.argv[1]).close()
print(imported - begin, ours - imported, time.process_time() - ours)
"""


def bare(path):
    """The floor: a function that commits one blob."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, at REAL, events BLOB)")

    def commit(number, data):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO log VALUES (?, ?, ?)", (number, 1.0, data))
        connection.execute("COMMIT")

    return commit


def reports(number, count):
    return [
        RungReported(AttemptKey(1, n + 1, 1), number, 9, {"accuracy": 0.5, "loss": 1.25}, {"accuracy": 0.5}, 0.1)
        for n in range(count)
    ]


def batches(number, count):
    series = {"accuracy": ([number], [0.5]), "loss": ([number], [1.25])}
    return [PointBatch(AttemptKey(1, n + 1, 1), series) for n in range(count)]


def compare(folder, events, points, commits):
    """Median seconds of a commit, and mean CPU seconds: (floor, ours, floor's CPU, our CPU)."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        floor, ledger = bare(Path(home) / "bare.db"), open_ledger(Path(home) / "ledger.db")
        times, cpu = ([], []), [0.0, 0.0]
        for number in range(commits):
            said, logged = reports(number, events), batches(number, points)
            data = upcast.write(said)
            for place, commit in enumerate((lambda: floor(number, data), lambda: ledger.append(1.0, said, logged))):  # noqa: B023
                begin, begin_cpu = time.perf_counter(), time.process_time()
                commit()
                cpu[place] += time.process_time() - begin_cpu
                times[place].append(time.perf_counter() - begin)
        ledger.close()
        return *(statistics.median(one) for one in times), *(one / commits for one in cpu)


def opening(folder):
    """CPU seconds to import SQLAlchemy, to import the ledger, to open one: (new, existing)."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        command = [sys.executable, "-c", OPENING, f"{home}/ledger.db"]
        runs = [
            [float(x) for x in subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()]
            for _ in range(9)
        ]
    return runs[0], [statistics.median(column) for column in zip(*runs[1:], strict=True)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=2000)
    parser.add_argument("--folder", default="/var/tmp", help="on the disk to measure")
    arguments = parser.parse_args()
    print(
        "one commit: reports, batches of points    bare sqlite3     ledger   ratio   (CPU above it)   events/s   of Optuna on SQLite"
    )
    for events, points in ((1, 0), (8, 0), (8, 8), (50, 0), (50, 50)):
        floor, ours, floor_cpu, our_cpu = compare(arguments.folder, events, points, arguments.commits)
        print(
            f"  {events:3} reports, {points:2} batches of 2 metrics      {floor * 1e6:9.0f} us {ours * 1e6:7.0f} us   {ours / floor:5.2f}"
            f"   ({(our_cpu - floor_cpu) * 1e6:7.0f} us)       {events / ours:8,.0f}   {events / ours / OPTUNA:6.0f}x"
        )
    new, existing = opening(arguments.folder)
    for name, (toolkit, imported, opened) in (("new", new), ("existing", existing)):
        print(
            f"opening a ledger ({name}): CPU {opened * 1e3:.0f} ms + {imported * 1e3:.0f} ms imports, "
            f"{(opened + imported) / toolkit:.2f} of importing SQLAlchemy ({toolkit * 1e3:.0f} ms)"
        )


if __name__ == "__main__":
    main()

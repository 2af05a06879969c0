"""Exact overlap of two tables: ours against DuckDB's bare semi-join and deepchecks' check, back to back in one run; and beyond memory.

    python benchmarks/audit_overlap.py [--train 800000] [--test 200000] [--columns 20]
    python benchmarks/audit_overlap.py --beyond 10000000 20000000 100000000 [--folder /tmp]

Ours: the fold `overlap.exact` over Arrow batches of 65,536 rows (canonicalisation, 128-bit keys, semi-join, comparison of the hits
value for value, the null and the findings). DuckDB: `SELECT count(*) FROM test SEMI JOIN train USING (all columns)` over the same Arrow
tables; no canonicalisation, no pairs, no null. 1 % of the test rows are copies. deepchecks runs TrainTestSamplesMix in an environment
of its own (it needs older packages). Neither is a dependency:

    pip install --target .duck --no-deps duckdb && PYTHONPATH=.duck python benchmarks/audit_overlap.py
    python3 -m venv .venv-deepchecks
    .venv-deepchecks/bin/pip install deepchecks "scikit-learn<1.6" "pandas<2.3" "numpy<2" "category-encoders<2.7"
    DAYBREAK_DEEPCHECKS=.venv-deepchecks/bin/python python benchmarks/audit_overlap.py

To reach: within 3x of DuckDB, memory within 3x of the data, 20x faster than deepchecks; `--beyond`: 100 M rows x 8 in Parquet within 4 GB,
linear in rows. Memory is the peak resident size of a process that does nothing else, less that of the same process before the fold.

Measured on two cores with other work on them (21 November 2026): 800,000 x 20 against 200,000 in 0.59 to 0.80 s, 1.4 to 2.1x DuckDB's
semi-join, memory 1.5 to 2.1x the data, 440x faster than deepchecks 0.19.1 (276 s, all rows). Beyond memory: 10 M rows 10 s, 20 M 17 s,
100 M (6.4 GB of Parquet) 87 s; peak 0.78, 0.80, 0.80 GB.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.audit.about import About, Column
from daybreak.audit.overlap.exact import exact
from daybreak.readers.spilling import DiskSpill

HERE = Path(__file__).parent
DEEPCHECKS = os.environ.get("DAYBREAK_DEEPCHECKS", "")
BATCH, PIECE = 1 << 16, 1_000_000


def table(values):
    return pa.table({f"x{i}": pa.array(np.ascontiguousarray(values[:, i])) for i in range(values.shape[1])})


def data(train, test, columns, seed=0):
    rng = np.random.default_rng(seed)
    left, right = rng.standard_normal((train, columns)), rng.standard_normal((test, columns))
    right[: test // 100] = left[rng.choice(train, test // 100, replace=False)]
    return left, right


def about(columns):
    return About(tuple(Column(f"x{i}", "number") for i in range(columns)))


def folded(columns, sides, spill):
    """The fold over batches, as `daybreak audit` drives it. `sides`: name -> batches."""
    fold, whole = exact(about(columns), spill), None
    for side, batches in sides.items():
        start = 0
        for batch in batches:
            part = fold.partial(side, start, batch)
            start += batch.num_rows
            whole = part if whole is None else fold.merge(whole, part)
    return fold.finish(whole)


def ours(train, test):
    sides = {name: side.to_batches(max_chunksize=BATCH) for name, side in (("train", train), ("test", test))}
    with DiskSpill() as spill:
        return len(folded(train.num_columns, sides, spill).hits.test)


def duck(train, test):
    import duckdb

    connection = duckdb.connect()
    connection.register("train", train)
    connection.register("test", test)
    names = ", ".join(train.column_names)
    return connection.execute(f"SELECT count(*) FROM test SEMI JOIN train USING ({names})").fetchone()[0]


def seconds(work, *args):
    began = time.perf_counter()
    found = work(*args)
    return time.perf_counter() - began, found


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory_of(sizes):
    """Peak of a process with the tables and the fold, in multiples of the tables."""
    values = data(*sizes)
    train, test = (table(side) for side in values)
    size = train.nbytes + test.nbytes
    del values
    before = resident()
    ours(train, test)
    return (max(0, peak_since_reset() - before) + size) / size


def resident():
    Path("/proc/self/clear_refs").write_text("5")
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) * 1024


def peak_since_reset():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024


def compare(sizes, repeats):
    train, test = (table(side) for side in data(*sizes))
    ours(train.slice(0, 1000), test.slice(0, 1000))
    times, rival = [], []
    for _ in range(repeats):
        took, hits = seconds(ours, train, test)
        times.append(took)
        try:
            took, count = seconds(duck, train, test)
            rival.append(took)
            assert hits == count, (hits, count)
        except ImportError:
            print("duckdb is not installed (see the top of this file)")
    line = f"{sizes[0]:,} x {sizes[2]} against {sizes[1]:,}: ours {median(times):.2f} s"
    if rival:
        line += f", DuckDB's bare semi-join {median(rival):.2f} s: {median(times) / median(rival):.1f}x (to reach: 3x)"
    print(line)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(f"memory: {pool.apply(memory_of, (sizes,)):.1f}x the data (to reach: 3x)")
    return median(times)


def deepchecks(sizes, mine):
    if not DEEPCHECKS:
        print("deepchecks: set DAYBREAK_DEEPCHECKS (see the top of this file)")
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/train.npy", f"{folder}/test.npy"]
        for path, side in zip(paths, data(*sizes), strict=True):
            np.save(path, side)
        command = [DEEPCHECKS, "-W", "ignore", str(HERE / "rivals/deepchecks_mix.py"), *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"deepchecks did not run: {done.stderr.strip().splitlines()[-1]}")
        return
    took = json.loads(done.stdout.splitlines()[-1])["seconds"]
    print(f"deepchecks {took:.1f} s: ours is {took / mine:.0f}x faster (to reach: 20x)")


def beyond(rows, folder, columns=8):
    """Write Parquet in pieces, and audit it from there: seconds, peak memory, disk used for keys. A tenth are test rows."""
    paths = {"train": Path(folder) / "audit-train.parquet", "test": Path(folder) / "audit-test.parquet"}
    try:
        written = {"train": rows - rows // 10, "test": rows // 10}
        for number, (side, path) in enumerate(paths.items()):
            write(path, written[side], columns, number)
        size = sum(path.stat().st_size for path in paths.values())
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            took, hits, most = pool.apply(from_parquet, (paths, columns, folder))
        print(
            f"{rows:,} x {columns} ({size / 1e9:.1f} GB of Parquet): {took:.0f} s, {1e6 * took / rows:.2f} s per million rows, "
            f"peak {most / 1e9:.2f} GB, {hits:,} test rows in train",
            flush=True,
        )
    finally:
        for path in paths.values():
            path.unlink(missing_ok=True)


def write(path, rows, columns, seed):
    """Random doubles; the first tenth of every piece of test is that of train's piece of the same number."""
    writer = None
    for piece, start in enumerate(range(0, rows, PIECE)):
        count = min(PIECE, rows - start)
        values = np.random.default_rng([seed, piece]).standard_normal((count, columns))
        if seed:
            copies = np.random.default_rng([0, piece]).standard_normal((count, columns))
            values[: count // 10] = copies[: count // 10]
        made = table(values)
        writer = writer or pq.ParquetWriter(path, made.schema, compression="none", use_dictionary=False)
        writer.write_table(made, row_group_size=BATCH)
    writer.close()


def from_parquet(paths, columns, folder):
    sides = {side: pq.ParquetFile(path, pre_buffer=False).iter_batches(BATCH) for side, path in paths.items()}
    began = time.perf_counter()
    with DiskSpill(Path(folder)) as spill:
        hits = len(folded(columns, sides, spill).hits.test)
    return time.perf_counter() - began, hits, peak()


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--train", type=int, default=800_000)
    words.add_argument("--test", type=int, default=200_000)
    words.add_argument("--columns", type=int, default=20)
    words.add_argument("--repeats", type=int, default=5)
    words.add_argument("--beyond", type=int, nargs="*", default=[])
    words.add_argument("--folder", default=tempfile.gettempdir())
    told = words.parse_args()
    if told.beyond:
        for rows in told.beyond:
            beyond(rows, told.folder)
        return
    sizes = (told.train, told.test, told.columns)
    deepchecks(sizes, compare(sizes, told.repeats))


if __name__ == "__main__":
    sys.exit(main())

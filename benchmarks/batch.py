"""A million rows of 64 floats from Parquet through a small network (64-128-10): ours, bare pyarrow and onnxruntime, Ray Data.

    python benchmarks/batch.py [--rows 1000000] [--ray PYTHON] [--rounds 5]     # an interpreter that has ray[data] and onnxruntime

Ours and bare alternate in one run, each in a fresh process that is timed inside (imports are left out of both); a ratio is of the
medians. Bare is what one writes by hand: batches of 65,536 rows, columns side by side, the session with its own default threads, the
scores as lists of 10 in one Parquet file. Ours also loads the model within the time, hashes its input, checks every value, tells labels
and scores, and writes parts that survive a kill. Goals: 0.9x of bare, 4x Ray Data (read_parquet, map_batches, write_parquet; the second
of two runs in one session).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

BARE = """
import sys, time, json
import numpy as np, onnxruntime, pyarrow as pa, pyarrow.parquet as pq
model, source, out = sys.argv[1:]
session = onnxruntime.InferenceSession(model)
began, spent = time.perf_counter(), time.process_time()
names = [f"f{i:02d}" for i in range(64)]
writer, rows = None, 0
for batch in pq.ParquetFile(source).iter_batches(65536, columns=names):
    x = np.stack([batch.column(name).to_numpy() for name in names], axis=1)
    scores = session.run(None, {"x": x})[0]
    table = pa.table({"scores": pa.FixedSizeListArray.from_arrays(pa.array(scores.reshape(-1)), 10)})
    writer = writer or pq.ParquetWriter(out, table.schema)
    writer.write_table(table)
    rows += len(batch)
writer.close()
print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - spent}))
"""

OURS = """
import sys, time, json
from pathlib import Path
import onnxruntime, pyarrow.parquet
from daybreak.batch.job import Request, start
package, source, out = sys.argv[1:]
began, spent = time.perf_counter(), time.process_time()
report = start(Request(Path(package), (source,), out, {"features": "f*"}), lambda *told: None)
print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - spent}))
"""

RAY = """
import sys, time, json, logging
import numpy as np, onnxruntime, pyarrow as pa, ray
model, source, out = sys.argv[1:]
names = [f"f{i:02d}" for i in range(64)]
class Network:
    def __init__(self):
        options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options)
    def __call__(self, batch):
        x = np.stack([batch[name] for name in names], axis=1)
        return {"scores": self.session.run(None, {"x": x})[0]}
ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
def once(out):
    began = time.perf_counter()
    data = ray.data.read_parquet(source, columns=names)
    data.map_batches(Network, batch_size=4096, concurrency=int(sys.argv[4]) if len(sys.argv) > 4 else 1).write_parquet(out)
    return {"seconds": time.perf_counter() - began, "cpu": float("nan")}  # of its workers, some of which are gone
once(out + "-warm")
told = once(out)
ray.shutdown()
print(json.dumps(told))
"""


def data(folder, rows):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = np.random.default_rng(0).normal(size=(rows, 64)).astype("f4")
    pq.write_table(pa.table({f"f{i:02d}": values[:, i] for i in range(64)}), folder / "rows.parquet")


def timed(python, code, *words):
    done = subprocess.run([python, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--ray", default="")
    told = words.parse_args()
    from daybreak.testing import packages

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        packages.mlp(folder / "package")
        data(folder, told.rows)
        model, source = folder / "package" / "model.onnx", folder / "rows.parquet"
        bare, ours, ray = [], [], []
        for turn in range(told.rounds):
            bare.append(timed(sys.executable, BARE, model, source, folder / "bare.parquet"))
            ours.append(timed(sys.executable, OURS, folder / "package", source, folder / f"ours{turn}"))
            shutil.rmtree(folder / f"ours{turn}")
            if told.ray:
                ray.append(timed(told.ray, RAY, model, source, folder / f"ray{turn}"))
        show(told.rows, {"bare": bare, "ours": ours, "ray": ray})


def show(rows, measured):
    middle = {}
    for name, runs in measured.items():
        if runs:
            seconds, cpu = (median(run[key] for run in runs) for key in ("seconds", "cpu"))
            middle[name] = (seconds, cpu)
            each = ", ".join(f"{run['seconds']:.2f}" for run in runs)
            print(f"{name:5} {seconds:6.2f} s  {rows / seconds:10,.0f} rows/s  {cpu:6.2f} CPU seconds   of {each}")
    for name, goal in (("bare", "0.9x"), ("ray", "4x")):
        if name in middle:
            time, cpu = (middle[name][place] / middle["ours"][place] for place in (0, 1))
            print(f"ours against {name}: {time:.2f}x the rows a second (goal {goal}), 1/{cpu:.2f} of the CPU seconds")


if __name__ == "__main__":
    main()

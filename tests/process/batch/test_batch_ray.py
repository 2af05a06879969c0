"""`--engine ray` on a cluster of one node, inside a network of its own: the same bytes, also after an actor was killed.

Ray takes seconds and hundreds of megabytes to start, so it is no dependency of the tests: install it beside them to run this.
"""

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.batch.job import Request, start
from daybreak.testing import packages

pytest.importorskip("ray", reason="Ray is not installed: pip install ray")

CLUSTER = """
ip link set lo up
ray=$(dirname "$1")/ray
"$1" "$ray" start --head --node-ip-address=127.0.0.1 --port=6399 --num-cpus=2 --include-dashboard=false --disable-usage-stats \
    --temp-dir="$2" --object-store-memory=100000000 --block > head.log 2>&1 &
head=$!
trap 'kill $head; wait $head' EXIT
for turn in $(seq 120); do grep -q "Ray runtime started" head.log && break; sleep 0.5; done
"$1" job.py
"""

JOB = """
import os, sys, threading, time
from pathlib import Path
import psutil
from daybreak.base.errors import ModelFailed
from daybreak.batch.job import Request, start

def job():
    words = dict(part_rows=100, batch=50, workers=2, engine="ray", address="127.0.0.1:6399")
    return start(Request(Path("model"), ("in.parquet",), "ray", {"features": "f*"}, **words), lambda *told: None)

def kill():
    while len(list(Path("ray/.job").glob("part-*"))) < 3:
        time.sleep(0.01)
    next(one for one in psutil.process_iter(["cmdline"]) if "ray::Worker" in " ".join(one.info["cmdline"] or [])).kill()

threading.Thread(target=kill, daemon=True).start()
try:
    job()
    sys.exit("it ended before the actor was killed")
except ModelFailed as error:
    assert "an actor was lost" in str(error), error
assert job().resumed >= 3
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None or os.geteuid() != 0, reason="a network of its own needs unshare and root"
)
@pytest.mark.timeout(240)
def test_a_cluster_gives_the_same_bytes_also_after_an_actor_was_killed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packages.mlp(tmp_path / "model")
    values = np.random.default_rng(0).normal(size=(20_000, 64)).astype("f4")
    pq.write_table(pa.table({f"f{place:02d}": values[:, place] for place in range(64)}), "in.parquet")
    start(
        Request(Path("model"), ("in.parquet",), "local", {"features": "f*"}, part_rows=100, batch=50), lambda *_: None
    )
    (tmp_path / "token").write_text(secrets.token_hex(32))
    Path("job.py").write_text(JOB)
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token"), "RAY_USAGE_STATS_ENABLED": "0"}
    short = Path(f"/tmp/ray-{os.getpid()}")  # sockets below it have names of at most 107 bytes
    try:
        command = ["unshare", "-n", "bash", "-c", CLUSTER, "cluster", sys.executable, str(short)]
        done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, timeout=200, check=False)
    finally:
        shutil.rmtree(short, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert files(tmp_path / "ray") == files(tmp_path / "local")


def files(out):
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file() and file.suffix != ".partial"
    }

"""Jobs that are really killed, at several moments, go on where they were and write the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.base.errors import ModelFailed
from daybreak.batch.job import Request, start
from daybreak.testing import packages

ROWS, PART = 6_000, 250


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    packages.mlp(folder / "model")
    values = np.random.default_rng(0).normal(size=(ROWS, 64)).astype("f4")
    values[7, 3] = np.nan
    pq.write_table(
        pa.table({f"f{place:02d}": values[:, place] for place in range(64)}),
        folder / "in.parquet",
        row_group_size=1_000,
    )
    finished(folder, "whole")
    return folder


def started(folder, out, *words, **told):
    command = [
        sys.executable,
        "-m",
        "daybreak.cli",
        "batch",
        "model",
        "in.parquet",
        "-o",
        out,
        "--column",
        "features=f*",
    ]
    return subprocess.Popen(
        [*command, "--part-rows", str(PART), "--batch", "50", "--json", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        **told,
    )


def finished(folder, out):
    """The same job from this process."""
    request = Request(
        folder / "model", (str(folder / "in.parquet"),), str(folder / out), {"features": "f*"}, part_rows=PART, batch=50
    )
    start(request, lambda *_: None)


def files(out):
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file() and file.suffix != ".partial"
    }


def kill_after(process, out, parts):
    deadline = time.monotonic() + 60
    while not (out / ".job" / "plan.json").exists() or len(list((out / ".job").glob("part-*.json"))) < parts:
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return len(list((out / ".job").glob("part-*.json")))


@pytest.mark.parametrize("moments", [(0,), (1, 9, 17)])
def test_a_killed_job_goes_on_and_gives_the_same_bytes(inputs, tmp_path, moments):
    out = Path("killed-" + "-".join(map(str, moments)))
    for parts in moments:
        process = started(inputs, str(out), start_new_session=True)
        done = kill_after(process, inputs / out, parts)
        assert done < ROWS // PART
        assert not (inputs / out / "_manifest.json").exists()
    finished(inputs, out)
    assert files(inputs / out) == files(inputs / "whole")


def test_several_processes_give_the_same_bytes_and_end_with_their_parent(inputs):
    process = started(inputs, "shared", "--workers", "2", "--threads", "1", start_new_session=False)
    children = []
    deadline = time.monotonic() + 60
    while not (children and list((inputs / "shared" / ".job").glob("part-*.json"))):
        assert time.monotonic() < deadline
        children = psutil.Process(process.pid).children() or children
    process.kill()
    process.wait()
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.01)
    finished(inputs, "shared")
    assert files(inputs / "shared") == files(inputs / "whole")


def test_a_model_that_ends_its_process_fails_the_job_which_can_go_on(tmp_path):
    packages.python(tmp_path / "model")
    values = np.arange(40.0)
    pq.write_table(pa.table({"a": np.where(values == 25, 666.0, values), "b": values}), tmp_path / "in.parquet")
    request = Request(
        tmp_path / "model", (str(tmp_path / "in.parquet"),), str(tmp_path / "out"), part_rows=10, threads=1
    )
    with pytest.raises(ModelFailed, match="exit code 9"):
        start(request, lambda *_: None)
    assert (tmp_path / "out" / "part-00000-00001.parquet").exists()
    assert not (tmp_path / "out" / "part-00000-00002.parquet").exists()
    assert not (tmp_path / "out" / "_manifest.json").exists()

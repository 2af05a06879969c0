"""What user code prints, and how a worker fails, never disturbs what its parent reads."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.base.errors import ModelFailed
from daybreak.batch import processes, running
from daybreak.batch.job import Request, start
from daybreak.cli.main import main
from daybreak.testing import packages

LOUD = """
def load(folder):
    print("loaded by the user's code")
    def predict(columns):
        print("said by the user's code", flush=True)
        return {"sum": columns["a"] + columns["b"]}
    return predict
"""


@pytest.fixture
def loud(tmp_path, monkeypatch):
    packages.python(tmp_path / "model", code=LOUD)
    values = np.arange(40.0)
    pq.write_table(pa.table({"a": values, "b": values}), tmp_path / "in.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_user_code_prints_goes_where_errors_go(loud, capfd, workers):
    with pytest.raises(SystemExit) as ended:
        main(["batch", "model", "in.parquet", "-o", "out", "--part-rows", "10", "--workers", workers, "--json"])
    told = capfd.readouterr()
    assert ended.value.code == 0
    assert json.loads(told.out)["rows"] == 40
    assert "said by the user's code" in told.err


def test_a_module_of_the_folder_where_it_is_called_is_not_taken_for_the_librarys(loud):
    (loud / "msgspec.py").write_text("raise SystemExit('the wrong msgspec')")
    assert start(request(loud, workers=2), lambda *_: None).rows == 40


def request(folder, **told):
    return Request(folder / "model", (str(folder / "in.parquet"),), str(folder / "out"), part_rows=10, **told)


def test_a_worker_whose_report_cannot_be_read_fails_the_job(loud, monkeypatch):
    monkeypatch.setattr(processes, "WORKER", "this")  # which prints, and reports nothing
    with pytest.raises(ModelFailed, match=r"worker \d told what is no report"):
        start(request(loud, workers=2), lambda *_: None)


def test_models_that_were_loaded_are_ended_when_the_next_cannot_be(loud, monkeypatch):
    loaded = []

    def second_fails(folder):
        if loaded:
            raise ModelFailed("no more memory")
        loaded.append(load(folder))
        return loaded[0]

    load = running.load
    monkeypatch.setattr(running, "load", second_fails)
    with pytest.raises(ModelFailed, match="no more memory"):
        start(request(loud, threads=2), lambda *_: None)
    assert loaded[0]._own_worker()._process is None


def test_workers_that_were_started_are_ended_when_the_next_cannot_be(loud, monkeypatch):
    begun = []

    def second_fails():
        if begun:
            raise OSError("no more processes")
        begun.append(starting())
        return begun[0]

    starting = processes._started
    monkeypatch.setattr(processes, "_started", second_fails)
    with pytest.raises(OSError, match="no more processes"):
        start(request(loud, workers=2), lambda *_: None)
    assert begun[0].returncode is not None

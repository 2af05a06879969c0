"""A job that goes on: only with the same plan, and only where it was."""

import fcntl
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import UsageError
from daybreak.batch.job import Request, start
from daybreak.batch.sources.assembling import assembled
from daybreak.testing import packages


@pytest.fixture
def job(tmp_path):
    packages.mlp(tmp_path / "model", features=3)
    pq.write_table(table(100), tmp_path / "in.parquet", row_group_size=30)
    return lambda **told: start(request(tmp_path, **told), lambda *_: None)


def request(folder, **told):
    told = {"part_rows": 16, "batch": 8, "threads": 2, "columns": {"features": "f*"}} | told
    return Request(folder / "model", (str(folder / "in.parquet"),), str(folder / "out"), **told)


def table(rows):
    values = np.random.default_rng(0).normal(size=(rows, 3)).astype("f4")
    return pa.table({f"f{place}": values[:, place] for place in range(3)})


def files(out):
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}


def test_parts_that_are_lost_are_made_again_with_the_same_bytes(job, tmp_path):
    job()
    whole = files(tmp_path / "out")
    for lost in ((0,), (6,), (1, 2, 5), tuple(range(7))):
        for number in lost:
            (tmp_path / "out" / ".job" / f"part-00000-{number:05d}.json").unlink()
            (tmp_path / "out" / f"part-00000-{number:05d}.parquet").unlink()
        (tmp_path / "out" / "_manifest.json").unlink()
        (tmp_path / "out" / "part-00000-00001.parquet.partial").write_bytes(b"half a pa")
        report = job(threads=1)
        assert (report.rows, report.parts, report.resumed) == (100, 7, 7 - len(lost))
        (tmp_path / "out" / "part-00000-00001.parquet.partial").unlink(missing_ok=True)
        assert files(tmp_path / "out") == whole


def test_a_job_that_is_done_is_not_done_again(job, tmp_path):
    job()
    before = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in files(tmp_path / "out")}
    assert job().resumed == 7
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in files(tmp_path / "out")} == before


def test_parts_of_a_job_that_is_done_are_made_again_when_they_are_gone_or_cut(job, tmp_path):
    job()
    whole = files(tmp_path / "out")
    (tmp_path / "out" / "part-00000-00002.parquet").unlink()
    (tmp_path / "out" / "part-00000-00004.parquet").write_bytes(b"PAR1")
    assert job().resumed == 5
    assert files(tmp_path / "out") == whole


def test_a_wrong_column_can_be_corrected(job, tmp_path):
    with pytest.raises(UsageError, match="no column 'g'"):
        job(columns={"features": "g"})
    assert job().rows == 100


def test_the_manifest_names_inputs_model_and_parts_by_digest(job, tmp_path):
    job()
    told = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert len(told["inputs"][0]["blake3"]) == 64
    assert len(told["model"]["digest"]) == 64
    assert [part["rows"] for part in told["parts"]] == [16] * 6 + [4]
    assert told["classes"]["digit"] == [str(place) for place in range(10)]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"part_rows": 10}, "part_rows was 16 there, now 10"),
        ({"format": "csv"}, "format was 'parquet' there, now 'csv'"),
        ({"keep": ("f0",)}, "keep was {} there, now {'f0': 'f0'}"),
    ],
)
def test_another_job_in_the_same_folder_is_refused(job, told, says):
    job()
    with pytest.raises(UsageError, match=says):
        job(**told)


def test_changed_inputs_or_models_are_another_job(job, tmp_path):
    job()
    pq.write_table(table(90), tmp_path / "in.parquet")
    with pytest.raises(UsageError, match=r"in\.parquet was changed since"):
        job()
    shutil.rmtree(tmp_path / "model")
    packages.mlp(tmp_path / "model", features=3, version=2)
    with pytest.raises(UsageError, match="version was 1 there, now 2"):
        job()


def test_a_folder_that_holds_something_else_is_left_alone(job, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match=r"holds thesis\.txt"):
        job()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_two_jobs_do_not_write_into_one_folder(job, tmp_path):
    (tmp_path / "out" / ".job").mkdir(parents=True)
    with (tmp_path / "out" / ".job" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another job is writing"):
            job()
    assert job().rows == 100


@given(st.lists(st.integers(1, 40), max_size=8), st.integers(1, 25), st.sets(st.integers(0, 20)))
def test_pieces_are_the_same_however_the_batches_fall(lengths, size, left_out):
    starts = np.cumsum([0, *lengths]).tolist()
    whole = pa.table({"x": np.arange(starts[-1])})
    batches = [(start, whole.slice(start, length)) for start, length in zip(starts, lengths, strict=False)]
    found = dict(assembled(batches, size, lambda number: number not in left_out))
    numbers = [number for number in range(-(-starts[-1] // size)) if number not in left_out]
    assert list(found) == numbers
    for number in numbers:
        assert found[number]["x"].to_pylist() == list(range(number * size, min(starts[-1], (number + 1) * size)))

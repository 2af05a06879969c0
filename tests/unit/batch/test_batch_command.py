"""The command: what it says of wrong use, and while it runs."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daybreak.cli import batching
from daybreak.cli.main import main
from daybreak.testing import packages


@pytest.fixture
def folder(tmp_path, monkeypatch):
    packages.mlp(tmp_path / "model", features=3)
    pq.write_table(pa.table({"features": np.zeros((5, 3), "f4").tolist()}), tmp_path / "in.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*words):
    with pytest.raises(SystemExit) as ended:
        main(["batch", *words])
    return ended.value.code


def test_the_report_as_json(folder, capsys):
    assert command("model", "in.parquet", "-o", "out", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "out": str(folder / "out"),
        "rows": 5,
        "rejected": 0,
        "parts": 1,
        "resumed": 0,
        "manifest": f"{folder}/out/_manifest.json",
    }


def test_going_on_is_told(folder, capsys):
    assert command("model", "in.parquet", "-o", "out") == 0
    (folder / "out" / "_manifest.json").unlink()
    assert command("model", "in.parquet", "-o", "out") == 0
    told = capsys.readouterr()
    assert "going on after 5 rows" in told.err
    assert "5 rows in 1 part (1 of them was there already)" in told.out


def test_a_job_that_answered_no_row_has_not_gone_well(folder, capsys):
    pq.write_table(pa.table({"features": np.zeros((5, 2), "f4").tolist()}), folder / "narrow.parquet")
    assert command("model", "narrow.parquet", "-o", "out") == 1
    told = capsys.readouterr().out
    assert "no answers: 0 rows in 0 parts" in told
    assert "rejected: 5 rows have no answer" in told
    assert command("model", "narrow.parquet", "-o", "out") == 1
    assert command("model", "narrow.parquet", "in.parquet", "-o", "both") == 0


def test_a_tensor_that_lies_in_many_columns_is_told_how_to_be_joined(folder, capsys):
    pq.write_table(pa.table({f"p{at}": np.zeros(5, "f4") for at in range(30)}), folder / "wide.parquet")
    assert command("model", "wide.parquet", "-o", "out") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "such as --column 'features=p*'; its columns are p0," in said
    assert said.endswith("p19 and 10 more")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nothing@1", "in.parquet", "-o", "out"), 2, "no model is called nothing"),
        (("model", "other.parquet", "-o", "out"), 2, "no file matches other.parquet"),
        (("model", "in.parquet", "-o", "out", "--column", "features"), 2, "--column is FIELD=COLUMN"),
        (("model", "in.parquet", "-o", "out", "--format", "xlsx"), 2, "xlsx"),
        (("model", "in.parquet"), 2, "--out"),
        (("model", "in.parquet", "-o", "out", "--engine", "ray"), 2, "ray"),
    ],
)
def test_wrong_use_is_one_message_and_exit_code_2(folder, capsys, monkeypatch, words, code, says):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert command(*words) == code
    assert says in capsys.readouterr().err
    assert not list(folder.glob("out/part-*"))


def test_a_package_that_was_altered_is_not_used(folder, capsys):
    (folder / "model" / "model.onnx").write_bytes(b"x")
    assert command("model", "in.parquet", "-o", "out") == 6
    assert "was altered: model.onnx" in capsys.readouterr().err


def test_progress_says_rows_speed_share_and_time_left(monkeypatch):
    said, clock = [], iter([0.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(batching.time, "monotonic", lambda: next(clock))
    tell = batching._Told(said.append, often=1.0)
    tell(500, 0, 0.0, True)
    tell(100, 0, 0.2, False)
    tell(90, 10, 0.4, False)
    assert said == [
        "going on after 500 rows",
        "600 rows, 50 rows/s, 20%",
        "690 rows, 10 rejected, 67 rows/s, 40%, 3.0 s left",
    ]


def test_an_input_without_rows_is_said_to_have_none(folder, capsys):
    (folder / "empty.csv").write_text("a,b,c\n")
    assert command("model", "empty.csv", "-o", "out", "--column", "features=*") == 0
    assert "warning: the input had no rows" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("text", "where"),
    [("a,b\xfc,c\n1,2,3\n", "byte 3 of its header is 0xfc"), ("a,b,c\n1,2,3\n4,\xfc,6\n", "after row 0")],
)
def test_a_file_in_another_encoding_is_told_as_that(folder, capsys, text, where):
    (folder / "odd.csv").write_text(text, encoding="latin-1")
    assert command("model", "odd.csv", "-o", "out", "--column", "features=*") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"a CSV file is text in UTF-8, {folder}/odd.csv is not ({where}): iconv" in said

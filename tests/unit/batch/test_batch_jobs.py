"""Jobs over every kind of input: rows with an answer in parts, rows without in the rejects file, nothing begun that cannot be."""

import base64
import gzip
import io
import json

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image

from daybreak.base.errors import ModelFailed, NotFound, UsageError
from daybreak.batch.answers import Answers
from daybreak.batch.job import Request, start
from daybreak.batch.sources import Taken
from daybreak.inference.loading import load
from daybreak.registry.package import Package, Runtime, Step, seal
from daybreak.signature.fields import Field, Output, Signature
from daybreak.testing import packages

ROWS = 25
PEOPLE = {
    "id": [f"p{row}" for row in range(ROWS)],
    "age": [20.5 + row for row in range(ROWS)],
    "hours": [None if row % 5 == 0 else 30 + row for row in range(ROWS)],
    "gain": list(range(ROWS)),
    "job": ["clerk", "farmer", "teacher", "other", "pilot"] * 5,
}


def quiet(*told):
    """Nobody watches."""


@pytest.fixture
def income(tmp_path):
    packages.mlp_columns(tmp_path / "model")
    return tmp_path / "model"


def run(model, *inputs, out, **told):
    told = {"part_rows": 10, "batch": 4, "threads": 1} | told
    return start(Request(model, tuple(map(str, inputs)), str(out), **told), quiet)


def answers(out):
    tables = [pq.read_table(part) for part in sorted(out.glob("part-*.parquet"))]
    return pa.concat_tables(tables).to_pylist() if tables else []


def rejects(out):
    place = out / "_rejects.jsonl"
    return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []


def test_the_same_people_have_the_same_answers_from_every_kind_of_table(income, tmp_path):
    pq.write_table(pa.table(PEOPLE), tmp_path / "people.parquet", row_group_size=7)
    rows = [dict(zip(PEOPLE, row, strict=True)) for row in zip(*PEOPLE.values(), strict=True)]
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    cells = [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
    with gzip.open(tmp_path / "people.csv.gz", "wt") as file:
        file.write("\n".join([",".join(PEOPLE), *cells]))
    found = []
    for name in ("people.parquet", "people.jsonl", "people.csv.gz"):
        out = tmp_path / f"out-{name}"
        report = run(income, tmp_path / name, out=out, keep=("id",))
        assert (report.rows, report.rejected, report.parts) == (ROWS, 0, 3)
        found.append([{key: value for key, value in row.items() if key != "file"} for row in answers(out)])
    assert found[0] == found[1] == found[2]
    assert [row["row"] for row in found[0]] == list(range(ROWS))
    assert [row["id"] for row in found[0]] == PEOPLE["id"]
    assert set(found[0][0]) == {"row", "id", "income", "income.score", "income.probabilities"}


def test_answers_are_the_models_own(income, tmp_path):
    pq.write_table(pa.table(PEOPLE), tmp_path / "people.parquet")
    run(income, tmp_path / "people.parquet", out=tmp_path / "out")
    columns = {
        "age": np.array(PEOPLE["age"], "f4"),
        "hours": np.array(PEOPLE["hours"], "f4"),
        "gain": np.array(PEOPLE["gain"], float),
        "job": np.array(PEOPLE["job"], object),
    }
    scores = load(income).predict(columns)["income"]
    found = answers(tmp_path / "out")
    assert np.allclose([row["income.probabilities"] for row in found], scores, rtol=1e-6)
    assert [row["income"] for row in found] == [("<=50K", ">50K")[int(score[1] >= 0.5)] for score in scores]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_answers_as_csv_and_jsonl(income, tmp_path, kind):
    pq.write_table(pa.table(PEOPLE), tmp_path / "people.parquet")
    run(income, tmp_path / "people.parquet", out=tmp_path / "out", format=kind, keep=("id",))
    text = (tmp_path / "out" / f"part-00000-00002.{kind}").read_text().splitlines()
    if kind == "csv":
        assert text[0] == '"row","file","id","income","income.score","income.<=50K","income.>50K"'
        assert text[1].startswith('20,"')
    else:
        told = json.loads(text[0])
        assert (told["row"], told["id"], list(told["prediction"]["income"])) == (
            20,
            "p20",
            ["label", "score", "probabilities"],
        )


def test_bad_rows_are_rejected_with_reasons_and_the_others_keep_their_numbers(income, tmp_path):
    lines = [
        '{"age": 40, "hours": 1, "job": "clerk", "more": [1]}',
        '{"age": "x", "hours": 1, "job": "clerk"}',
        "",
        "no json",
        '{"hours": 1, "job": "clerk"}',
        '[{"age": 40, "hours": 1, "job": "clerk"}]',
        '{"age": NaN, "hours": 1, "job": "clerk"}',
        '{"age": 41, "hours": null, "job": "clerk"}',
    ]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    report = run(income, tmp_path / "people.jsonl", out=tmp_path / "out", part_rows=3)
    assert (report.rows, report.rejected) == (2, 5)
    assert [row["row"] for row in answers(tmp_path / "out")] == [0, 7]
    told = [(bad["row"], bad["code"], bad["where"]) for bad in rejects(tmp_path / "out")]
    assert told == [
        (1, "bad_type", "age"),
        (3, "bad_json", ""),
        (4, "missing_field", "age"),
        (5, "bad_type", ""),
        (6, "bad_value", "age"),
    ]


def test_cells_that_are_no_numbers_and_rows_with_other_cells_are_rejected_alone(income, tmp_path):
    records = [
        "id,age,hours,gain,job",
        "a,40,NA,1,clerk",
        "b,old,1,1,clerk",
        "c,41,1",
        'd,42,"1",1,"a, b"',
        "e,,1,1,clerk",
        "f,1,1,0.5,clerk",
        "g",
    ]
    (tmp_path / "people.csv").write_text("\n".join(records))
    report = run(income, tmp_path / "people.csv", out=tmp_path / "out", part_rows=2)
    assert [row["row"] for row in answers(tmp_path / "out")] == [0, 3]
    told = [(bad["row"], bad["code"], bad["where"]) for bad in rejects(tmp_path / "out")]
    assert told == [
        (1, "bad_type", "age"),
        (2, "bad_row", ""),
        (4, "bad_value", "age"),
        (5, "bad_type", "gain"),
        (6, "bad_row", ""),
    ]
    assert report.rejected == 5
    assert "3 cells where the header has 5" in rejects(tmp_path / "out")[1]["error"]


def test_null_where_there_must_be_a_value_rejects_the_row(income, tmp_path):
    pq.write_table(pa.table({**PEOPLE, "age": [None, float("inf"), *PEOPLE["age"][2:]]}), tmp_path / "people.parquet")
    report = run(income, tmp_path / "people.parquet", out=tmp_path / "out")
    assert (report.rows, [bad["row"] for bad in rejects(tmp_path / "out")]) == (ROWS - 2, [0, 1])


def test_columns_by_other_names_and_several_as_one_tensor(income, tmp_path):
    packages.mlp(tmp_path / "mlp", features=3)
    values = np.random.default_rng(0).normal(size=(5, 3)).astype("f4")
    pq.write_table(pa.table({f"f{place}": values[:, place] for place in range(3)}), tmp_path / "wide.parquet")
    pq.write_table(pa.table({"x": values.tolist()}), tmp_path / "lists.parquet")
    run(tmp_path / "mlp", tmp_path / "wide.parquet", out=tmp_path / "a", columns={"features": "f*"})
    run(tmp_path / "mlp", tmp_path / "lists.parquet", out=tmp_path / "b", columns={"features": "x"})
    drop = [[{**row, "file": ""} for row in answers(tmp_path / out)] for out in "ab"]
    assert drop[0] == drop[1]
    assert len(drop[0]) == 5


def test_lists_of_another_length_are_rejected_alone(tmp_path):
    packages.mlp(tmp_path / "mlp", features=3)
    pq.write_table(
        pa.table({"features": [[1.0, 2, 3], [1, 2], [1, 2, 3, 4], None, [1, None, 3], [4, 5, 6]]}),
        tmp_path / "lists.parquet",
    )
    run(tmp_path / "mlp", tmp_path / "lists.parquet", out=tmp_path / "out")
    assert [row["row"] for row in answers(tmp_path / "out")] == [0, 5]
    assert [bad["row"] for bad in rejects(tmp_path / "out")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("table", "told", "says"),
    [
        ({"agee": [1.0], "hours": [1], "job": ["x"]}, {}, "did you mean --column age=agee?"),
        ({"age": ["1"], "hours": [1], "job": ["x"]}, {}, "column 'age' of .* is string, the field 'age' is a number"),
        ({"age": [1], "hours": [1], "job": [1]}, {}, "the field 'job' is a category"),
        ({"age": [1], "hours": [1], "job": ["x"]}, {"keep": ("id",)}, "has no column 'id'; its columns are"),
        ({"age": [1], "hours": [1], "job": ["x"]}, {"keep": ("income=age",)}, "rename it: --keep true_income=age"),
        ({"age": [1], "hours": [1], "job": ["x"]}, {"keep": ("row",)}, "rename it: --keep true_row=row"),
        ({"age": [1], "hours": [1], "job": ["x"]}, {"columns": {"agee": "x"}}, "for a field of the model, got agee"),
        ({"age": [1], "hours": [1], "job": ["x"]}, {"part_rows": 0}, "--part-rows is at least 1"),
        ({"age": [1], "hours": [1], "job": ["x"]}, {"workers": 0}, "at least 1, got 0"),
    ],
)
def test_a_schema_that_does_not_fit_is_told_before_the_first_row(income, tmp_path, table, told, says):
    pq.write_table(pa.table(PEOPLE), tmp_path / "a.parquet")
    pq.write_table(pa.table(table), tmp_path / "b.parquet")
    with pytest.raises(UsageError, match=says):
        run(income, tmp_path / "a.parquet", tmp_path / "b.parquet", out=tmp_path / "out", **told)
    assert not list((tmp_path / "out").glob("part-*"))


def test_inputs_that_are_none(income, tmp_path):
    with pytest.raises(NotFound, match="no file matches"):
        run(income, tmp_path / "*.parquet", out=tmp_path / "out")
    (tmp_path / "people.xlsx").write_text("x")
    with pytest.raises(UsageError, match="inputs are Parquet, CSV, JSONL"):
        run(income, tmp_path / "people.xlsx", out=tmp_path / "out")
    (tmp_path / "people.parquet").write_text("x")
    with pytest.raises(UsageError, match="no whole Parquet file"):
        run(income, tmp_path / "people.parquet", out=tmp_path / "out")
    (tmp_path / "people.csv").write_text("")
    with pytest.raises(UsageError, match="is empty"):
        run(income, tmp_path / "people.csv", out=tmp_path / "out2")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="holds neither"):
        run(income, tmp_path / "folder", out=tmp_path / "out3")


def test_files_without_rows_are_done_at_once(income, tmp_path):
    pq.write_table(
        pa.table({name: pa.array(values).slice(0, 0) for name, values in PEOPLE.items()}), tmp_path / "none.parquet"
    )
    (tmp_path / "none.csv").write_text(",".join(PEOPLE) + "\n")
    (tmp_path / "none.jsonl").write_text("\n\n")
    for name in ("none.parquet", "none.csv", "none.jsonl"):
        report = run(income, tmp_path / name, out=tmp_path / f"out-{name}")
        assert (report.rows, report.rejected, report.parts) == (0, 0, 0)


def sound_package(folder):
    """The mean of a recording, as a number."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "mean.py").write_text(
        "def load(folder):\n    return lambda feeds: {'mean': [float(sound.mean()) for sound in feeds['sound']]}\n"
    )
    signature = Signature((Field("sound", "audio", rate=8000),), (Output("mean", "number", dtype="float64"),))
    return seal(folder, Package("mean", 1, 0.0, signature, Runtime("python", function="mean:load")))


def test_a_folder_of_sounds_is_a_row_each(tmp_path):
    sound_package(tmp_path / "model")
    (tmp_path / "sounds" / "inner").mkdir(parents=True)
    for name, level in (("b", 0.25), ("inner/c", 0.5)):
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", np.full(100, level), 8000)
    (tmp_path / "sounds" / "a.wav").write_bytes(b"RIFF")
    report = run(tmp_path / "model", tmp_path / "sounds", out=tmp_path / "out")
    assert (report.rows, report.rejected) == (2, 1)
    assert [(row["file"].rsplit("sounds/")[1], round(row["mean"], 3)) for row in answers(tmp_path / "out")] == [
        ("b.wav", 0.25),
        ("inner/c.wav", 0.5),
    ]
    assert rejects(tmp_path / "out")[0]["error"].startswith("a.wav: 'sound' is no whole WAV")


def picture_package(folder):
    """A picture's size and its negative."""
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "turn.py").write_text(
        "import numpy as np\n"
        "def load(folder):\n    return turn\n"
        "def turn(feeds):\n    return {'y': np.stack([255 - one for one in feeds['image']]).transpose(0, 3, 1, 2) / 255.0}\n"
    )
    signature = Signature((Field("image", "image", shape=(None, None, 3)),), (Output("negative", "image"),))
    return seal(
        folder,
        Package(
            "turn", 1, 0.0, signature, Runtime("python", function="turn:load"), after=(Step("image", {"of": "y"}),)
        ),
    )


def test_pictures_in_a_table_and_as_answers(tmp_path):
    picture_package(tmp_path / "model")
    held = io.BytesIO()
    Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(held, "PNG")
    data = held.getvalue()
    pq.write_table(
        pa.table({"image": [{"bytes": data, "path": "a"}, {"bytes": data[:20], "path": "b"}]}),
        tmp_path / "pictures.parquet",
    )
    (tmp_path / "pictures.jsonl").write_text(json.dumps({"image": base64.b64encode(data).decode()}))
    report = run(tmp_path / "model", tmp_path / "pictures.parquet", tmp_path / "pictures.jsonl", out=tmp_path / "out")
    assert (report.rows, report.rejected) == (2, 1)
    for row in answers(tmp_path / "out"):
        assert (np.asarray(Image.open(io.BytesIO(row["negative"]))) == 255).all()


def test_rows_that_the_models_own_code_refuses_are_rejected(tmp_path):
    packages.python(tmp_path / "model")
    pq.write_table(
        pa.table({"a": np.arange(10.0), "b": np.where(np.arange(10) % 4 == 3, -1.0, 1.0)}), tmp_path / "sums.parquet"
    )
    report = run(tmp_path / "model", tmp_path / "sums.parquet", out=tmp_path / "out", batch=3)
    assert (report.rows, [bad["row"] for bad in rejects(tmp_path / "out")]) == (8, [3, 7])
    assert [row["sum"] for row in answers(tmp_path / "out")] == [1, 2, 3, 5, 6, 7, 9, 10]
    assert "b may not be negative" in rejects(tmp_path / "out")[0]["error"]


TWICE = """
from daybreak.base.errors import BadRows

def load(folder):
    def predict(columns):
        for name in ("a", "b"):  # as one step after the other
            faults = {row: f"{name} is low" for row, value in enumerate(columns[name]) if value < 0}
            if faults:
                raise BadRows(faults)
        return {"sum": columns["a"] + columns["b"]}
    return predict
"""


def test_rows_that_a_later_step_refuses_are_rejected_as_well(tmp_path):
    packages.python(tmp_path / "model", code=TWICE)
    pq.write_table(pa.table({"a": [0.0, -1, 2, 4, -3], "b": [0.0, 0, -1, 2, -1]}), tmp_path / "sums.parquet")
    report = run(tmp_path / "model", tmp_path / "sums.parquet", out=tmp_path / "out", batch=5)
    assert [row["sum"] for row in answers(tmp_path / "out")] == [0, 6]
    assert [(bad["row"], bad["error"]) for bad in rejects(tmp_path / "out")] == [
        (1, "a is low"),
        (2, "b is low"),
        (4, "a is low"),
    ]
    assert (report.rows, report.rejected) == (2, 3)
    whole = (tmp_path / "out" / "_rejects.jsonl").read_bytes()
    (tmp_path / "out" / "_rejects.jsonl").unlink()
    run(tmp_path / "model", tmp_path / "sums.parquet", out=tmp_path / "out", batch=5)
    assert (tmp_path / "out" / "_rejects.jsonl").read_bytes() == whole


def test_a_model_that_refuses_and_names_no_row_fails_the_job(tmp_path):
    code = TWICE.replace("BadRows(faults)", "BadRows({})")
    packages.python(tmp_path / "model", code=code)
    pq.write_table(pa.table({"a": [-1.0], "b": [0.0]}), tmp_path / "sums.parquet")
    with pytest.raises(ModelFailed, match="names none of 1"):
        run(tmp_path / "model", tmp_path / "sums.parquet", out=tmp_path / "out")


def test_urls_are_read_and_written(income, tmp_path):
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    memory = fsspec.filesystem("memory")
    with memory.open("/in/people.jsonl", "wb") as file:
        file.write(b'{"age": 40, "hours": 1, "job": "clerk"}\n{"age": 1}\n')
    pq.write_table(pa.table(PEOPLE), tmp_path / "people.parquet")
    memory.put(str(tmp_path / "people.parquet"), "/in/people.parquet")
    report = run(income, "memory://in/*", out="memory://out/today", format="jsonl")
    assert (report.rows, report.rejected) == (ROWS + 1, 1)
    told = json.loads(memory.cat("/out/today/_manifest.json"))
    assert [given["path"] for given in told["inputs"]] == ["memory:///in/people.jsonl", "memory:///in/people.parquet"]
    assert run(income, "memory://in/*", out="memory://out/today", format="jsonl").resumed == 4
    memory.rm(next(name for name in memory.ls("/out/today", detail=False) if "part-" in name))
    assert run(income, "memory://in/*", out="memory://out/today", format="jsonl").resumed == 3
    assert json.loads(memory.cat("/out/today/_manifest.json")) == told


def test_a_number_beyond_the_models_own_type_rejects_its_row(tmp_path):
    record = packages.mlp(tmp_path / "model", 2, 4, 3)
    (field,) = record.signature.inputs
    wide = msgspec.structs.replace(
        record.signature, inputs=(msgspec.structs.replace(field, dtype="float64", low=None, high=None),)
    )
    seal(tmp_path / "model", msgspec.structs.replace(record, signature=wide))
    rows = [[1, 2], [1e39, 2], [3, 4]]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"features": row}) + "\n" for row in rows))
    run(tmp_path / "model", tmp_path / "rows.jsonl", out=tmp_path / "out")
    assert [row["row"] for row in answers(tmp_path / "out")] == [0, 2]
    assert [(bad["row"], bad["code"]) for bad in rejects(tmp_path / "out")] == [(1, "out_of_range")]


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_an_answer_without_numbers_names_no_label(tmp_path, kind):
    signature = Signature((Field("x", "number"),), (Output("digit", "label", classes=("a", "b")),))
    taken = Taken({"x": np.zeros(2)}, range(2), {}, {})
    made = Answers(signature, kind).part(taken, {"digit": np.array([[np.nan, np.nan], [0.25, 0.75]])}, "f")
    if kind == "parquet":
        told = pq.read_table(io.BytesIO(made)).to_pylist()
        assert [(row["digit"], row["digit.score"]) for row in told] == [(None, None), ("b", 0.75)]
    elif kind == "csv":
        assert [line.split(",")[2:4] for line in made.decode().splitlines()[1:]] == [["", ""], ['"b"', "0.75"]]
    else:
        told = [json.loads(line)["prediction"]["digit"]["label"] for line in made.splitlines()]
        assert told == [None, "b"]

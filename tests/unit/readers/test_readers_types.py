import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from opened_data import notes, opened, rows, types, write

from daybreak.base.errors import UsageError


def both(tmp_path, column, **request):
    """One column of strings, read as CSV."""
    path = write(tmp_path / "a.csv", "x,y", *(f"{value},{i % 2}.5" for i, value in enumerate(column)))
    return opened(train=path, test=path, **request)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (["1", "2", "-3"], "integer"),
        (["1.5", "2", "NA", "-1e3"], "number"),
        (["true", "False", "TRUE"], "boolean"),
        (["01067", "01069", "99084"], "category"),  # postal codes
        (["2024-01-02", "2024-02-28T10:00:00Z"], "time"),
        (["13/01/2024", "02/01/2024"], "time"),
        (["red", "blue", "red"], "category"),
        ([f"the quick brown fox jumps over {i}" for i in range(10)], "text"),
        (["not at all likely", "very likely indeed"] * 50, "category"),
        (["", "nan", ""], "empty"),
        (["U0001", "U0002", "U0003", "U0004", "U0005", "U0006"], "category"),
        (["这是一个关于电影的很长的句子" + str(i) for i in range(9)], "text"),
    ],
)
def test_what_strings_mean(tmp_path, column, kind):
    assert types(both(tmp_path, column))["x"] == kind


def test_a_few_words_among_numbers_are_missing_values(tmp_path):
    found = both(tmp_path, [*map(str, range(99)), "unknown"])
    assert types(found)["x"] == "number"
    assert rows(found)["x"].null_count == 1
    assert types(both(tmp_path, [*map(str, range(50)), *["a", "b", "c", "d"] * 10]))["x"] == "category"


def test_dates_become_timestamps(tmp_path):
    found = both(tmp_path, ["13/01/2024", "02/01/2024"])
    assert rows(found)["x"][1].as_py() == dt.datetime(2024, 1, 2)  # noqa: DTZ001
    found = both(tmp_path, ["2024-01-02 12:00:00+02:00", "2024-01-02"])
    assert [each.hour for each in rows(found)["x"].to_pylist()] == [10, 0]


def test_one_type_for_both_sides(tmp_path):
    train = write(tmp_path / "train.csv", "a,b,c", "1,1,x", "2,2,y")
    test = write(tmp_path / "test.csv", "a,b,c", "1.5,z,y", "2.0,2,x")
    found = opened(train=train, test=test)
    assert types(found) == {"a": "number", "b": "category", "c": "category"}
    assert rows(found).schema == rows(found, "test").schema
    assert rows(found)["b"].to_pylist() == ["1", "2"]


def test_stored_types_keep_their_precision(tmp_path):
    """What is the coarser one is for those who compare to say."""
    pq.write_table(pa.table({"a": np.float32([0.1, 0.2]), "n": [1, 2]}), tmp_path / "train.parquet")
    pq.write_table(pa.table({"a": [0.1, 0.2], "n": [1.0, 2.0]}), tmp_path / "test.parquet")
    found = opened(train=tmp_path / "train.parquet", test=tmp_path / "test.parquet")
    assert types(found) == {"a": "number", "n": "number"}
    assert rows(found).schema.field("a").type == pa.float32()
    assert rows(found, "test").schema.field("a").type == pa.float64()
    assert rows(found).schema.field("n").type == pa.float64()


def test_stored_dictionaries_decimals_dates_lists_and_columns_of_nan(tmp_path):
    table = pa.table(
        {
            "c": pa.array(["u", "v", "u"]).dictionary_encode(),
            "d": pa.array([1, 2, 3], pa.decimal128(5, 1)),
            "t": pa.array([dt.date(2024, 1, day) for day in (1, 2, 3)]),
            "v": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(6.0)), 2),
            "l": pa.array([[1, 2], [3], []]),
            "n": pa.array([float("nan")] * 3),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = opened(train=tmp_path / "a.parquet", test=tmp_path / "a.parquet")
    kinds = {"c": "category", "d": "number", "t": "time", "v": "vector", "l": "category", "n": "empty"}
    assert types(found) == kinds
    assert found.about.column("v").shape == (2,)
    assert rows(found)["l"].to_pylist() == ["1 2", "3", ""]
    assert "'n' holds no value" in notes(found)["input.empty_column"].what


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["0", "1"] * 30, "classification"),
        (["1.0", "2.0"] * 30, "classification"),
        (["yes", "no"] * 30, "classification"),
        ([f"{i / 7:.3f}" for i in range(60)], "regression"),
        ([str(i) for i in range(60)], "regression"),
    ],
)
def test_the_task_is_told_by_the_target(tmp_path, target, task):
    found = both(tmp_path, target, target="x")
    assert (found.about.task, found.about.declared_task) == (task, False)
    assert both(tmp_path, target, target="x", task="regression").about.declared_task


def test_classes_are_written_in_one_way(tmp_path):
    train = write(tmp_path / "train.csv", "a,y", *["0.5,1.0", "0.7,2.0"] * 9)
    test = write(tmp_path / "test.csv", "a,y", *["0.5,1", "0.7,2"] * 9)
    assert opened(train=train, test=test, target="y").about.classes == ("1", "2")


def test_a_name_that_is_no_column(tmp_path):
    path = write(tmp_path / "a.csv", "age,income,outcome", "1,2,3")
    with pytest.raises(
        UsageError, match="--target must be a column, there is none called 'incme': did you mean 'income'"
    ):
        opened(train=path, test=path, target="incme")
    with pytest.raises(UsageError, match=r"--group must be a column.*the columns are age, income, outcome"):
        opened(train=path, test=path, group=("zzz",))
    with pytest.raises(UsageError, match="one purpose, 'age' is given as --target and as --group"):
        opened(train=path, test=path, target="age", group=("age",))


def test_columns_that_differ_between_sides(tmp_path):
    train = write(tmp_path / "train.csv", "a,b,c,y", "1,2,3,4")
    fewer = write(tmp_path / "fewer.csv", "a,b,c", "1,2,3")
    other = write(tmp_path / "other.csv", "k,l,m,y", "1,2,3,4")
    with pytest.raises(UsageError, match="only the first has 'a', 'b', 'c', only the second 'k', 'l', 'm'"):
        opened(train=train, test=other, target="y")
    with pytest.raises(UsageError, match=r"fewer\.csv has no column 'y'"):
        opened(train=train, test=fewer, target="y")
    found = opened(train=train, test=fewer)
    assert "only train has 'y'" in notes(found)["input.columns"].what
    assert list(types(found)) == ["a", "b", "c"]


def test_purposes_and_what_is_known(tmp_path):
    path = write(tmp_path / "a.csv", "p,when,x,y", "a,2024-01-01,1,0", "b,2024-01-02,2,1")
    found = opened(train=path, test=path, target="y", group=("p",), time="when", known=("x",), unknown=("p",))
    assert {c.name: (c.purpose, c.known) for c in found.about.columns} == {
        "p": ("group", False),
        "when": ("time", None),
        "x": ("feature", True),
        "y": ("target", None),
    }


def test_a_million_rows_are_not_looked_at_to_learn_stored_types(tmp_path):
    """Parquet says its types and its count: what is read to open it does not grow with the file."""
    from daybreak.readers import columnar

    table = pa.table({"a": np.zeros(columnar.BATCH_ROWS * 8)})
    pq.write_table(table, tmp_path / "a.parquet")
    seen = []
    found = opened(train=tmp_path / "a.parquet", test=tmp_path / "a.parquet")
    assert found.about.rows["train"] == table.num_rows
    from daybreak.readers.opening import Request, open_sides

    open_sides(Request(train=tmp_path / "a.parquet", test=tmp_path / "a.parquet"), lambda *said: seen.append(said[1]))
    assert max(seen) < table.num_rows


def test_mixed_columns_are_told(tmp_path):
    found = both(tmp_path, [*map(str, range(60)), "a", "b", "c", "d", "e"] * 2)
    note = notes(found)["input.mixed"]
    assert "20 of 260 values are no numbers ('a', 'b', 'c', 'd', 'e'); it was read as words" in note.what
    assert "input.mixed" not in notes(both(tmp_path, ["red", "1", "blue", "green"]))
    for side, values in (("train", [1, 2]), ("test", ["1", "x"])):
        pq.write_table(pa.table({"x": values, "y": [1, 2]}), tmp_path / f"{side}.parquet")
    found = opened(train=tmp_path / "train.parquet", test=tmp_path / "test.parquet")
    assert "train int64, test string" in notes(found)["input.mixed"].what


def test_a_side_without_a_header_has_the_names_of_the_other(tmp_path):
    train = write(tmp_path / "train.csv", "a,y", "1.5,x", "2.5,y", "3.5,x")
    test = write(tmp_path / "test.csv", "4.5,x", "5.5,y")
    found = opened(train=train, test=test, target="y")
    assert types(found) == {"a": "number", "y": "category"}
    assert found.about.rows == {"train": 3, "test": 2}


def test_lists_of_one_length_are_vectors(tmp_path):
    """How data frames write embeddings."""
    one, other = [[0.5, 1.0], None, [2.0, 3.0]], [[0.5, 1.0], [2.0], [1.0, 3.0]]
    pq.write_table(pa.table({"e": one}), tmp_path / "one.parquet")
    pq.write_table(pa.table({"e": other}), tmp_path / "other.parquet")
    found = opened(train=tmp_path / "one.parquet", test=tmp_path / "one.parquet")
    assert (types(found)["e"], found.about.column("e").shape) == ("vector", (2,))
    assert rows(found)["e"].to_pylist() == one
    found = opened(train=tmp_path / "one.parquet", test=tmp_path / "other.parquet")
    assert types(found)["e"] == "category"
    assert rows(found, "test")["e"].to_pylist() == ["0.5 1.0", "2.0", "1.0 3.0"]
    wide = np.zeros((3, 5000)), np.zeros((3, 6000))
    with pytest.raises(UsageError, match="sides have the same columns"):
        opened(train={"x": [1, 2]}, test={"z": [1, 2]})
    assert types(opened(train=wide[0], test=wide[1]))["vector"] == "category"


def test_unusual_stored_types(tmp_path):
    table = pa.table(
        {
            "big": pa.array([1, 2**63 + 5], pa.uint64()),
            "zone": pa.array([0, 3600 * 10**9], pa.timestamp("ns", "Europe/Berlin")),
            "half": pa.array([1.5, 2], pa.float16()),
            "view": pa.array(["q", "r"], pa.string_view()),
            "large": pa.array(["q", "r"], pa.large_string()),
            "took": pa.array([1, 2], pa.duration("s")),
            "map": pa.array([[("k", 1)], [("j", 2)]], pa.map_(pa.string(), pa.int64())),
            "bytes": [b"ab", b"cd"],
            "flag": [True, None],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = opened(train=tmp_path / "a.parquet", test=tmp_path / "a.parquet", target="big")
    kinds = ["integer", "time", "number", "category", "category", "integer", "category", "category", "boolean"]
    assert list(types(found).values()) == kinds
    assert rows(found)["zone"].to_pylist()[1].hour == 1  # UTC
    assert len(found.about.classes) == 2


def test_a_target_without_a_value(tmp_path):
    path = write(tmp_path / "a.csv", "x,y", "1,", "2,NA")
    with pytest.raises(UsageError, match=r"a target has values, column 'y' of .* holds none"):
        opened(train=path, test=path, target="y")


def test_row_numbers_that_pandas_stores_with_a_frame_are_no_column(tmp_path):
    sides = [tmp_path / "train.parquet", tmp_path / "test.parquet"]
    for at, path in enumerate(sides):
        pq.write_table(pa.table({"x": [1.5, 2.5], "__index_level_0__": [at, at + 2]}), path)
    found = opened(train=sides[0], test=sides[1])
    assert list(types(found)) == ["x"]
    assert notes(found) == {}
    assert "__index_level_0__" in types(opened(train=sides[0], test=sides[1], id=("__index_level_0__",)))
    for path in sides:
        pq.write_table(
            pa.table({"x": [1.5, 2.5], "__index_level_0__": [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]}), path
        )
    assert types(opened(train=sides[0], test=sides[1]))["__index_level_0__"] == "time"


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%m/%d/%Y %H:%M", "%Y-%m-%d"])
def test_dates_that_a_typed_table_holds_as_strings_are_times(form):
    days = [dt.datetime(2024, 1, 1 + at) for at in range(28)]  # noqa: DTZ001 (as files have them: without a zone)
    written = pa.table({"when": [day.strftime(form) for day in days], "word": ["a", "b"] * 14})
    stored = pa.table({"when": pa.array(days, pa.timestamp("us")), "word": ["a", "b"] * 14})
    for test in (written, stored, pa.table({"when": pa.array([None] * 3, pa.string()), "word": ["a"] * 3})):
        found = opened(train=written, test=test)
        assert types(found) == {"when": "time", "word": "category"}
        assert rows(found)["when"][:2].to_pylist() == days[:2]
    for other in ("soon", "2024"):
        mixed = pa.table({"when": ["01.02.2024", other], "word": ["a", "b"]})
        assert types(opened(train=written, test=mixed))["when"] == "category"

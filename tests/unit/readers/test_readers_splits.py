import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from opened_data import notes, opened, rows, write

from daybreak.base.errors import UsageError


@pytest.fixture
def table(tmp_path):
    lines = [f"{i},s{i},{'train' if i % 4 else 'dev' if i % 8 else 'test'}" for i in range(16)]
    return write(tmp_path / "data.csv", "x,name,part", *lines)


def test_a_column_says_the_side_and_is_no_feature(table):
    found = opened(data=table, split_by="part", target="x")
    assert found.about.rows == {"train": 12, "test": 2, "validation": 2}
    assert rows(found, "test")["x"].to_pylist() == [0, 8]
    assert [column.name for column in found.about.columns] == ["x", "name"]


def test_a_list_of_row_numbers_or_ids(table, tmp_path):
    numbers = write(tmp_path / "split.csv", "sample,split", "3,train", "5,train", "1,test")
    found = opened(data=table, split_by=numbers)
    assert rows(found)["x"].to_pylist() == [3, 5]
    names = write(tmp_path / "names.csv", "sample,split", "s3,Train", "s5,train", "s1,Test")
    assert rows(opened(data=table, split_by=names, id=("name",)), "test")["x"].to_pylist() == [1]


def test_sides_of_one_file_differ_by_digest(table):
    digests = opened(data=table, split_by="part").about.digests
    assert len({*digests.values()}) == 3


def test_train_and_dev_alone_are_train_and_test(tmp_path):
    path = write(tmp_path / "a.csv", "x,part", "1,train", "2,dev")
    assert opened(data=path, split_by="part").about.rows == {"train": 1, "test": 1}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["sample,split", "a,train", "b,test"], "must name rows of .* it lists 'a', 'b'"),
        (["sample,split", "1,train"], "has samples of train and of test.*has 'train'"),
        (["sample,split", "1,train", "1,test"], "a sample is in one split, '1' is in 'train' and 'test'"),
        (["name,part", "1,train"], "columns sample and split.*has no sample and no split"),
    ],
)
def test_lists_that_do_not_fit(table, tmp_path, lines, says):
    with pytest.raises(UsageError, match=says):
        opened(data=table, split_by=write(tmp_path / "split.csv", *lines))


def test_what_is_missing_is_said(table):
    with pytest.raises(UsageError, match=r"say with --split-by"):
        opened(data=table)
    with pytest.raises(UsageError, match=r"there is no file nowhere.csv"):
        opened(data=table, split_by="nowhere.csv")
    with pytest.raises(UsageError, match="did you mean 'part'"):
        opened(data=table, split_by="prt")
    with pytest.raises(UsageError, match="give --train and --test"):
        opened(train=table)
    with pytest.raises(UsageError, match="there is no /nowhere"):
        opened(train="/nowhere", test=table)


def test_an_unknown_extension_names_the_known_ones(tmp_path):
    path = write(tmp_path / "a.xyz", "1")
    with pytest.raises(UsageError, match=r"'\.xyz' says nothing.*known are .*csv.*parquet"):
        opened(train=path, test=path)


def test_a_row_for_a_person(table):
    found = opened(data=table, split_by="part")
    assert found.sides["test"].show(1) == {"x": "8", "name": "s8"}
    assert found.sides["test"].show(2) == {}


def test_rows_in_no_side_and_samples_that_are_not_there_are_told(table, tmp_path):
    split = write(tmp_path / "split.csv", "sample,split", "3,train", "1,test", "99,train")
    note = notes(opened(data=table, split_by=split))["input.split"]
    assert note.measured == {"rows_left_out": 14, "samples_not_found": 1}
    assert note.severity == "warning"


def test_a_folder_with_one_table_and_its_split(tmp_path):
    write(tmp_path / "data" / "all.csv", "x,y", "1,2", "3,4", "5,6")
    split = write(tmp_path / "data" / "split.csv", "sample,split", "0,train", "2,test", "1,train")
    assert opened(data=tmp_path / "data", split_by=split).about.rows == {"train": 2, "test": 1}


def test_shards_and_where_hubs_keep_them(tmp_path):
    for side, count in (("train", 2), ("test", 1)):
        for i in range(count):
            path = tmp_path / "set" / "data" / f"{side}-0000{i}-of-0000{count}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table({"x": [i, i + 10]}), path)
    found = opened(data=tmp_path / "set")
    assert found.about.rows == {"train": 4, "test": 2}
    assert rows(found)["x"].to_pylist() == [0, 10, 1, 11]


def test_two_files_for_one_side_are_not_guessed_at(tmp_path):
    for name in ("train.csv", "train.jsonl", "test.csv"):
        write(tmp_path / name, "a,b", "1,2")
    with pytest.raises(UsageError, match=r"train\.csv, train\.jsonl: name one with --train"):
        opened(data=tmp_path)

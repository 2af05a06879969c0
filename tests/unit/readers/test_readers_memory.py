import gzip
import json
import struct

import numpy as np
import pyarrow as pa
import pytest
from opened_data import notes, opened, real, rows, types, write
from sklearn.datasets import load_digits

from daybreak.base.errors import UsageError


def test_pairs_of_features_and_target():
    values, y = load_digits(return_X_y=True)
    found = opened(train=(values[:1500], y[:1500]), test=(values[1500:], y[1500:]))
    assert found.about.rows == {"train": 1500, "test": 297}
    assert (found.about.target.name, found.about.task) == ("target", "classification")
    assert len(found.about.columns) == 65


def test_frames_of_every_library_read_alike():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns = {"a": [1.5, None, 2.5], "c": ["x", "y", None], "n": [1, 2, 3]}
    given = (
        columns,
        pandas.DataFrame(columns),
        polars.DataFrame(columns),
        pa.table(columns),
        polars.LazyFrame(columns),
    )
    found = [opened(train=each, test=each, target="n") for each in given]
    assert all(types(each) == {"a": "number", "c": "category", "n": "integer"} for each in found)
    assert all(rows(each).to_pylist() == rows(found[0]).to_pylist() for each in found)


def test_a_pandas_column_of_several_types_is_one_of_strings():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, "x", None, 2.5], "y": [1, 2, 3, 4]}, dtype=object)
    assert rows(opened(train=frame, test=frame))["a"].to_pylist() == ["1", "x", None, "2.5"]


def test_lists_of_dicts_and_of_strings():
    found = opened(train=[{"a": 1}, {"a": 2, "b": "x"}], test=[{"a": 3, "b": "y"}])
    assert rows(found)["b"].to_pylist() == [None, "x"]
    texts = ["one of several words", "another of several words"]
    assert types(opened(train=(texts, [0, 1]), test=(texts, [0, 1]), text=("text",)))["text"] == "text"


def test_arrays_of_three_or_four_dimensions_are_pictures():
    digits = load_digits()
    one = opened(
        train=(digits.images[:100], digits.target[:100]), test=(digits.images[100:120], digits.target[100:120])
    )
    assert one.about.column("@content").shape == (8, 8, 1)
    assert one.sides["test"].show(0)["@content"].startswith("data:image/png")
    whole = (digits.images / 16).astype(np.float32)
    colours = np.random.default_rng(0).integers(0, 255, (5, 40, 40, 3)).astype(np.uint8)
    assert opened(train=colours, test=colours.astype(float)).about.column("@content").shape == (40, 40, 3)
    assert opened(train=whole[:, None], test=whole).about.column("@content").shape == (8, 8, 1)


def test_a_picture_has_one_digest_whatever_type_holds_its_numbers():
    pixels = np.random.default_rng(0).integers(0, 255, (5, 28, 28)).astype(np.uint8)
    found = opened(train=pixels, test=pixels.astype(np.float64))
    assert rows(found)["@digest"] == rows(found, "test")["@digest"]
    floats = np.random.default_rng(0).random((5, 28, 28))
    found = opened(train=floats, test=floats.astype(np.float32))
    assert rows(found)["@digest"] == rows(found, "test")["@digest"]
    assert rows(found)["@content"] == rows(found, "test")["@content"]


def test_files_of_arrays(tmp_path):
    values, y = load_digits(return_X_y=True)
    np.savez(tmp_path / "d.npz", x_train=values[:100], x_test=values[100:150], y_train=y[:100], y_test=y[100:150])
    assert opened(data=tmp_path / "d.npz").about.rows == {"train": 100, "test": 50}
    for name, part in (("train", slice(100)), ("test", slice(100, 150))):
        np.save(tmp_path / f"X_{name}.npy", values[part])
        np.save(tmp_path / f"y_{name}.npy", y[part])
    found = opened(train=tmp_path / "X_train.npy", test=tmp_path / "X_test.npy")
    assert found.about.target.name == "target"
    assert rows(found)["target"].to_pylist() == y[:100].tolist()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((np.zeros((3, 2)), np.zeros(4)), "all have one length"),
        ((1, 2, 3), r"a tuple is \(X, y\)"),
        (3.5, "must be a path, an array, a table or a frame, got float"),
        (np.array([1j, 2]), "complex numbers"),
    ],
)
def test_what_is_no_data(given, says):
    with pytest.raises(UsageError, match=says):
        opened(train=given, test=given)


def test_arrays_of_objects_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(UsageError, match="Python objects, which are never loaded"):
        opened(train=tmp_path / "a.npy", test=tmp_path / "a.npy")


def test_mnist_in_its_own_format():
    images = real("mnist/t10k-images-idx3-ubyte.gz")
    found = opened(train=images, test=images)
    assert found.about.rows["test"] == 10_000
    assert found.about.column("@content").shape == (28, 28, 1)
    assert found.about.classes == tuple("0123456789")


def test_an_idx_file_that_is_cut(tmp_path):
    with gzip.open(tmp_path / "a-idx3-ubyte.gz", "wb") as file:
        file.write(b"\0\0\x08\x03" + struct.pack(">III", 5, 8, 8) + b"\0" * 100)
    with pytest.raises(UsageError, match="cannot be read as an IDX file"):
        opened(train=tmp_path / "a-idx3-ubyte.gz", test=tmp_path / "a-idx3-ubyte.gz")


def test_json_lines(tmp_path):
    lines = [{"a": 1, "b": {"c": "x"}}, {"a": 2.5, "b": {"c": "y"}, "when": "2024-01-01"}, {"a": None, "v": [1, 2]}]
    path = write(tmp_path / "a.jsonl", *map(json.dumps, lines), "{broken", "[1]")
    found = opened(train=path, test=path)
    assert types(found) == {"a": "number", "b.c": "category", "when": "time", "v": "vector"}
    assert rows(found)["a"].to_pylist() == [1.0, 2.5, None]
    assert notes(found)["input.rows"].measured == {"rows_left_out": 2}
    listed = write(tmp_path / "b.json", json.dumps({"version": 1, "data": lines}))
    assert opened(train=listed, test=path).about.rows == {"train": 3, "test": 3}


def test_a_key_with_several_types_is_a_string(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"a": 1}', '{"a": "x"}', '{"a": 123456789012345678901234567890}')
    found = opened(train=path, test=path)
    assert rows(found)["a"].to_pylist() == ["1", "x", "123456789012345678901234567890"]


def saved(folder, table, classes=None, chosen=None):
    """A dataset as `datasets.Dataset.save_to_disk` writes it."""
    folder.mkdir(parents=True)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_indices_files": None}
    stream(folder / "data-00000-of-00001.arrow", table)
    if chosen is not None:
        state["_indices_files"] = [{"filename": "indices.arrow"}]
        stream(folder / "indices.arrow", pa.table({"indices": pa.array(chosen, pa.uint64())}))
    (folder / "state.json").write_text(json.dumps(state))
    label = {"_type": "ClassLabel", "names": classes or []}
    (folder / "dataset_info.json").write_text(json.dumps({"features": {"label": label} if classes else {}}))


def stream(path, table):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


def test_datasets_saved_by_hugging_face(tmp_path):
    table = pa.table({"text": ["a b c", "d e f", "g h i"], "label": [0, 1, -1]})
    saved(tmp_path / "d" / "train", table, ["neg", "pos"])
    saved(tmp_path / "d" / "test", table, ["neg", "pos"], chosen=[1, 0])
    (tmp_path / "d" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    found = opened(data=tmp_path / "d", target="label")
    assert rows(found)["label"].to_pylist() == ["neg", "pos", None]
    assert rows(found, "test")["text"].to_pylist() == ["d e f", "a b c"]
    assert found.about.rows == {"train": 3, "test": 2}
    alone = opened(train=tmp_path / "d" / "train", test=tmp_path / "d" / "test")
    assert alone.about.rows == found.about.rows


def test_equal_data_has_an_equal_digest_and_other_data_another():
    one, other = {"a": [1.0, 2.0]}, {"a": [1.0, 2.5]}
    assert opened(train=one, test=one).about.digests["train"] == opened(train=one, test=other).about.digests["train"]
    tables = pa.table(one), pa.table(other)
    digests = [opened(train=each, test=each).about.digests["train"] for each in tables]
    assert digests[0] != digests[1]


def test_nothing_is_a_target_that_was_not_called_one():
    for given in ([[1, 2], [3, 4]], np.zeros((3, 2)), np.array([(1, "x")], dtype=[("i", "i4"), ("s", "U3")])):
        assert opened(train=given, test=given).about.target is None
    named = {"x": [1.5, 2.5, 3.5], "y": [0, 1, 0]}
    assert opened(train=named, test=named).about.target.name == "y"
    assert opened(train=named, test=named, target="x").about.target.name == "x"
    assert opened(train=named, test=named, target="x").about.column("y").purpose == "feature"


def test_tensors_and_sparse_matrices():
    torch, sparse = pytest.importorskip("torch"), pytest.importorskip("scipy.sparse")
    pictures = (torch.zeros(5, 3, 40, 40), torch.arange(5))
    assert opened(train=pictures, test=pictures).about.column("@content").shape == (40, 40, 3)
    matrix = (sparse.eye(6, 4).tocsr(), [0, 1] * 3)
    assert rows(opened(train=matrix, test=matrix))["0"].to_pylist() == [1.0] + [0.0] * 5

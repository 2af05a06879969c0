"""Each kind of dataset by its own version.

Real Parquet, Delta and Iceberg logs as their specifications write them, Hugging Face's layouts, a store in memory.
"""

import json

import pytest
from blake3 import blake3

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import snapshots
from daybreak.provenance.data.capturing import read
from daybreak.provenance.data.comparing import compare
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.sources import registry
from daybreak.provenance.data.sources.registry import source_of
from daybreak.provenance.data.stat_cache import StatCache
from daybreak.vault.store import Vault


@pytest.fixture
def look(tmp_path):
    with StatCache(tmp_path / "cache.db") as cache:
        yield lambda place: read(str(place), Hasher(cache))


def written(place, rows):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    place.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table({"id": list(range(rows)), "text": ["x"] * rows}), place)
    return place


def test_parquet_has_rows_and_columns_from_its_footers(look, tmp_path):
    written(tmp_path / "set" / "a.parquet", 3)
    written(tmp_path / "set" / "b.parquet", 4)
    found = look(tmp_path / "set")
    assert found.kind == "parquet"
    assert found.facts == {"rows": 7, "columns": {"id": "int64", "text": "string"}}
    assert [file.path for file in found.files] == ["a.parquet", "b.parquet"]
    assert look(tmp_path / "set") == found


def test_one_parquet_file(look, tmp_path):
    found = look(written(tmp_path / "a.parquet", 3))
    assert found.single
    assert found.facts["rows"] == 3


def test_a_parquet_file_that_is_none(look, tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"not parquet, but long enough")
    with pytest.raises(UsageError, match=r"a\.parquet must be a Parquet file, it is none"):
        look(tmp_path / "a.parquet")


def test_without_pyarrow_parquet_is_files_with_the_same_root(look, tmp_path, monkeypatch):
    place = written(tmp_path / "a.parquet", 3)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    plain = look(place)
    monkeypatch.undo()
    assert plain.kind == "files"
    assert plain.files[0].blake3 == blake3(place.read_bytes()).hexdigest()


def commit(table, version, *actions):
    log = table / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020}.json").write_text("".join(json.dumps(action) + "\n" for action in actions))


def added(table, name, data=b"data", **more):
    from urllib.parse import unquote

    place = table / unquote(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return {"add": {"path": name, "size": len(data), "partitionValues": {}, "dataChange": True, **more}}


META = {"metaData": {"id": "table-1", "schemaString": "{}", "partitionColumns": ["day"]}}


def test_delta_is_the_active_files_of_its_newest_version(look, tmp_path):
    table = tmp_path / "t"
    commit(
        table,
        0,
        {"protocol": {"minReaderVersion": 1}},
        META,
        added(table, "a.parquet"),
        added(table, "day=1%202/b.parquet"),
    )
    first = look(table)
    commit(table, 1, {"remove": {"path": "a.parquet"}}, added(table, "c.parquet", b"more"))
    found = look(table)
    assert (first.kind, first.at, found.at) == ("delta", "table-1 version 0", "table-1 version 1")
    assert [file.path for file in found.files] == ["c.parquet", "day=1 2/b.parquet"]
    assert found.facts["partitioned by"] == ["day"]
    assert compare(first, found).versions == ("table-1 version 0", "table-1 version 1")


def test_a_deletion_vector_makes_another_file_of_the_same_bytes(look, tmp_path):
    table = tmp_path / "t"
    commit(table, 0, META, added(table, "a.parquet"))
    first = look(table)
    vector = {
        "storageType": "u",
        "pathOrInlineDv": "vBn[lx{q8@P<9BNH/isA",
        "offset": 1,
        "sizeInBytes": 36,
        "cardinality": 2,
    }
    commit(table, 1, {"remove": {"path": "a.parquet"}}, added(table, "a.parquet", deletionVector=vector))
    found = look(table)
    assert found.root != first.root
    assert compare(first, found).changed == ("a.parquet",)


def test_delta_goes_on_from_a_checkpoint_where_older_commits_were_cleaned_up(look, tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = tmp_path / "t"
    commit(table, 3, added(table, "c.parquet"))
    rows = [{"add": added(table, "a.parquet")["add"], "metaData": None}, {"add": None, "metaData": META["metaData"]}]
    for row in rows:
        if row["add"]:
            row["add"].pop("partitionValues")
    parquet.write_table(pa.Table.from_pylist(rows), table / "_delta_log" / f"{2:020}.checkpoint.parquet")
    found = look(table)
    assert found.at == "table-1 version 3"
    assert [file.path for file in found.files] == ["a.parquet", "c.parquet"]


def test_delta_logs_with_holes_and_files_that_are_gone(look, tmp_path):
    table = tmp_path / "t"
    commit(table, 0, META, added(table, "a.parquet"))
    commit(table, 2, added(table, "b.parquet"))
    with pytest.raises(UsageError, match="lacks version 1"):
        look(table)
    commit(table, 1)
    (table / "a.parquet").unlink()
    with pytest.raises(UsageError, match=r"names a\.parquet, which is not there: it was vacuumed, or not copied"):
        look(table)


ENTRY = {
    "type": "record", "name": "manifest_entry",
    "fields": [
        {"name": "status", "type": "int"},
        {"name": "data_file", "type": {"type": "record", "name": "r2", "fields": [{"name": "file_path", "type": "string"}]}},
    ],
}  # fmt: skip
LIST = {"type": "record", "name": "manifest_file", "fields": [{"name": "manifest_path", "type": "string"}]}


def snapshot(table, number, files, location):
    fastavro = pytest.importorskip("fastavro")
    (table / "metadata").mkdir(parents=True, exist_ok=True)
    (table / "data").mkdir(exist_ok=True)
    for name, status in files.items():
        if status != 2:
            (table / "data" / name).write_bytes(name.encode())
    entries = [
        {"status": status, "data_file": {"file_path": f"{location}/data/{name}"}} for name, status in files.items()
    ]
    with (table / "metadata" / f"m{number}.avro").open("wb") as file:
        fastavro.writer(file, ENTRY, entries)
    with (table / "metadata" / f"snap-{number}.avro").open("wb") as file:
        fastavro.writer(file, LIST, [{"manifest_path": f"{location}/metadata/m{number}.avro"}])
    text = {
        "format-version": 2, "table-uuid": "uuid-1", "location": location, "current-snapshot-id": 100 + number,
        "current-schema-id": 0,
        "snapshots": [{"snapshot-id": 100 + number, "manifest-list": f"{location}/metadata/snap-{number}.avro"}],
    }  # fmt: skip
    (table / "metadata" / f"{number:05}-abc.metadata.json").write_text(json.dumps(text))


def test_iceberg_is_the_files_of_its_snapshot_wherever_the_table_was_copied_to(look, tmp_path):
    table = tmp_path / "t"
    snapshot(table, 1, {"a.parquet": 1}, "s3://bucket/warehouse/t")
    first = look(table)
    snapshot(table, 2, {"a.parquet": 0, "b.parquet": 1, "gone.parquet": 2}, "s3://bucket/warehouse/t")
    found = look(table)
    assert (first.kind, first.at, found.at) == ("iceberg", "uuid-1 snapshot 101", "uuid-1 snapshot 102")
    assert [file.path for file in found.files] == ["data/a.parquet", "data/b.parquet"]
    assert compare(first, found).added == ("data/b.parquet",)


def test_iceberg_without_a_snapshot_and_with_a_file_that_is_gone(look, tmp_path):
    table = tmp_path / "t"
    snapshot(table, 1, {"a.parquet": 1}, "file:/old/place")
    (table / "data" / "a.parquet").unlink()
    with pytest.raises(UsageError, match=r"names data/a\.parquet, which is not there"):
        look(table)
    (table / "metadata" / "00002-x.metadata.json").write_text(
        '{"table-uuid": "u", "location": "x", "current-snapshot-id": -1}'
    )
    assert look(table).at == "u snapshot none"


def saved(place, fingerprint, data=b"arrow"):
    place.mkdir(parents=True)
    (place / "data-00000-of-00001.arrow").write_bytes(data)
    (place / "dataset_info.json").write_text("{}")
    state = {"_fingerprint": fingerprint, "_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}
    (place / "state.json").write_text(json.dumps(state))


def test_a_dataset_saved_by_hugging_face_has_its_fingerprint(look, tmp_path):
    saved(tmp_path / "one", "f00d")
    found = look(tmp_path / "one")
    assert (found.kind, found.at) == ("huggingface", "f00d")
    saved(tmp_path / "two" / "train", "aa")
    saved(tmp_path / "two" / "test", "bb")
    (tmp_path / "two" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert look(tmp_path / "two").at == "test:bb train:aa"
    assert look(tmp_path / "two").facts == {
        "files": {"train": ["data-00000-of-00001.arrow"], "test": ["data-00000-of-00001.arrow"]}
    }


def test_a_revision_in_the_hubs_cache_is_its_files_behind_their_links(look, tmp_path):
    repository, revision = tmp_path / "datasets--ada--digits", "0123456789abcdef" * 2 + "01234567"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / "e1").write_bytes(b"rows")
    (repository / "snapshots" / revision).mkdir(parents=True)
    (repository / "snapshots" / revision / "train.csv").symlink_to("../../blobs/e1")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    found = look(repository)
    assert (found.kind, found.at) == ("hub", f"datasets--ada--digits {revision}")
    assert found.files[0].blake3 == blake3(b"rows").hexdigest()
    assert look(repository / "snapshots" / revision) == found


@pytest.fixture
def store():
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory", skip_instance_cache=True)
    memory.pipe({"/bucket/digits/a.bin": b"a" * 10, "/bucket/digits/deep/b.bin": b"b"})
    yield memory
    memory.rm("/bucket", recursive=True)


def test_objects_of_a_store_without_versions_are_read(look, store):
    found = look("memory://bucket/digits")
    assert [(file.path, file.size, file.tag) for file in found.files] == [("a.bin", 10, ""), ("deep/b.bin", 1, "")]
    assert found.files[1].blake3 == blake3(b"b").hexdigest()
    assert look("memory://bucket/digits/a.bin").single


def test_objects_with_versions_are_not_read(look, store, monkeypatch):
    from fsspec.implementations import memory

    plain = memory.MemoryFileSystem.find

    def find(self, path, **options):
        return {name: info | {"ETag": f'"{info["size"]}-1"'} for name, info in plain(self, path, **options).items()}

    def refuse(*_, **__):
        raise AssertionError("no object needs to be read")

    monkeypatch.setattr(memory.MemoryFileSystem, "find", find)
    monkeypatch.setattr(memory.MemoryFileSystem, "open", refuse)
    found = look("memory://bucket/digits")
    assert [(file.path, file.blake3, file.tag) for file in found.files] == [
        ("a.bin", "", "etag:10-1"),
        ("deep/b.bin", "", "etag:1-1"),
    ]


def test_a_snapshot_of_objects_downloads_them_once_and_knows_their_hashes(store, tmp_path):
    vault = Vault(tmp_path / "vault")
    with StatCache(tmp_path / "cache.db") as cache:
        hasher = Hasher(cache)
        found = read("memory://bucket/digits", hasher)
        kept = snapshots.keep(vault, found, "memory://bucket/digits", hasher)
    assert kept.files[0].blake3 == blake3(b"a" * 10).hexdigest()
    assert vault.read(kept.files[1].blake3) == b"b"
    assert manifests.store(vault, kept) in vault


def test_stores_that_cannot_be_had_are_named_with_what_to_do(look, store):
    with pytest.raises(UsageError, match="nothing lies below memory://bucket/none"):
        look("memory://bucket/none")
    with pytest.raises(
        UsageError, match=r"nowhere:// needs packages that are not here .*pip install 'daybreak\[remote\]'"
    ):
        look("nowhere://bucket/digits")


class Reversed:
    """A package's own kind of dataset."""

    kind = "reversed"

    def matches(self, place):
        return place.endswith(".rev")

    def manifest(self, place, hasher):
        return manifests.make(self.kind, [], at="1")


def test_packages_add_kinds_of_their_own(look, monkeypatch):
    monkeypatch.setattr(registry, "_registered", lambda: (Reversed(),))
    assert source_of("/data/x.rev").kind == "reversed"
    assert look("/data/x.rev").at == "1"
    assert source_of("/data/x.bin").kind == "files"

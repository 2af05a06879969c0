"""What a dataset is: its files under one root, known again without reading them, and told apart from what it was."""

import os
from pathlib import Path

import pytest
from blake3 import blake3

from daybreak.base.errors import DamagedFile, UsageError, VaultError
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import merkle
from daybreak.provenance.data.capturing import read
from daybreak.provenance.data.comparing import compare
from daybreak.provenance.data.file import File
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.stat_cache import COARSE, FINE, SECOND, Known, StatCache, racy
from daybreak.provenance.data.walk import Stamp, stamp
from daybreak.vault.store import Vault


@pytest.fixture
def cache(tmp_path):
    with StatCache(tmp_path / "cache.db") as opened:
        yield opened


@pytest.fixture
def later():
    """A clock that stands an hour from now: no file is racy."""
    return lambda: 2**62


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "digits"
    (made / "a").mkdir(parents=True)
    (made / "zero.wav").write_bytes(b"zero")
    (made / "a" / "one.wav").write_bytes(b"one")
    (made / "empty.wav").write_bytes(b"")
    return made


def test_a_folder_is_its_files_sorted_with_sizes_and_hashes(folder, cache):
    found = read(str(folder), Hasher(cache))
    assert found.files == (
        File("a/one.wav", 3, blake3(b"one").hexdigest()),
        File("empty.wav", 0, blake3(b"").hexdigest()),
        File("zero.wav", 4, blake3(b"zero").hexdigest()),
    )
    assert found.size == 7


def test_a_single_file_is_a_dataset(folder, cache):
    found = read(str(folder / "zero.wav"), Hasher(cache))
    assert found.single
    assert [file.path for file in found.files] == ["zero.wav"]


def test_the_root_is_built_as_the_module_says():
    one, two, three = (File(name, 1, blake3(name.encode()).hexdigest()) for name in "abc")
    leaves = [merkle.leaf(file) for file in (one, two, three)]
    assert (
        leaves[0]
        == blake3(
            b"\0" + (1).to_bytes(8, "little") + b"a" + (1).to_bytes(8, "little") + blake3(b"a").digest() + bytes(8)
        ).digest()
    )
    left = blake3(b"\1" + leaves[0] + leaves[1]).digest()
    assert merkle.root([one, two, three]) == blake3(b"\1" + left + leaves[2]).hexdigest()
    assert merkle.root([]) == blake3(b"").hexdigest()


def test_the_same_data_elsewhere_is_the_same_manifest(folder, cache, tmp_path):
    folder.rename(tmp_path / "moved")
    moved = read(str(tmp_path / "moved"), Hasher(cache))
    (tmp_path / "moved").rename(folder)
    assert manifests.encode(moved) == manifests.encode(read(str(folder), Hasher(cache)))


def test_a_manifest_comes_back_from_the_vault(folder, cache, tmp_path):
    vault = Vault(tmp_path / "vault")
    found = read(str(folder), Hasher(cache))
    digest = manifests.store(vault, found)
    assert manifests.load(vault, digest) == found
    with pytest.raises(VaultError, match="must be a manifest of a dataset"):
        manifests.load(vault, vault.put_bytes(b"[1]"))
    place = vault.path(digest)
    place.chmod(0o600)
    place.write_bytes(place.read_bytes().replace(b"one.wav", b"two.wav"))
    with pytest.raises(DamagedFile):
        manifests.load(vault, digest)


def test_an_unchanged_tree_is_not_read_again(folder, cache, later, monkeypatch):
    first = read(str(folder), Hasher(cache, clock=later))
    monkeypatch.setattr("daybreak.provenance.data.hashing.hash_place", _must_not_read)
    assert read(str(folder), Hasher(cache, clock=later)) == first


def _must_not_read(place, *_):
    raise AssertionError(f"{place} was read")


def test_only_what_changed_is_read_again(folder, cache, later):
    read(str(folder), Hasher(cache, clock=later))
    (folder / "zero.wav").write_bytes(b"ZERO")
    told = []
    found = read(str(folder), Hasher(cache, told.append, later))
    assert manifests.by_path(found)["zero.wav"].blake3 == blake3(b"ZERO").hexdigest()
    assert [(progress.done, progress.total) for progress in told] == [(4, 4)]


def test_a_change_that_keeps_size_and_mtime_is_seen_by_its_ctime(folder, cache, later):
    old = (folder / "zero.wav").stat()
    read(str(folder), Hasher(cache, clock=later))
    (folder / "zero.wav").write_bytes(b"ZERO")
    os.utime(folder / "zero.wav", ns=(old.st_atime_ns, old.st_mtime_ns))
    found = read(str(folder), Hasher(cache, clock=later))
    assert manifests.by_path(found)["zero.wav"].blake3 == blake3(b"ZERO").hexdigest()


def test_a_file_that_was_written_a_moment_ago_is_not_believed_unread(folder, cache):
    """git's racy problem: a second write within the clock's granularity leaves the same stamp."""
    changed_at = stamp(folder / "zero.wav").ctime
    read(str(folder), Hasher(cache, clock=lambda: changed_at + 1))
    assert cache.known(str(folder)) == {}


@pytest.mark.parametrize(("part", "granularity"), [(0, COARSE), (1, FINE)])
def test_how_long_a_moment_is_depends_on_what_the_file_system_keeps(part, granularity):
    at = 1_000 * SECOND + part
    assert racy(Stamp(1, at, at, 1), at + granularity)
    assert not racy(Stamp(1, at, at, 1), at + granularity + 1)


def test_fresh_hashing_believes_nothing(folder, cache, later):
    read(str(folder), Hasher(cache, clock=later))
    told = []
    read(str(folder), Hasher(cache, told.append, later, fresh=True))
    assert told[-1].total == 7


def test_a_file_that_never_holds_still_is_named(folder, cache, monkeypatch):
    def grow(place, size, threads):
        Path(place).write_bytes(bytes(size + 1))
        return Known(stamp(place), bytes(32))

    monkeypatch.setattr("daybreak.provenance.data.hashing.hash_place", grow)
    with pytest.raises(UsageError, match=r"data must hold still while it is read, but .*\.wav changes"):
        read(str(folder), Hasher(cache))


def test_a_cache_that_is_damaged_is_named(tmp_path):
    (tmp_path / "cache.db").write_bytes(b"no table" * 1000)
    with pytest.raises(UsageError, match="may be deleted, it is made again"):
        StatCache(tmp_path / "cache.db")


def test_links_are_followed_to_what_user_code_would_read(folder, cache, tmp_path):
    (tmp_path / "blob").write_bytes(b"two")
    (folder / "two.wav").symlink_to(tmp_path / "blob")
    assert manifests.by_path(read(str(folder), Hasher(cache)))["two.wav"].blake3 == blake3(b"two").hexdigest()


def test_a_link_to_nothing_a_loop_and_a_socket_are_no_data(folder, cache, tmp_path):
    (folder / "gone.wav").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"gone\.wav is a link to nothing"):
        read(str(folder), Hasher(cache))
    (folder / "gone.wav").unlink()
    (folder / "a" / "round").symlink_to(folder)
    with pytest.raises(UsageError, match="links to a folder above it"):
        read(str(folder), Hasher(cache))
    (folder / "a" / "round").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(UsageError, match="is a socket, pipe or device"):
        read(str(folder), Hasher(cache))


def test_data_that_is_not_there_is_named(cache, tmp_path):
    with pytest.raises(UsageError, match=f"there is no {tmp_path}/nowhere"):
        read(str(tmp_path / "nowhere"), Hasher(cache))


def test_a_home_and_what_tools_leave_behind_are_no_data(folder, cache):
    before = read(str(folder), Hasher(cache))
    for name in (".daybreak/ledger.db", ".daybreak/vault/ab", ".git/HEAD", "a/__pycache__/x.pyc", "a/.DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert read(str(folder), Hasher(cache)) == before


def test_a_name_that_is_no_text_is_refused(folder, cache):
    try:
        (folder / os.fsdecode(b"\xff.wav")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses such names by itself")
    with pytest.raises(UsageError, match="must be UTF-8"):
        read(str(folder), Hasher(cache))


def test_a_difference_names_files_by_what_became_of_them(folder, cache):
    before = read(str(folder), Hasher(cache))
    (folder / "zero.wav").rename(folder / "nought.wav")
    (folder / "a" / "one.wav").write_bytes(b"ONE")
    (folder / "three.wav").write_bytes(b"three")
    (folder / "empty.wav").unlink()
    found = compare(before, read(str(folder), Hasher(cache)))
    assert found.renamed == (("zero.wav", "nought.wav"),)
    assert found.changed == ("a/one.wav",)
    assert found.added == ("three.wav",)
    assert found.removed == ("empty.wav",)
    assert found.files == ("a/one.wav", "empty.wav", "three.wav", "zero.wav")

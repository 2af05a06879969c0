"""Files by the hash of their content: what goes in comes out, damage is found, a full disk is told."""

import errno
import os
import time

import pytest

from daybreak.base.errors import DamagedFile, VaultError
from daybreak.base.hashing import hash_bytes
from daybreak.vault.store import Vault


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault")


def test_bytes_come_back_under_their_hash(vault):
    digest = vault.put_bytes(b"weights")
    assert digest == hash_bytes(b"weights")
    assert digest in vault
    assert vault.read(digest) == b"weights"
    with vault.open(digest) as file:
        assert file.read() == b"weights"
    vault.verify(digest)


def test_a_file_stands_in_a_folder_of_its_first_two_digits(vault):
    digest = vault.put_bytes(b"weights")
    assert vault.path(digest).relative_to(vault.folder).parts == (digest[:2], digest[2:])


def test_a_copied_file_has_the_hash_of_its_bytes(vault, tmp_path):
    source = tmp_path / "big"
    source.write_bytes(os.urandom(5_000_000))
    digest = vault.put_file(source)
    assert vault.read(digest) == source.read_bytes()
    assert source.exists()


def test_what_is_streamed_is_counted_and_hashed(vault):
    with vault.incoming() as file:
        file.write(b"one")
        file.write(memoryview(b"two"))
    assert (file.size, file.digest) == (6, hash_bytes(b"onetwo"))


def test_putting_twice_keeps_one_and_repairs_a_damaged_one(vault):
    digest = vault.put_bytes(b"weights")
    vault.path(digest).write_bytes(b"rotten!")
    assert vault.put_bytes(b"weights") == digest
    assert vault.read(digest) == b"weights"
    assert vault.size() == len(b"weights")


def test_damage_is_found_when_reading_and_when_verifying(vault):
    digest = vault.put_bytes(b"weights")
    vault.path(digest).write_bytes(b"weightz")
    with pytest.raises(DamagedFile, match="hash must be its name"):
        vault.read(digest)
    with pytest.raises(DamagedFile):
        vault.verify(digest)


def test_a_truncated_file_is_damaged(vault):
    digest = vault.put_bytes(b"weights")
    vault.path(digest).write_bytes(b"")
    with pytest.raises(DamagedFile):
        vault.read(digest)


def test_deleting_twice_is_harmless(vault):
    digest = vault.put_bytes(b"weights")
    assert vault.delete(digest)
    assert not vault.delete(digest)
    with pytest.raises(VaultError, match="must be in the vault"):
        vault.path(digest)


def test_what_was_written_again_since_the_order_to_delete_it_stays(vault):
    digest = vault.put_bytes(b"equal states")
    ordered = vault.path(digest).stat().st_mtime
    os.utime(vault.path(digest), (ordered + 1, ordered + 1))

    assert not vault.delete(digest, until=ordered)
    assert vault.read(digest) == b"equal states"
    assert vault.delete(digest, until=ordered + 1)
    assert not vault.delete(digest, until=ordered + 1)


def test_an_exception_while_writing_leaves_nothing(vault):
    with pytest.raises(TypeError), vault.incoming() as file:
        file.write([file.write(b"half a checkp")])
    assert vault.size() == 0


def test_a_full_disk_says_what_to_do_and_leaves_nothing(vault, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VaultError, match=r"No space left.*free some space, lower `disk_cap`"):
        vault.put_bytes(b"weights")
    assert vault.size() == 0


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VaultError, match="cannot write to the vault"):
        Vault(tmp_path / "file").put_bytes(b"weights")


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "ab" * 31, "AB" * 32, "process:17"])
def test_only_digests_name_files(vault, digest):
    with pytest.raises(VaultError, match="64 hexadecimal digits"):
        vault.path(digest)


def test_sweeping_removes_what_killed_writers_left_and_nothing_else(vault):
    digest = vault.put_bytes(b"weights")
    stale, fresh = vault.folder / "incoming" / "stale", vault.folder / "incoming" / "fresh"
    stale.write_bytes(b"half")
    fresh.write_bytes(b"half")
    long_ago = time.time() - 7 * 3600
    os.utime(stale, (long_ago, long_ago))
    assert vault.sweep() == 1
    assert fresh.exists()
    assert digest in vault

"""Where a ledger can live, and that one process at a time holds it."""

import pytest

from daybreak.base.errors import LedgerBusy, LedgerError
from daybreak.ledger.disk import WriterLock, file_system, prepare

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export {home} nfs4 rw,vers=4.2 0 0
/dev/vdb {home}/local\\040disk xfs rw 0 0
"""


@pytest.fixture
def mounts(tmp_path):
    file = tmp_path / "mounts"
    file.write_text(MOUNTS.format(home=tmp_path / "home"))
    return file


def test_the_longest_mount_point_says_which_disk_it_is(tmp_path, mounts):
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path / "home", mounts) == "nfs4"
    assert file_system(tmp_path / "home" / "ada" / ".daybreak", mounts) == "nfs4"
    assert file_system(tmp_path / "home" / "local disk" / "x", mounts) == "xfs"
    assert file_system(tmp_path / "homestead", mounts) == "ext4"


def test_a_link_is_followed(tmp_path, mounts):
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert file_system(tmp_path / "link", mounts) == "nfs4"


def test_a_system_that_tells_nothing_is_trusted(tmp_path):
    assert file_system(tmp_path, tmp_path / "no such file") == ""


def test_a_network_disk_is_refused_with_what_to_do(tmp_path, mounts):
    with pytest.raises(LedgerError, match=r"network disk \(nfs4\).*a home on a local disk, or Postgres"):
        prepare(tmp_path / "home" / ".daybreak", mounts)


def test_a_local_folder_is_made(tmp_path, mounts):
    prepare(tmp_path / "new" / ".daybreak", mounts)
    assert (tmp_path / "new" / ".daybreak").is_dir()


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be made"):
        prepare(tmp_path / "file" / ".daybreak")


def test_the_lock_names_its_holder_and_is_free_afterwards(tmp_path):
    import os

    lock = WriterLock(tmp_path / "lock")
    with pytest.raises(LedgerBusy, match=f"process {os.getpid()} has"):
        WriterLock(tmp_path / "lock")
    lock.release()
    lock.release()
    WriterLock(tmp_path / "lock").release()

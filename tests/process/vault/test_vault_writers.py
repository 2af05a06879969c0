"""Several processes write to one vault, and one of them is killed in the middle."""

import subprocess
import sys

from daybreak.base.hashing import hash_bytes
from daybreak.vault.store import Vault

WRITE = """
import sys
from daybreak.vault.store import Vault
print(Vault(sys.argv[1]).put_bytes(b"x" * 1_000_000))
"""
HANG = """
import sys, time
from daybreak.vault.store import Vault
with Vault(sys.argv[1]).incoming() as file:
    file.write(b"half")
    print("writing", flush=True)
    time.sleep(600)
"""


def start(code, vault):
    return subprocess.Popen([sys.executable, "-c", code, str(vault.folder)], stdout=subprocess.PIPE, text=True)


def test_writers_of_the_same_content_do_not_harm_each_other(tmp_path):
    vault = Vault(tmp_path / "vault")
    writers = [start(WRITE, vault) for _ in range(4)]
    digests = {writer.communicate()[0].strip() for writer in writers}
    assert digests == {hash_bytes(b"x" * 1_000_000)}
    assert vault.size() == 1_000_000
    vault.verify(digests.pop())


def test_a_killed_writer_leaves_only_what_is_swept(tmp_path):
    vault = Vault(tmp_path / "vault")
    with start(HANG, vault) as writer:
        assert writer.stdout.readline() == "writing\n"
        writer.kill()
    assert [folder.name for folder in vault.folder.iterdir()] == ["incoming"]
    assert vault.sweep(older_than=-1) == 1
    assert vault.size() == 0

"""What is written down of a git repository, of real ones."""

import subprocess

import pytest

from daybreak.provenance import git as module
from daybreak.provenance.git import Look
from daybreak.vault.store import Vault

QUIET = [
    "-c",
    "user.name=Ann",
    "-c",
    "user.email=ann@example.org",
    "-c",
    "protocol.file.allow=always",
    "-c",
    "init.defaultBranch=trunk",
]


def git(folder, *words):
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["git", *QUIET, "-C", folder, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def answer(folder, vault):
    with Look(folder) as look:
        return look.answer(vault)


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault")


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "code"
    git(folder, "init", "-q")
    (folder / "train.py").write_text("a = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def test_a_clean_repository_is_its_commit_branch_and_remote_without_password(repository, vault):
    git(repository, "remote", "add", "origin", "https://ann:hush@example.org/team/code.git")
    found = answer(repository, vault)
    assert found.commit == git(repository, "rev-parse", "HEAD")
    assert (found.branch, found.dirty, found.diff, found.notes) == ("trunk", False, "", [])
    assert found.remote == "https://example.org/team/code.git"


def test_uncommitted_changes_are_kept_as_a_diff_that_applies(repository, vault, tmp_path):
    (repository / "train.py").write_text("a = 2\n")
    (repository / "data.bin").write_bytes(bytes(range(256)))
    git(repository, "add", "data.bin")
    found = answer(repository, vault)
    assert found.dirty
    git(tmp_path, "clone", "-q", str(repository), "again")
    (tmp_path / "diff").write_bytes(vault.read(found.diff))
    git(tmp_path / "again", "apply", str(tmp_path / "diff"))
    assert (tmp_path / "again" / "train.py").read_text() == "a = 2\n"
    assert (tmp_path / "again" / "data.bin").read_bytes() == bytes(range(256))


def test_an_untracked_file_is_dirt_without_a_diff(repository, vault):
    (repository / "new.py").write_text("")
    found = answer(repository, vault)
    assert (found.dirty, found.diff) == (True, "")


def test_secrets_are_not_in_the_diff(repository, vault):
    (repository / ".env").write_text("A=1")
    git(repository, "add", ".env")
    git(repository, "commit", "-qm", "careless")
    (repository / ".env").write_text("A=hush")
    (repository / "train.py").write_text("a = 3\n")
    diff = vault.read(answer(repository, vault).diff)
    assert b"a = 3" in diff
    assert b"hush" not in diff
    (repository / "train.py").write_text(
        'k = """\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234567890abcdef\n"""\n'
    )
    found = answer(repository, vault)
    assert (found.diff, found.notes) == ("", ["the uncommitted diff holds a private key: it is not kept"])


def test_a_diff_that_is_too_large_is_named(repository, vault, monkeypatch):
    monkeypatch.setattr(module, "MOST_DIFF", 1000)
    monkeypatch.setattr(module._heard, "__defaults__", (1000,))
    (repository / "train.py").write_text("a = 2\n" * 1000)
    found = answer(repository, vault)
    assert found.dirty
    assert found.diff == ""
    assert "larger than" in found.notes[0]


def test_a_folder_below_the_top_and_a_detached_head(repository, vault):
    (repository / "deep").mkdir()
    git(repository, "checkout", "-q", "--detach")
    found = answer(repository / "deep", vault)
    assert (found.commit, found.branch) == (git(repository, "rev-parse", "HEAD"), "")


def test_submodules_are_named_with_their_commits(repository, vault, tmp_path):
    inner = tmp_path / "inner"
    git(inner, "init", "-q")
    (inner / "model.py").write_text("")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "inner")
    git(repository, "submodule", "add", "-q", str(inner), "lib/inner")
    git(repository, "commit", "-qm", "with a submodule")
    found = answer(repository, vault)
    commit = git(inner, "rev-parse", "HEAD")
    assert [(part.path, part.commit, part.dirty) for part in found.submodules] == [("lib/inner", commit, False)]
    (repository / "lib" / "inner" / "model.py").write_text("b = 1\n")
    assert answer(repository, vault).submodules[0].dirty


def test_what_is_no_repository_or_has_no_git_is_none(repository, vault, tmp_path, monkeypatch):
    assert answer(tmp_path, vault) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert answer(repository, vault) is None


def test_a_repository_without_a_commit_and_a_damaged_one_are_noted(tmp_path, vault):
    git(tmp_path / "empty", "init", "-q")
    (tmp_path / "empty" / "train.py").write_text("")
    found = answer(tmp_path / "empty", vault)
    assert (found.commit, found.dirty, found.notes) == ("", True, ["there is no commit yet"])
    (tmp_path / "broken" / ".git").mkdir(parents=True)
    assert "refuses" in answer(tmp_path / "broken", vault).notes[0]


def test_a_git_that_does_not_answer_is_not_waited_for(repository, vault, tmp_path, monkeypatch):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/usr/bin:/bin")
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    assert answer(repository, vault).notes == ["git did not answer within 0.2 s, or too much"]

"""What is taken of a folder of code, what is left, and how a change is noticed."""

import json
import os
import shutil

import pytest

from daybreak.base.errors import DamagedFile, VaultError
from daybreak.base.home import Home
from daybreak.provenance import selection as module
from daybreak.provenance import stats
from daybreak.provenance.code import TooMuchCode, changed_files, verified
from daybreak.provenance.code import capture as captured


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "code"
    (place / "package").mkdir(parents=True)
    (place / "train.py").write_text("a = 1\n")
    (place / "package" / "model.py").write_text("b = 2\n")
    return place


def capture(home, folder):
    return captured(home, folder).digest


def kept(home, digest):
    root = home.code(digest)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.py"))


def test_python_files_are_copied_under_their_hash(home, folder):
    digest = capture(home, folder)
    assert kept(home, digest) == ["package/model.py", "train.py"]
    assert capture(home, folder) == digest, "the same code has the same name"
    (folder / "train.py").write_text("a = 2\n")
    assert capture(home, folder) != digest
    assert (home.code(digest) / "train.py").read_text() == "a = 1\n", "what was captured stays"


def test_changed_and_vanished_files_are_named(home, folder):
    digest = capture(home, folder)
    assert changed_files(home, digest, folder) == []
    (folder / "train.py").write_text("a = 3\n")
    (folder / "package" / "model.py").unlink()
    (folder / "new.py").write_text("")
    assert changed_files(home, digest, folder) == ["package/model.py", "train.py"]


def test_environments_caches_hidden_folders_and_data_are_left(home, folder):
    for name in (".git/hook.py", "venv/x.py", "__pycache__/y.py", "mine/lib/z.py", ".secret.py", "data.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / "mine" / "pyvenv.cfg").write_text("")
    assert kept(home, capture(home, folder)) == ["package/model.py", "train.py"]


def test_a_home_inside_the_folder_is_left_or_each_capture_would_hold_those_before(folder):
    other = Home(folder / "other")
    other.code("0" * 64).mkdir(parents=True)
    (other.code("0" * 64) / "train.py").write_text("a = 0\n")
    other.ledger.touch()
    inside = Home(folder / "runs")

    digest = capture(inside, folder)
    assert kept(inside, digest) == ["package/model.py", "train.py"]
    assert capture(inside, folder) == digest


def test_links_are_followed_to_files_and_not_to_folders(home, folder, tmp_path):
    (tmp_path / "shared.py").write_text("c = 3\n")
    (folder / "shared.py").symlink_to(tmp_path / "shared.py")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.py").symlink_to(tmp_path / "gone.py")
    (folder / ".#train.py").symlink_to("somebody@host.123")  # an editor's lock
    digest = capture(home, folder)
    assert kept(home, digest) == ["package/model.py", "shared.py", "train.py"]
    assert not (home.code(digest) / "shared.py").is_symlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser can read everything")
def test_an_unreadable_file_is_an_error_that_names_it(home, folder):
    (folder / "train.py").chmod(0)
    with pytest.raises(PermissionError, match=r"train\.py"):
        capture(home, folder)


@pytest.mark.parametrize(("limit", "value"), [("MOST_FILES", 1), ("MOST_BYTES", 8), ("MOST_SEEN", 2)])
def test_more_than_is_captured_says_what_to_do(home, folder, monkeypatch, limit, value):
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(TooMuchCode, match="run from the folder of your own code"):
        capture(home, folder)
    assert not (home.path / "code").exists(), "nothing is left behind"


def test_small_texts_that_code_reads_are_code_too_and_the_rest_is_counted(home, folder):
    for name in ("config.yaml", "space.toml", "labels.txt", "digits.npz", "a.png", "b.png", "run.sh"):
        (folder / name).write_text("x")
    (folder / "corpus.txt").write_bytes(b"x" * (2**20 + 1))
    found = captured(home, folder)
    assert sorted(manifest(home, found)) == [
        *("config.yaml", "labels.txt", "package/model.py", "run.sh", "space.toml", "train.py")
    ]
    assert told(found) == {
        "corpus.txt": "larger than 1 MiB: it counts as data",
        "*.npz": "not code: 1 file",
        "*.png": "not code: 2 files",
    }


def test_very_many_texts_of_a_kind_in_one_folder_are_data(home, folder):
    (folder / "labels").mkdir()
    for number in range(module.MOST_TEXTS + 1):
        (folder / "labels" / f"{number}.json").write_text("{}")
    found = captured(home, folder)
    assert sorted(manifest(home, found)) == ["package/model.py", "train.py"]
    assert told(found) == {"*.json": "not code: 101 files"}


SECRETS = [
    ".env",
    ".env.local",
    "server.pem",
    "id_rsa",
    "credentials.json",
    "secrets.yaml",
    ".netrc",
    "client_secret_1.json",
]


def test_secrets_are_left_out_and_named(home, folder):
    for name in SECRETS:
        (folder / name).write_text("hush")
    (folder / "notes.txt").write_text("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234567890abcdef\n")
    (folder / "deploy.py").write_text('KEY = "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC"\n')
    (folder / "pattern.py").write_text('HEADER = "-----BEGIN PRIVATE KEY-----"\n')  # speaks of keys, holds none
    found = captured(home, folder)
    assert sorted(manifest(home, found)) == ["package/model.py", "pattern.py", "train.py"]
    expected = dict.fromkeys(SECRETS, "may hold secrets") | dict.fromkeys(
        ["deploy.py", "notes.txt"], "holds a private key"
    )
    assert told(found) == expected
    assert captured(home, folder) == found, "a second look remembers no secret"
    everything = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    assert b"hush" not in everything
    assert b"MIIE" not in everything


def test_a_secret_is_taken_when_it_is_asked_for_by_name_and_judged_again_afterwards(home, folder):
    (folder / ".env").write_text("MODE=fast\n")
    (folder / "other.env").write_text("hush")
    (folder / ".daybreakignore").write_text("!.env\n")
    assert ".env" in manifest(home, captured(home, folder))
    assert told(captured(home, folder)) == {"other.env": "may hold secrets"}
    (folder / ".daybreakignore").unlink()
    assert ".env" not in manifest(home, captured(home, folder))


def test_ignore_files_follow_git_and_ours_decides_last(home, folder):
    (folder / ".gitignore").write_text("generated.py\nold/\n/package/*.json\n")
    (folder / ".daybreakignore").write_text("scratch*.py\n!old/\n")
    (folder / "package" / ".gitignore").write_text("!keep.json\n")
    for name in ("generated.py", "old/a.py", "scratch1.py", "package/keep.json", "package/drop.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    found = captured(home, folder)
    assert sorted(manifest(home, found)) == ["old/a.py", "package/keep.json", "package/model.py", "train.py"]
    assert told(found) == {
        "generated.py": "named in .gitignore",
        "package/drop.json": "named in .gitignore",
        "scratch1.py": "named in .daybreakignore",
    }


def test_ignore_files_above_count_as_far_as_the_repository_reaches(home, folder):
    (folder.parent / ".gitignore").write_text("*.py\n")  # outside of the repository: not heard
    inner = folder / "package"
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("model.py\n")
    (inner / "train.py").write_text("")
    assert list(manifest(home, captured(home, inner))) == ["train.py"]


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_is(home, folder, monkeypatch):
    read = []
    original = type(folder).read_bytes
    monkeypatch.setattr(type(folder), "read_bytes", lambda path: read.append(path.name) or original(path))
    long_ago = 1_700_000_000
    for name in ("train.py", "package/model.py"):
        os.utime(folder / name, (long_ago, long_ago))
    monkeypatch.setattr(stats, "GRAIN", -(10**9))  # as if the files had rested for a while
    captured(home, folder)
    read.clear()
    first = captured(home, folder)
    assert [name for name in read if name.endswith(".py")] == []
    (folder / "train.py").write_text("a = 9\n")
    os.utime(folder / "train.py", (long_ago, long_ago))  # the same size and time: its time of change tells
    second = captured(home, folder)
    assert [name for name in read if name.endswith(".py")] == ["train.py"]
    assert second.digest != first.digest


def test_texts_a_run_may_write_itself_do_not_count_as_changed_code(home, folder):
    (folder / "results.json").write_text("{}")
    (folder / "config.yaml").write_text("a: 1")
    digest = capture(home, folder)
    (folder / "results.json").write_text("{1}")
    assert changed_files(home, digest, folder) == []
    (folder / "config.yaml").write_text("a: 2")
    assert changed_files(home, digest, folder) == ["config.yaml"]


def test_names_of_another_encoding_are_left_out_and_told(home, folder):
    with open(os.fsencode(folder) + b"/caf\xe9.txt", "w") as file:  # noqa: PTH123 (a Path cannot name it)
        file.write("x")
    assert told(captured(home, folder)) == {"caf\\udce9.txt": "its name is not UTF-8"}


def test_a_file_that_vanishes_while_it_is_captured_is_not_missed(home, folder, monkeypatch):
    original = type(folder).read_bytes

    def vanishing(path):
        if path.name == "train.py":
            path.unlink()
        return original(path)

    monkeypatch.setattr(type(folder), "read_bytes", vanishing)
    assert list(manifest(home, captured(home, folder))) == ["package/model.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser can read everything")
def test_a_folder_that_cannot_be_read_is_left_out_and_told(home, folder):
    (folder / "locked").mkdir(mode=0)
    assert told(captured(home, folder)) == {"locked/": "cannot be read"}


def test_captured_code_is_compared_with_its_hashes(home, folder):
    (folder / "manifest.json").write_text("the user's own")
    found = captured(home, folder)
    assert told(found) == {"manifest.json": "captured code has a list of files of this name"}
    assert verified(home, found.digest) == home.code(found.digest)
    (home.code(found.digest) / "train.py").write_text("a = 666\n")
    with pytest.raises(DamagedFile, match=r"were changed or deleted: train\.py"):
        verified(home, found.digest)
    (home.code(found.digest) / "train.py").unlink()
    with pytest.raises(DamagedFile, match=r"or deleted: train\.py"):
        verified(home, found.digest)
    shutil.rmtree(home.code(found.digest))
    with pytest.raises(VaultError, match="it was deleted, or never arrived"):
        verified(home, found.digest)


def manifest(home, found):
    return json.loads((home.code(found.digest) / "manifest.json").read_text())


def told(found):
    return {left.path: left.why for left in found.left_out}

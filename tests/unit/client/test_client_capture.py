"""What is taken of a folder of code, what is left, and how a change is noticed."""

import os

import pytest

from daybreak.base.home import Home
from daybreak.client import capture as module
from daybreak.client.capture import TooMuchCode, capture, changed_files


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

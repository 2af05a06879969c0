"""The story of an exception: whose fault, where, and whether it is the same as the last one."""

import errno
import importlib
import sys

import pytest

from daybreak.base.errors import UsageError, VaultError
from daybreak.train.failures import failure
from daybreak.train.params import Params

SOURCE = """
import json

def main(width):
    return build(width)

def build(width):
    if width > 64:
        raise ValueError(f"width {width} is too large")
    return parse("{" * width)

def parse(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeError("no model") from error

def forever():
    return forever()
"""


@pytest.fixture
def user(tmp_path, monkeypatch):
    (tmp_path / "users_own_train.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    import users_own_train

    yield users_own_train
    del sys.modules["users_own_train"]


def told(call, folder, *arguments):
    try:
        call(*arguments)
    except BaseException as error:
        return failure(error, str(folder))


def test_the_users_frames_are_shown_and_ours_are_not(user, tmp_path):
    story = told(user.main, tmp_path, 65)
    assert (story.kind, story.message) == ("ValueError", "width 65 is too large")
    assert story.tail.count('File "') == 2
    assert "test_train_failures" not in story.tail
    assert story.tail.endswith("ValueError: width 65 is too large\n")


def test_causes_are_told_with_the_place_in_the_library_where_it_happened(user, tmp_path):
    story = told(user.main, tmp_path, 3)
    assert story.kind == "RuntimeError"
    assert "The above exception was the direct cause" in story.tail
    assert "json.loads(text)" in story.tail
    assert story.tail.count("decoder.py") == 1


def test_one_cause_has_one_fingerprint_whatever_the_trial(user, tmp_path):
    assert told(user.main, tmp_path, 65).fingerprint == told(user.main, tmp_path, 99).fingerprint
    assert told(user.main, tmp_path, 65).fingerprint != told(user.main, tmp_path, 3).fingerprint


def test_a_runaway_recursion_has_a_short_story(user, tmp_path):
    story = told(user.forever, tmp_path)
    assert story.kind == "RecursionError"
    assert len(story.tail) <= 8000


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError("cannot allocate"), "memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), "memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk"),
        (SystemExit(3), "exit"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_kinds_that_call_for_different_remedies(error, kind):
    assert failure(error, "/nowhere").kind == kind


def test_a_full_disk_under_the_vault_is_a_full_disk(tmp_path):
    def store():
        raise VaultError("cannot write") from OSError(errno.ENOSPC, "No space left on device")

    assert told(store, tmp_path).kind == "disk"


def test_leaving_with_an_exit_code_is_explained():
    assert failure(SystemExit("no data"), "/nowhere").message == "the code called sys.exit('no data')"


def test_a_syntax_error_shows_its_line(tmp_path):
    (tmp_path / "bad.py").write_text("def main(run:\n")
    story = told(lambda: compile((tmp_path / "bad.py").read_text(), str(tmp_path / "bad.py"), "exec"), tmp_path)
    assert story.kind == "SyntaxError"
    assert "def main(run:" in story.tail


def test_a_module_that_cannot_be_imported_is_told_without_the_import_system(tmp_path, monkeypatch):
    (tmp_path / "needs_more.py").write_text("import no_such_module_here\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)  # as a warm parent stands in the user's folder

    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("needs_more")

    assert "importlib" not in failure(caught.value, str(tmp_path)).tail


def test_our_own_frames_are_left_out_of_a_users_story(tmp_path, monkeypatch):
    (tmp_path / "asks_wrongly.py").write_text("def main(params):\n    return params.widht\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(UsageError) as caught:
        importlib.import_module("asks_wrongly").main(Params({"width": 1}))

    told = failure(caught.value, str(tmp_path))
    assert "asks_wrongly.py" in told.tail
    assert "params.py" not in told.tail


def test_want_of_memory_says_what_to_do():
    assert failure(MemoryError()).message.startswith("memory ran out (an allocation failed): make the model")

"""Finding the user's function."""

import sys

import pytest

from daybreak.base.errors import UsageError
from daybreak.train.user_code import check_signature, load, prepare


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    yield (tmp_path / "their_train.py").write_text
    sys.modules.pop("their_train", None)


def test_the_function_and_what_its_module_prepares(module):
    module("def prepare(): return [1, 2]\ndef main(run): return run * 2\n")
    code = load("their_train:main")
    assert code.prepared is None
    prepare(code)
    assert (code.main(4), code.prepared) == (8, [1, 2])


def test_preparing_is_seeded(module):
    module("import random\ndef prepare(): return random.random()\ndef main(run): pass\n")
    code = load("their_train:main")
    prepare(code)
    first = code.prepared
    prepare(code)
    assert code.prepared == first


@pytest.mark.parametrize(
    ("run", "story"),
    [
        ("their_train", "must be module:function, got 'their_train'"),
        ("nowhere:main", "needs a module 'nowhere', none is found in"),
        ("their_train:mian", r"needs a function 'mian' in .*their_train\.py: it has helper, main"),
    ],
)
def test_what_is_not_there_is_told(module, run, story):
    module("import json\ndef helper(): pass\ndef main(run): pass\n")
    with pytest.raises(UsageError, match=story):
        load(run)


def test_a_missing_import_inside_the_module_is_not_taken_for_a_missing_module(module):
    module("import no_such_package\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        load("their_train:main")


def no_argument():
    pass


def two_arguments(run, config):
    pass


@pytest.mark.parametrize("function", [no_argument, two_arguments, lambda *, run: None])
def test_a_function_takes_one_argument(function):
    with pytest.raises(UsageError, match=r"takes one argument, the run: def main\(run\), got "):
        check_signature(function, "train:main")


@pytest.mark.parametrize(
    "function", [lambda run: None, lambda run, more=1: None, lambda *args: None, lambda run, **kw: None]
)
def test_defaults_do_no_harm(function):
    check_signature(function, "train:main")

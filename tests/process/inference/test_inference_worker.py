"""The user's code in a process of its own: what it refuses, how it dies, and that it never outlives its parent."""

import importlib.util
import os
import py_compile
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest

from daybreak.base.errors import BadRows, ModelFailed
from daybreak.inference import worker
from daybreak.inference.loading import load
from daybreak.inference.source import Source
from daybreak.inference.worker import Worker
from daybreak.registry.package import RECORD, Package, Step
from daybreak.signature.columns import objects
from daybreak.signature.fields import Field, Output, Signature
from daybreak.testing import packages

ODD = """
import numpy as np

def objects(values):
    held = np.empty(len(values), object)
    for place, value in enumerate(values):
        held[place] = value
    return held

def shout(columns):
    print("said by the user's code")
    return {"text": [word.upper() for word in columns["text"]], "sizes": [len(array) for array in columns["arrays"]]}

def unsendable(columns):
    values = {"complex": 1j, "huge": 1 << 70, "word": "\\ud800", "nested": np.array([None, "x"])}
    return {"x": objects([values[columns["x"][0]]])}

def known(columns):
    return {"x": objects([{"data": 1}])}

def broken(columns):
    return 1 / 0

def together(columns):
    if len(columns["x"]) > 1:
        raise ValueError("one at a time")
    return columns
"""


@pytest.fixture
def adding(tmp_path):
    packages.python(tmp_path / "package")
    model = load(tmp_path / "package", limit=5.0)
    yield model
    model.close()


def sums(model, a, b):
    return model.predict({"a": np.array(a, float), "b": np.array(b, float)})["sum"].tolist()


def test_a_model_in_python_predicts(adding):
    assert sums(adding, [1, 2], [3, 4]) == [4, 6]


def test_rows_that_it_refuses_are_named_and_the_next_call_goes_on(adding):
    with pytest.raises(BadRows) as caught:
        sums(adding, [1, 1, 1], [1, -1, -2])
    assert caught.value.faults == {1: "ValueError: b may not be negative", 2: "ValueError: b may not be negative"}
    assert sums(adding, [1], [1]) == [2]


def test_a_crash_is_told_and_the_next_call_starts_another(adding):
    with pytest.raises(ModelFailed, match="exit code 9"):
        sums(adding, [666], [1])
    assert sums(adding, [1], [1]) == [2]


def test_a_call_that_takes_too_long_is_ended(adding):
    adding._own_worker().limit = 0.2
    with pytest.raises(ModelFailed, match=r"may take 0.2 s"):
        sums(adding, [777], [1])
    adding._own_worker().limit = 5.0
    assert sums(adding, [1], [1]) == [2]


def test_a_process_that_was_killed_is_started_again(adding):
    pid = adding._own_worker()._process.pid
    os.kill(pid, 9)
    psutil.Process(pid).wait(5)
    assert sums(adding, [1], [1]) == [2]
    assert adding._own_worker()._process.pid != pid


def test_ctrl_c_is_left_to_its_parent(adding):
    os.kill(adding._own_worker()._process.pid, signal.SIGINT)
    assert sums(adding, [1], [1]) == [2]


def test_closing_ends_it(adding):
    pid = adding._own_worker()._process.pid
    adding.close()
    assert not psutil.pid_exists(pid)


@pytest.fixture(params=["folder", "memory"])
def odd(request, tmp_path):
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "inner" / "__init__.py").write_text("")
    (tmp_path / "code" / "inner" / "odd.py").write_text(ODD)
    memory = {"code/inner/__init__.py": b"", "code/inner/odd.py": ODD.encode()}
    made = Worker(Source(tmp_path if request.param == "folder" else memory), limit=20.0)
    yield made
    made.close()


def test_words_and_arrays_of_their_own_size_travel(odd):
    arrays = objects([np.zeros(3), np.zeros((0, 2))])
    told = odd.call("inner.odd:shout", {"text": objects(["é", ""]), "arrays": arrays})
    assert told["text"].tolist() == ["É", ""]
    assert told["sizes"].tolist() == [3, 0]


def test_code_that_is_broken_is_the_models_failure(odd):
    with pytest.raises(ModelFailed, match="ZeroDivisionError"):
        odd.call("inner.odd:broken", {"x": np.zeros(2)})
    with pytest.raises(ModelFailed, match="has no attribute"):
        odd.call("inner.odd:nothing", {"x": np.zeros(2)})
    with pytest.raises(ModelFailed, match="on none of them alone"):
        odd.call("inner.odd:together", {"x": np.zeros(2)})
    assert odd.call("inner.odd:together", {"x": np.zeros(1)})["x"].tolist() == [0]


def test_answers_that_cannot_travel_are_the_models_failure_and_the_process_stays(odd):
    for word in ("complex", "huge", "word", "nested"):
        with pytest.raises(ModelFailed, match="of what it returns words, numbers and arrays of them travel"):
            odd.call("inner.odd:unsendable", {"x": objects([word])})
    pid = odd._process.pid
    with pytest.raises(ModelFailed, match=r"cannot be given these rows: .*type complex"):
        odd.call("inner.odd:known", {"x": objects([1j])})
    assert odd.call("inner.odd:known", {"x": objects(["x"])})["x"].tolist() == [{"data": 1}]
    assert odd._process.pid == pid


def test_what_ctrl_c_cut_off_is_not_taken_for_the_next_answer(adding, monkeypatch):
    def interrupted(*told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(worker, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sums(adding, [1], [2])
    assert sums(adding, [3], [4]) == [7]


def test_only_sources_are_run_and_nothing_is_written_beside_them(tmp_path):
    (tmp_path / "code").mkdir()
    source = tmp_path / "code" / "odd.py"
    source.write_text(ODD)
    other = tmp_path / "other.py"
    other.write_text("def broken(columns):\n    return {'x': columns['x']}\n")
    cached = importlib.util.cache_from_source(str(source))
    py_compile.compile(str(other), cached, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    before = sorted(tmp_path.rglob("*"))
    made = Worker(Source(tmp_path), limit=20.0)
    try:
        with pytest.raises(ModelFailed, match="ZeroDivisionError"):
            made.call("odd:broken", {"x": np.zeros(2)})
    finally:
        made.close()
    assert sorted(tmp_path.rglob("*")) == before


def test_modules_are_those_of_the_package_and_the_library_alone(tmp_path, monkeypatch):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "adding.py").write_text("import helping")
    (tmp_path / "helping.py").write_text("def load(folder):\n    return lambda columns: {'sum': columns['a']}\n")
    (tmp_path / "msgspec.py").write_text("raise SystemExit('the wrong msgspec')")
    monkeypatch.chdir(tmp_path)
    made = Worker(Source(tmp_path), model="adding:helping.load")
    with pytest.raises(ModelFailed, match="No module named 'helping'"):
        made.start()


def test_code_that_cannot_be_imported_fails_each_time_with_its_reason(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "odd.py").write_text("import nothing_of_that_name")
    made = Worker(Source(tmp_path), model="odd:load")
    for _ in range(2):
        with pytest.raises(ModelFailed, match="nothing_of_that_name"):
            made.start()


def test_a_step_of_the_users_own_stands_before_the_model(tmp_path):
    folder = tmp_path / "package"
    packages.mlp(folder, features=2)
    (folder / "code").mkdir()
    (folder / "code" / "own.py").write_text("def half(columns):\n    return {'x': columns['features'] / 2}\n")
    plain = load(folder).predict({"features": np.ones((1, 2), np.float32)})["digit"]
    package = msgspec.json.decode((folder / RECORD).read_bytes(), type=Package)
    changed = msgspec.structs.replace(package, before=(Step("python", {"function": "own:half"}),))
    (folder / RECORD).write_bytes(msgspec.json.encode(changed))
    model = load(folder)
    try:
        assert np.allclose(model.predict({"features": np.full((1, 2), 2, np.float32)})["digit"], plain)
    finally:
        model.close()


def test_the_signature_of_a_model_in_python_is_checked(tmp_path):
    folder = tmp_path / "package"
    packages.python(folder)
    package = msgspec.json.decode((folder / RECORD).read_bytes(), type=Package)
    signature = Signature((Field("a", "number"), Field("b", "number")), (Output("total", "number"),))
    (folder / RECORD).write_bytes(msgspec.json.encode(msgspec.structs.replace(package, signature=signature)))
    model = load(folder)
    try:
        with pytest.raises(ModelFailed, match="output 'total' must have 1 rows, the model gave only sum"):
            model.predict({"a": np.ones(1), "b": np.ones(1)})
    finally:
        model.close()


def test_it_ends_with_its_parent_whatever_it_is_doing(tmp_path):
    packages.python(tmp_path / "package")
    script = (
        "import sys, numpy as np; from pathlib import Path; from daybreak.inference.loading import load\n"
        "model = load(Path(sys.argv[1])); print(model._own_worker()._process.pid, flush=True)\n"
        "model.predict({'a': np.array([777.0]), 'b': np.array([1.0])})\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "package")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.02)

"""The warm parent: what it warms up, when it falls back, and what it says when code cannot be used."""

import json
import os
import re
import subprocess
import sys
import textwrap

import pytest
from fake_agent import FakeAgent

from daybreak.wire.parent import Ready, Unfit

SAY = """
def main(run):
    import json, os, sys
    print(json.dumps({"imported_by": IMPORTED_BY, "pid": os.getpid(), "parent": os.getppid(), "prepared": run.prepared}), flush=True)
"""
HEAD = """
import os
IMPORTED_BY = os.getpid()

def prepare():
    return os.getpid()
"""


def write(folder, text):
    (folder / "train.py").write_text(textwrap.dedent(text))
    return folder


def one_attempt(agent):
    """What a child of this parent says."""
    worker = agent.launch()
    assert worker.end().reason == "completed"
    assert agent.reaped() == 0
    return json.loads(agent.output())


def test_code_is_imported_and_prepared_once_for_all_attempts(tmp_path):
    with FakeAgent(write(tmp_path, HEAD + SAY)) as agent:
        told = [one_attempt(agent) for _ in range(3)]
    assert {one["imported_by"] for one in told} == {one["prepared"] for one in told} == {agent.parent.pid}
    assert len({one["pid"] for one in told}) == 3


@pytest.mark.parametrize(
    ("unsafe", "why"),
    [
        (
            "import threading; threading.Thread(target=threading.Event().wait, daemon=True, name='beat').start()",
            r"1 thread \(beat\) started",
        ),
        ("import sys; sys.modules['polars'] = sys", "Polars keeps a thread pool"),
    ],
)
def test_code_that_makes_forking_unsafe_is_imported_in_the_child(tmp_path, unsafe, why):
    with FakeAgent(write(tmp_path, HEAD + unsafe + "\n" + SAY)) as agent:
        assert agent.ready.how == "bare_fork"
        assert re.match(why, agent.ready.why)
        told = one_attempt(agent)
    assert told["imported_by"] == told["prepared"] == told["pid"]
    assert told["parent"] == agent.parent.pid


ARROW = """
import pyarrow
import pyarrow.parquet as parquet

def prepare():
    parquet.write_table(pyarrow.table({"a": range(1000), "b": range(1000)}), FILE)
    return READ(FILE)

def main(run):
    print(parquet.read_table(FILE).num_rows, flush=True)
"""


@pytest.mark.parametrize(("read", "how"), [("len", "fork"), ("parquet.read_table", "bare_fork")])
def test_arrow_may_be_imported_before_a_fork_but_not_have_worked(tmp_path, read, how):
    pytest.importorskip("pyarrow")
    text = ARROW.replace("FILE", repr(str(tmp_path / "table.parquet"))).replace("READ", read)
    with FakeAgent(write(tmp_path, text)) as agent:
        assert agent.ready.how == how, agent.ready.why
        worker = agent.launch()
        assert worker.end().reason == "completed"
        assert agent.reaped() == 0
        assert "1000" in agent.output()


def test_data_that_starts_threads_is_prepared_in_the_child(tmp_path):
    text = """
    import os, threading
    IMPORTED_BY = os.getpid()

    def prepare():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return os.getpid()
    """
    with FakeAgent(write(tmp_path, textwrap.dedent(text) + SAY)) as agent:
        assert agent.ready.how == "bare_fork"
        told = one_attempt(agent)
    assert told["prepared"] == told["pid"]


def test_a_bare_parent_holds_the_frameworks_that_the_code_uses(tmp_path):
    text = HEAD + "import sys; sys.modules['polars'] = sys; import numpy.linalg\n" + SAY
    with FakeAgent(write(tmp_path, text)) as agent:
        assert agent.ready.how == "bare_fork"
        assert agent.ready.modules > 150


def test_spawning_starts_a_fresh_interpreter_for_each_attempt(tmp_path):
    with FakeAgent(write(tmp_path, HEAD + SAY), how="spawn") as agent:
        assert (agent.ready.how, agent.ready.why) == ("spawn", "asked for")
        told = one_attempt(agent)
    assert told["imported_by"] == told["prepared"] == told["pid"]


def test_frameworks_that_are_unsafe_themselves_lead_to_spawning(tmp_path, monkeypatch):
    """A package that stands in for a framework and starts a thread as soon as it is imported."""
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "__init__.py").write_text(
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with FakeAgent(write(tmp_path, HEAD + "import scipy\n" + SAY)) as agent:
        assert agent.ready.how == "spawn"
        assert "started on import" in agent.ready.why
        told = one_attempt(agent)
    assert told["imported_by"] == told["pid"]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("import no_such_package", "import", "No module named 'no_such_package'"),
        ("def main(run:", "import", r"'\(' was never closed"),
        ("def train(run): pass", "import", "needs a function 'main' in .*: it has train"),
        ("def main(): pass", "import", "takes one argument, the run"),
        ("def main(run): pass\ndef prepare(): raise SystemExit('no data in ./data')", "import", "no data in ./data"),
        ("raise OSError('no data')", "import", "no data"),
    ],
)
def test_code_that_cannot_be_used_is_told_at_once(tmp_path, text, kind, message):
    with FakeAgent(write(tmp_path, text)) as agent:
        assert isinstance(agent.ready, Unfit)
        failure = agent.ready.failure
        assert failure.kind == kind
        assert re.search(message, failure.message)
        assert failure.tail
        assert agent.parent.wait(20) == 0


def test_code_that_only_the_child_can_import_and_cannot_is_a_crash(tmp_path):
    text = "import os\nif os.environ.get('COLOR'): raise ValueError('only in children')\n" + HEAD + SAY
    with FakeAgent(write(tmp_path, text), how="bare_fork") as agent:
        assert isinstance(agent.ready, Ready)
        ended = agent.launch(environment={"COLOR": "red"}).frames[-1]
        assert (ended.reason, ended.failure.kind, ended.failure.message) == ("crashed", "import", "only in children")
        assert agent.reaped() == 1


def test_hashes_of_strings_are_the_same_in_every_attempt_of_every_parent(tmp_path):
    text = "def main(run):\n    print(hash('daybreak'), flush=True)\n"
    seen = set()
    for name in ("a", "b"):
        home = tmp_path / name
        home.mkdir()
        with FakeAgent(write(tmp_path, text), home=home) as agent:
            agent.launch().end()
            agent.reaped()
            seen.add(agent.output())
    assert len(seen) == 1


def test_a_child_runs_no_cleanup_of_the_parents(tmp_path):
    text = "import atexit, os\natexit.register(lambda: print('BYE', os.getpid(), flush=True))\n" + HEAD + SAY
    with FakeAgent(write(tmp_path, text)) as agent:
        one_attempt(agent)


def test_output_without_a_line_end_is_not_lost_and_not_doubled(tmp_path):
    text = "import sys\nsys.stdout.write('from the parent')\ndef main(run):\n    sys.stdout.write('from the child')\n"
    with FakeAgent(write(tmp_path, text)) as agent:
        agent.launch().end()
        agent.reaped()
        assert agent.output() == "from the child"


def test_the_parent_leaves_quietly_when_its_agent_has_gone(tmp_path):
    write(tmp_path, HEAD + SAY)
    agent = FakeAgent(tmp_path)
    agent.close()
    assert agent.parent.returncode == 0


def test_importing_the_parent_imports_no_framework():
    code = "import sys, daybreak.train.parent; print({'numpy', 'torch', 'sklearn', 'pydantic'} & set(sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    ).stdout
    assert output == "set()\n"

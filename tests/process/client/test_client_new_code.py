"""`daybreak resume --new-code`: a search begins again with the code as it is now; the old one stays what it was."""

import json
import subprocess
import sys

import pytest

from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.starting import wait_until_gone

SCRIPT = "import sys\nprint('score=' + str({factor} * float(sys.argv[1])))\n"


@pytest.fixture
def daybreak(tmp_path):
    home, folder = Home(tmp_path / "home"), tmp_path / "code"
    folder.mkdir()

    def call(*words, code=0):
        command = [sys.executable, "-m", "daybreak.cli", *words, "--home", str(home.path)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    yield call
    with Client(home) as client:
        client.call("shutdown")
    assert wait_until_gone(home)


def test_a_fork_uses_the_new_code_and_tries_the_best_points_first(daybreak, tmp_path):
    script = tmp_path / "code" / "train.py"
    script.write_text(SCRIPT.format(factor=1))
    (tmp_path / "code" / "exp.yaml").write_text(
        "name: factors\nrun: [python, train.py, '{x}']\nspace: {x: {choice: [1, 2, 3]}}\n"
        "objective: {maximize: score}\nsearch: {method: grid, max_units: 1}\n"
    )
    daybreak("run", "exp.yaml", "--slots", "1", "--json")
    assert "has not changed since it began" in daybreak("resume", "1", "--new-code", code=2)

    script.write_text(SCRIPT.format(factor=10))
    found = json.loads(daybreak("resume", "1", "--new-code", "--json"))
    made = found["experiment"]
    assert (made["experiment"], made["name"], made["spec"]["parent"]) == (2, "factors-2", "1")
    assert [trial["point"]["x"] for trial in found["trials"]][:3] == [3, 2, 1]
    assert found["trials"][0]["score"] == 30.0
    old = json.loads(daybreak("export", "1", "--format", "json"))
    assert max(trial["score"] for trial in (old["trials"] if isinstance(old, dict) else old)) == 3.0

"""`daybreak deployment` of one that does not run: what a change says, what goes when it is removed, and that its model may be retired."""

import fcntl

import msgspec
import pytest

from daybreak.base.home import Home
from daybreak.cli.main import main
from daybreak.registry.store import Registry
from daybreak.serving import deploying, desired, removing, status
from daybreak.serving.deployment import Deployment
from daybreak.testing.packages import mlp_columns


@pytest.fixture
def stopped(tmp_path):
    """The folder of a deployment of income@1 that ran once."""
    home = Home(tmp_path / "home")
    registry = Registry(home)
    for _ in range(2):
        with registry.staging() as staged:
            registry.add(staged, mlp_columns(staged))
    one = deploying.served(home, "income@1")
    folder = desired.folder_of(home, "c1")
    desired.write(folder, Deployment("c1", (one,)))
    status.write(folder, status.Status("c1", "serving", 1, "http://127.0.0.1:1", 1, 1.7e9, serving=(one,)))
    (folder / status.LOCK).touch()
    (folder / "events").mkdir()
    (folder / "events" / "1.events").write_bytes(b"12345")
    return folder


@pytest.fixture
def run(stopped, capsys):
    """Exit status of a command, and what it said."""

    def ran(*words):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--home", str(stopped.parents[1])])
        said = capsys.readouterr()
        return ended.value.code, said.out or said.err

    return ran


@pytest.fixture
def running(stopped):
    """As its supervisor holds it."""
    with (stopped / status.LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def test_what_is_lost_is_told_before_it_is_removed(run, stopped):
    code, said = run("deployment", "rm", "c1")
    assert (code, "predictions, feedback and captured requests (5 bytes)" in said) == (2, True)
    assert stopped.is_dir()
    code, said = run("deployment", "rm", "c1", "--yes", "--json")
    assert (code, [one["bytes"] for one in msgspec.json.decode(said)["lost"]]) == (0, [5])
    assert (stopped.exists(), run("deployment", "ls")[1]) == (
        False,
        "nothing is deployed yet: daybreak deploy MODEL@ALIAS\n",
    )
    assert run("deployment", "rm", "c1", "--yes")[0] == 2


def test_one_that_has_kept_nothing_needs_no_yes(run, stopped):
    (stopped / "events" / "1.events").unlink()
    assert run("deployment", "rm", "c1") == (0, "removed c1; its models stay registered\n")


def test_one_whose_record_cannot_be_read_can_be_removed(run, stopped):
    (stopped / desired.RECORD).write_text("{")
    assert run("deployment", "ls")[0] == 6
    assert (run("deployment", "rm", "c1", "--yes")[0], run("deployment", "ls")[0]) == (0, 0)


def test_what_lies_on_another_disk_is_not_followed(run, stopped, tmp_path):
    (stopped / "windows").symlink_to(tmp_path / "disk")
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "1").write_bytes(b"123")
    assert run("deployment", "rm", "c1", "--yes")[0] == 0
    assert (stopped.exists(), (tmp_path / "disk" / "1").read_bytes()) == (False, b"123")


def test_a_removal_that_the_system_cuts_off_can_be_asked_for_again(run, stopped, monkeypatch):
    def denied(place):
        raise PermissionError(13, "Permission denied", str(place))

    with monkeypatch.context() as patched:
        patched.setattr(removing.shutil, "rmtree", denied)
        code, said = run("deployment", "rm", "c1", "--yes")
    assert (code, f"{stopped}/events cannot be removed: Permission denied" in said) == (2, True)
    assert run("deployment", "rm", "c1", "--yes")[0] == 0
    assert not stopped.exists()


@pytest.mark.usefixtures("running")
def test_one_that_runs_is_not_removed_and_its_version_not_retired(run, stopped):
    code, said = run("deployment", "rm", "c1", "--yes")
    assert (code, "deployment c1 runs: daybreak deployment stop c1" in said) == (2, True)
    code, said = run("model", "retire", "income@1")
    assert (code, "income@1 is served by c1: swap it first" in said) == (2, True)
    desired.change(stopped, lambda now: deploying.swapped(now, deploying.served(Home(stopped.parents[1]), "income@2")))
    assert run("model", "retire", "income@1")[0] == 2, "it is still what is served"


def test_a_version_that_only_stopped_deployments_name_is_retired_and_they_say_what_to_do(run, stopped):
    assert run("model", "retire", "income@1")[0] == 0
    shown = msgspec.json.decode(run("deployment", "ls", "--json")[1])
    assert [one["state"] for one in shown] == ["stopped"]
    assert "income 1 (retired)" in run("deployment", "ls")[1]
    code, said = run("deploy", "income@1", "--name", "c1", "--port", "0")
    assert (code, "was retired: its files are gone; name another (2), or register the model again" in said) == (2, True)
    code, said = run("deployment", "start", "c1")
    assert (code, "income 1, which c1 served, is gone: daybreak deployment swap c1 income@VERSION" in said) == (2, True)
    assert run("deployment", "swap", "c1", "income@2")[0] == 0


@pytest.mark.usefixtures("running")
def test_one_that_runs_is_not_started_twice(run):
    code, said = run("deployment", "start", "c1")
    assert (code, "deployment c1 runs already" in said) == (2, True)


def test_a_stopped_one_is_given_no_altered_package(run, stopped):
    weights = Registry(Home(stopped.parents[1])).folder("income", 2) / "model.onnx"
    weights.write_bytes(weights.read_bytes() + b"more")
    code, said = run("deployment", "swap", "c1", "income@2")
    assert (code, "was altered: model.onnx" in said) == (6, True)
    assert desired.read(stopped).served[0].version == 1


def test_a_change_says_what_it_changed(run):
    lead = "c1 does not run; written down for daybreak deployment start c1: "
    assert run("deployment", "scale", "c1", "2") == (0, f"{lead}2 replicas now, 1 before\n")
    told = "the second class of income is told from 0.7 on now, the model's own threshold before (champion)\n"
    assert run("deployment", "threshold", "c1", "income=0.7") == (0, lead + told)
    assert run("deployment", "threshold", "c1", "income=0.7") == (0, lead + "nothing changed\n")
    code, said = run("deployment", "scale", "c1", "1", "--json")
    changed = {"what": "replicas", "of": "", "before": 2, "now": 1, "said": "1 replica now, 2 before"}
    assert (code, msgspec.json.decode(said)["changed"]) == (0, [changed])

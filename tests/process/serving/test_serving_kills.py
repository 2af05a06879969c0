"""Replicas, swaps and supervisors that are really killed: clients hear of it at most as a 503, and what was wanted comes to be."""

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest
from serving_deployed import Asked, Comers, Deployed, Load, alive, until

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two replicas of sums 1, for tests that leave it serving."""
    deployed = Deployed(tmp_path_factory.mktemp("shared"))
    deployed.want(deployed.package(1), replicas=2)
    deployed.start()
    yield deployed
    assert deployed.stop() == 0


@pytest.fixture
def own(tmp_path):
    deployed = Deployed(tmp_path)
    yield deployed
    deployed.stop()


def served(deployed, package):
    """Swap, and wait for it; the generation."""
    wanted = deployed.swap(package)
    until(
        lambda: deployed.status.generation == wanted.generation and deployed.status.state == "serving", "it is swapped"
    )
    return wanted.generation


def test_a_replica_that_dies_with_a_request_tells_its_client_and_is_replaced(shared):
    victim, other = (one.number for one in shared.status.replicas)
    deaths = {one.number: one.restarts for one in shared.status.replicas}
    waiting = []
    while {one.replica for one in waiting} != {victim, other}:
        waiting.append(Asked(shared, 777))
    os.kill(shared.replica(victim).pid, signal.SIGSEGV)
    for code, told in [one.answer() for one in waiting if one.replica == victim]:
        assert (code, told["code"]) == (503, "replica_crashed")
    until(lambda: shared.replica(victim).restarts > deaths[victim], "it is replaced")
    (shared.gates / "predicting-1").touch()
    assert {one.answer()[0] for one in waiting if one.replica == other} == {200}
    (shared.gates / "predicting-1").unlink()
    until(lambda: shared.status.state == "serving", "all is as it was")
    assert shared.replica(other).restarts == deaths[other]


def test_a_swap_loses_no_request(shared):
    with Load(shared) as load:
        until(lambda: len(load.answers) > 50, "answers")
        made = served(shared, shared.package(2))
        asked = len(load.answers)
        until(lambda: len(load.answers) > asked + 50, "answers")
    assert set(load.answers) == {(200, 4, "1"), (200, 5, "2")}
    assert load.answers[-1] == (200, 5, "2")
    assert {one.generation for one in shared.status.replicas} == {made}
    served(shared, shared.packages / "1")


def test_a_replica_killed_during_a_swap_delays_it_and_no_more(shared):
    before, deaths = shared.status.generation, shared.replica(1).restarts
    third = shared.package(3, opened=False)
    with Load(shared) as load:
        until(lambda: len(load.answers) > 20, "answers")
        shared.swap(third)
        until(lambda: len(children(shared.replica(1).pid)) > 1, "the first replica loads it")
        os.kill(shared.replica(1).pid, signal.SIGKILL)
        until(lambda: shared.replica(1).restarts > deaths, "it is replaced")
        assert shared.status.generation == before
        (shared.gates / "loading-3").touch()
        until(
            lambda: shared.status.generation == before + 1 and shared.status.state == "serving",
            "it is swapped after all",
        )
        assert shared.ask(1, 2)[1]["version"] == "3"
    assert {answer for answer in load.answers if answer[0] == 200} == {(200, 4, "1"), (200, 6, "3")}
    assert {one.generation for one in shared.status.replicas} == {before + 1}
    served(shared, shared.packages / "1")


def test_what_cannot_be_loaded_changes_nothing(shared):
    broken = shared.package(9)
    shared.spoil(9)
    with Load(shared, 1) as load:
        wanted = shared.swap(broken)
        until(lambda: shared.status.refused == wanted.generation, "it is refused")
        asked = len(load.answers)
        until(lambda: len(load.answers) > asked + 20, "answers")
    assert set(load.answers) == {(200, 4, "1")}
    assert "of no use" in shared.status.notices[-1].text
    served(shared, shared.packages / "1")


def test_a_package_that_was_altered_is_not_served(shared):
    altered = shared.package(8)
    (altered / "code" / "adding.py").write_text("def load(folder):\n    return lambda feeds: {'sum': feeds['a']}\n")
    wanted = shared.swap(altered)
    until(lambda: shared.status.refused == wanted.generation, "it is refused")
    assert "was altered: code/adding.py" in shared.status.notices[-1].text
    assert shared.ask(1, 2)[1]["version"] == "1"
    served(shared, shared.packages / "1")


def test_no_client_notices_that_replicas_come_and_go(own):
    own.want(own.package(1), replicas=3)
    own.start()
    with Comers(own) as comers:
        for many in (1, 3, 1):
            own.scale(many)
    assert set(comers.heard) == {200}, comers.heard


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system deals to a replica until it has gone")
def test_a_replica_that_leaves_is_dealt_nobody_and_answers_what_it_began(own):
    own.want(own.package(1), replicas=2)
    own.start()
    waiting = []
    while {one.replica for one in waiting} != {1, 2}:
        waiting.append(Asked(own, 777))
    leaving = own.replica(2).pid
    own.want_replicas(1)
    until(lambda: len(own.status.replicas) == 1, "it is to leave")
    os.kill(leaving, signal.SIGSTOP)
    (own.gates / "predicting-1").touch()
    assert {own.ask(1, 2)[0] for _ in range(20)} == {200}
    os.kill(leaving, signal.SIGCONT)
    assert {one.answer()[0] for one in waiting} == {200}
    until(lambda: not alive(leaving), "it ends")


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="whoever may not filter connects until the end"
)
def test_no_client_that_connects_while_it_stops_is_cut_off(own):
    own.want(own.package(1))
    own.start()
    with Comers(own) as comers:
        until(lambda: comers.heard[200] > 50, "answers")
        assert own.stop() == 0
    assert set(comers.heard) == {200, "connecting: ConnectionRefusedError"}, comers.heard


def test_replicas_end_with_their_supervisor(own):
    own.want(own.package(1), replicas=2)
    own.start()
    pids = [one.pid for one in own.status.replicas]
    own.process.kill()
    own.process.wait()
    until(lambda: not any(alive(pid) for pid in pids), "replicas end")
    assert own.status.state == "stopped"


def test_stopping_answers_what_was_begun(own):
    own.want(own.package(1))
    own.start()
    waiting = Asked(own, 777)
    own.process.send_signal(signal.SIGTERM)
    until(lambda: own.status.state == "stopping", "it stops")
    (own.gates / "predicting-1").touch()
    assert waiting.answer()[0] == 200
    assert own.process.wait(20) == 0
    assert own.status.state == "stopped"


def test_a_load_that_takes_minutes_keeps_nobody_from_stopping(own):
    own.want(own.package(1))
    own.start()
    own.swap(own.package(2, opened=False))
    until(lambda: children(own.replica(1).pid)[1:], "it loads")
    own.process.send_signal(signal.SIGTERM)
    until(lambda: own.status.state == "stopping", "it stops")
    (own.gates / "loading-2").touch()
    assert own.process.wait(20) == 0


def test_a_model_that_never_loads_ends_the_deployment_with_the_reason(own):
    own.want(own.package(1))
    own.spoil(1)
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "daybreak.serving.supervisor", str(own.home.path), "sums"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 7
    assert own.status.state == "failed"
    assert "of no use" in own.status.notices[-1].text


def test_a_port_that_is_taken_is_told_in_one_sentence(own):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        own.want(own.package(1), port=taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "daybreak.serving.supervisor", str(own.home.path), "sums"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "is in use: choose another one by --port" in ended.stderr


def children(pid):
    return psutil.Process(pid).children()

"""`daybreak deploy` and `daybreak deployment` as people type them: serve, ask, follow an alias, change, look, stop."""

import http.client
import json
from urllib.parse import urlsplit

import pytest
from cli_process import CommandLine, wait_until

from daybreak.base.home import Home
from daybreak.registry.store import Registry
from daybreak.testing import packages

pytestmark = pytest.mark.enable_socket
ROW = {"age": 39, "hours": 40, "gain": 2174, "job": "clerk"}
DECISION = {"verdict": "passed"}
WAITS = """import os, time


def load(folder):
    while os.path.exists({file!r}):
        time.sleep(0.01)
    return lambda feeds: {{"sum": feeds["a"] + feeds["b"]}}
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """A home with two versions of a model, and `production` at the first."""
    made = CommandLine(tmp_path_factory.mktemp("deploy"))
    registry = Registry(Home(made.home))
    for _ in range(2):
        with registry.staging() as staged:
            registry.add(staged, packages.mlp_columns(staged))
    registry.move("income", "production", 1, decision=DECISION)
    return made


def ask(url, row=ROW):
    place = urlsplit(url)
    client = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        client.request("POST", "/predict", json.dumps(row))
        return json.loads(client.getresponse().read())
    finally:
        client.close()


def test_a_deployment_from_first_to_last_command(command):
    served = command.json("deploy", "income@production", "--port", "0", "--detach")
    assert (served["state"], served["serving"][0]["version"]) == ("serving", 1)
    url = served["url"]
    try:
        first = ask(url, json.loads(command("deployment", "example", "income").stdout))
        assert (first["model"], first["version"]) == ("income", "1")

        Registry(Home(command.home)).move("income", "production", 2, decision=DECISION)
        wait_until(lambda: ask(url)["version"] == "2")

        said = command("deployment", "threshold", "income", "income=0").stdout
        assert "income serves income 2: the second class of income is told from 0 on now" in said
        assert ask(url)["prediction"]["income"]["label"] == ">50K"
        back = command.json("deployment", "swap", "income", "income@1")
        assert (back["serving"][0]["version"], ask(url)["version"]) == (1, "1")

        assert "champion: income 1" in command("deployment", "show", "income").stdout
        assert "switched" in command("deployment", "logs", "income").stdout
        assert "runs already" in command("deploy", "income@2", code=2).stderr
    finally:
        assert command("deployment", "stop", "income").stdout == "stopped income\n"
    assert ("income", "stopped") in [(one["name"], one["state"]) for one in command.json("deployment", "ls")]

    started = command.json("deployment", "start", "income", "--detach")
    try:
        assert (started["serving"][0]["version"], started["serving"][0]["thresholds"]) == (1, {"income": 0.0})
        assert ask(started["url"])["prediction"]["income"]["label"] == ">50K"
    finally:
        command("deployment", "stop", "income")


def test_ctrl_c_ends_a_deployment_in_the_foreground(command):
    with command.started("deploy", "income@2", "--name", "here", "--port", "0") as process:
        first = process.stdout.readline()
        assert first.startswith("serving  income 2 (income@2) as here: http://127.0.0.1:")
        assert process.stdout.readline().startswith("page")
        assert process.stdout.readline().startswith("try      curl http://127.0.0.1:")
        assert ask(first.split()[-1])["version"] == "2"
        command.interrupt(process)
        assert process.returncode == 0


def test_ctrl_c_before_it_serves_is_told_apart_from_an_end(command):
    packages.python(command.folder / "slow", code=WAITS.format(file=str(command.folder / "wait")))
    (command.folder / "wait").touch()
    with command.started("deploy", "./slow", "--name", "slow", "--port", "0") as process:
        wait_until((command.home / "deployments" / "slow" / "status.json").exists)
        assert command.interrupt(process) == ("", "stopped before it served\n")
        assert process.returncode == 130


def test_a_version_with_a_changed_weight_or_other_inputs_is_not_served(command):
    registry = Registry(Home(command.home))
    for make in (packages.mlp_columns, packages.mlp):
        with registry.staging() as staged:
            registry.add(staged, make(staged, name="shop"))
    url = command.json("deploy", "shop@1", "--port", "0", "--detach")["url"]
    try:
        assert "shop 2 takes other inputs than shop 1" in command("deployment", "swap", "shop", "shop@2", code=2).stderr
        assert ask(url)["version"] == "1"
    finally:
        command("deployment", "stop", "shop")

    weights = registry.folder("shop", 1) / "model.onnx"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:])
    assert "was altered: model.onnx" in command("deploy", "shop@1", "--port", "0", "--detach", code=6).stderr

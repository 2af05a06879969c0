"""`daybreak ab`: begin, ramp, read and stop a test of a deployment, as people type it."""

import http.client
import json

import pytest
from cli_process import CommandLine

from daybreak.registry import package
from daybreak.testing.packages import mlp, mlp_columns

pytestmark = pytest.mark.enable_socket

ROW = json.dumps({"features": [0.1] * 64})


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A command line in a folder with three versions, the first of which is deployed as `shop`."""
    folder = tmp_path_factory.mktemp("shop")
    for version in (1, 2, 3):
        mlp(folder / f"v{version}", version=version)
    daybreak = CommandLine(folder)
    told = json.loads(daybreak("deploy", "./v1", "--name", "shop", "--port", "0", "--detach", "--json").stdout)
    daybreak.port = told["port"]
    yield daybreak
    daybreak("deployment", "stop", "shop")


def ask(shop, customers):
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20)
    for customer in customers:
        connection.request("POST", "/predict", ROW, {"x-unit-id": f"customer {customer}"})
        assert connection.getresponse().read().startswith(b'{"id":"')
    connection.close()


def test_a_test_from_its_beginning_to_its_end(shop):
    begun = shop("ab", "start", "shop", "./v2", "--weight", "0.2", "--shadow", "./v3", "--rate", "0.1").stdout
    assert "v2 (mlp 2) answers 20.00 % of units" in begun
    assert "v3 (mlp 3) sees 100.00 % of units" in begun
    assert "a difference of 1 point shows in half of all tests by 51,8" in begun

    ask(shop, range(150))
    ramped = json.loads(shop("ab", "ramp", "shop", "0.5", "--json").stdout)
    assert [arm["weight"] for arm in ramped["arms"]] == [0.5, 0.5, 1.0]
    ask(shop, range(150, 300))

    said = shop("ab", "status", "shop").stdout
    assert "Too early to tell" in said
    assert "holds: units come as they are dealt" in said

    stopped = shop("ab", "stop", "shop", "--because", "summer is over").stdout
    assert "the test is over: mlp 1 answers everybody" in stopped
    told = json.loads(shop("ab", "status", "shop", "--json").stdout)
    assert (told["state"], told["because"]) == ("ended", "summer is over")


def test_a_test_that_cannot_be_served_leaves_everything_as_it_was(shop):
    mlp_columns(shop.folder / "other")
    assert "mlp 1 (features: tensor 64 before, none now" in shop("ab", "start", "shop", "./other", code=2).stderr
    broken = mlp(shop.folder / "broken", version=4)
    (shop.folder / "broken" / "model.onnx").write_bytes(b"no model")
    package.seal(shop.folder / "broken", broken)
    assert "model.onnx" in shop("ab", "start", "shop", "./broken", code=7).stderr
    wanted = json.loads(shop("deployment", "show", "shop", "--json").stdout)["wanted"]
    assert [one["arm"] for one in wanted["served"]] == ["champion"]
    ask(shop, range(3))

"""What cannot be deployed, swapped or set is told in one sentence, before anything changes."""

import socket

import msgspec
import pytest

from daybreak.base.errors import DaybreakError, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.rollout.assignment import Arm, opened
from daybreak.serving import deploying, desired, tokens
from daybreak.serving.deployment import Deployment, Limits
from daybreak.testing import packages


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages") / "income"
    packages.mlp_columns(folder)
    return folder


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.fixture
def wanted(home, package):
    return Deployment("income", (deploying.served(home, str(package)),), port=0)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"replicas": 0}, "--replicas is at least 1, got 0"),
        ({"limits": Limits(body=0)}, "--max-body is at least 1, got 0"),
        ({"limits": Limits(batch=0)}, "--batch is at least 1"),
        ({"limits": Limits(deadline=0)}, "--deadline is more than 0 seconds"),
        ({"port": 70_000}, "--port is 0 to 65535"),
        ({"host": "0.0.0.0"}, "needs a token"),
        ({"certificate": "missing.pem"}, "TLS needs a certificate"),
        ({"name": "../up"}, "a deployment's name is letters"),
    ],
)
def test_what_cannot_be_deployed_is_not_wanted(home, wanted, more, told):

    with pytest.raises(UsageError, match=told):
        deploying.begin(home, msgspec.structs.replace(wanted, **more))
    assert desired.names(home) == []


def test_an_address_that_others_reach_is_served_once_a_token_opens_it(home, wanted):

    reachable = msgspec.structs.replace(wanted, host="0.0.0.0")
    tokens.create(home.tokens, "shop", ("predict",), deployments=("other",))
    with pytest.raises(UsageError, match="needs a token that opens income"):
        deploying.check(home, reachable)
    tokens.revoke(home.tokens, "shop")  # none is left, and a deployment that nobody can ask is not begun
    with pytest.raises(UsageError, match="needs a token that opens income"):
        deploying.check(home, reachable)
    tokens.create(home.tokens, "web", ("predict",), deployments=("inc*",))
    deploying.check(home, reachable)


@pytest.mark.enable_socket
def test_a_port_in_use_is_told_before_anything_is_written(home, wanted):

    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:  # one that would share it
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is in use: choose another one by --port"):
            deploying.begin(home, msgspec.structs.replace(wanted, port=port))
    assert desired.names(home) == []


@pytest.mark.parametrize(
    ("reference", "told"), [("nothing@1", "no model is called nothing"), ("./nowhere", "a package is a folder")]
)
def test_what_is_not_registered_is_not_found(home, reference, told):
    with pytest.raises(NotFound, match=told):
        deploying.served(home, reference)


@pytest.mark.parametrize(
    ("output", "score", "told"),
    [("income", 7.0, "a threshold is a score, 0 to 1"), ("price", 0.5, "has the outputs income, not price")],
)
def test_a_threshold_is_a_score_of_an_output_with_two_classes(wanted, output, score, told):
    with pytest.raises(DaybreakError, match=told):
        deploying.with_threshold(wanted, output, score)


def test_a_threshold_is_set_and_taken_off(wanted):
    changed = deploying.with_threshold(wanted, "income", 0.7)
    assert changed.served[0].thresholds == {"income": 0.7}
    assert deploying.with_threshold(changed, "income", None) == wanted


def test_a_swap_keeps_thresholds_and_leaves_tests_alone(home, wanted, package):

    changed = deploying.with_threshold(wanted, "income", 0.7)
    new = deploying.served(home, str(package))
    assert deploying.swapped(changed, new).served[0].thresholds == {"income": 0.7}
    with pytest.raises(NotFound, match="has the arms champion, not other"):
        deploying.swapped(wanted, msgspec.structs.replace(new, arm="other"))
    split = opened("s", Arm("champion", "income", "1", "champion"), {Arm("v2", "income", "2"): 0.1})
    with pytest.raises(UsageError, match="runs a test"):
        deploying.swapped(msgspec.structs.replace(wanted, split=split), new)


@pytest.mark.enable_socket
def test_every_change_grows_the_generation_and_none_is_lost(home, wanted):

    first = deploying.begin(home, wanted)
    folder = desired.folder_of(home, "income")
    assert desired.change(folder, lambda before: before) == first
    second = desired.change(folder, lambda before: msgspec.structs.replace(before, replicas=2))
    assert (first.generation, second.generation, desired.read(folder)) == (1, 2, second)
    assert deploying.begin(home, wanted).generation == 3

"""Who may ask a deployment what."""

import pytest

from daybreak.serving import tokens
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.guard import guard_of, is_loopback, scope_of
from daybreak.serving.refusals import Refusal

SERVED = (Served("champion", "digits", 1, "/nowhere"),)
LOCAL = "localhost:8080"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "deployments" / "digits").mkdir(parents=True)
    return tmp_path


def guard(home, **told):
    return guard_of(home / "deployments" / "digits", Deployment("digits", SERVED, **told))


def refused(one, *asked):
    with pytest.raises(Refusal) as caught:
        one.admit(*asked)
    return caught.value.code


def test_on_loopback_without_tokens_anybody_of_the_machine_may(home):
    one = guard(home)
    for host in (LOCAL, "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"):
        one.admit("admin", host, None, None)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", None, "[::2]:80"])
def test_on_loopback_a_name_that_was_rebound_gains_nothing(home, host):
    assert refused(guard(home), None, host, None, None) == "wrong_host"


def test_elsewhere_a_token_is_always_needed(home):
    one = guard(home, host="0.0.0.0")
    one.admit(None, "digits.example", None, None)
    assert refused(one, "predict", "digits.example", None, None) == "token_missing"
    assert refused(one, "predict", "digits.example", None, "Bearer dbk_x_y") == "token_invalid"


def test_a_token_in_the_home_binds_loopback_too(home):
    _, text = tokens.create(home / "tokens.json", "page", ("predict",))
    one = guard(home)
    one.admit("predict", LOCAL, None, f"Bearer {text}")
    assert refused(one, "read", LOCAL, None, f"Bearer {text}") == "scope_missing"
    assert refused(one, "predict", LOCAL, None, None) == "token_missing"


def test_revoking_the_last_token_lets_nobody_in(home):
    file = home / "tokens.json"
    _, text = tokens.create(file, "page", ("predict",))
    tokens.revoke(file, "page")
    one = guard(home)
    assert refused(one, "predict", LOCAL, None, None) == "token_missing"
    assert refused(one, "predict", LOCAL, None, f"Bearer {text}") == "token_invalid"
    one.admit(None, LOCAL, None, None)
    file.unlink()
    guard(home).admit("predict", LOCAL, None, None)


def test_a_revoked_token_keeps_shut_what_it_opened(home):
    file = home / "tokens.json"
    tokens.create(file, "spam", ("predict",), deployments=("spam*",))
    tokens.create(file, "page", ("predict",), deployments=("dig*",))
    tokens.revoke(file, "page")
    assert refused(guard(home), "predict", LOCAL, None, None) == "token_missing", "though a token of others is left"


def test_the_last_token_of_another_deployment_is_revoked_and_shuts_that_alone(home):
    tokens.create(home / "tokens.json", "page", ("predict",), deployments=("spam*",))
    tokens.revoke(home / "tokens.json", "page")
    guard(home).admit("predict", LOCAL, None, None)


def test_on_loopback_tokens_of_other_deployments_close_nothing(home):
    tokens.create(home / "tokens.json", "page", ("predict",), deployments=("spam*",))
    guard(home).admit("predict", LOCAL, None, None)


def test_a_token_of_another_deployment_does_not_open_this_one(home):
    _, text = tokens.create(home / "tokens.json", "page", ("predict",), deployments=("spam*",))
    assert refused(guard(home, host="::"), "predict", "x", None, f"Bearer {text}") == "token_invalid"


def test_pages_of_other_sites_may_not_call_unless_they_are_named(home):
    one = guard(home)
    one.admit("predict", LOCAL, f"http://{LOCAL}", None)
    for origin in ("https://evil.example", "null", "http://localhost:9999", f"https://{LOCAL}"):
        assert refused(one, "predict", LOCAL, origin, None) == "foreign_origin"
    guard(home, origins=("https://app.example",)).admit("predict", LOCAL, "https://app.example", None)


def test_a_proxy_may_hand_on_the_name_of_a_welcome_site(home):
    one = guard(home, origins=("https://app.example",))
    one.admit("predict", "app.example", "https://app.example", None)
    assert refused(one, "predict", "evil.example", "https://app.example", None) == "wrong_host"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/predict", "predict"),
        ("POST", "/v2/models/digits/versions/3/infer", "predict"),
        ("POST", "/feedback", "feedback"),
        ("GET", "/metrics", "read"),
        ("GET", "/v2/models/digits", "read"),
        ("GET", "/anything", "read"),
        ("POST", "/anything", "admin"),
        ("DELETE", "/v2/models/digits", "admin"),
        ("GET", "/v2/health/ready", None),
        ("GET", "/", None),
    ],
)
def test_what_a_route_asks_for(method, path, scope):
    assert scope_of(method, path) == scope


def test_loopback_is_an_address_of_this_machine_alone():
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "Localhost.")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.com", "")))

"""A token is told once, kept as a hash, opens what it was made for, and ends."""

import pytest

from daybreak.base.errors import NotFound, UsageError
from daybreak.serving import tokens
from daybreak.serving.tokens import Refused, Tokens


@pytest.fixture
def file(tmp_path):
    return tmp_path / "tokens.json"


def refused(opened, told, scope="predict"):
    with pytest.raises(Refused) as caught:
        opened.check(told, scope)
    return caught.value.code


def test_a_token_opens_its_scope_and_no_other(file):
    token, text = tokens.create(file, "page", ("predict",))
    opened = Tokens(file, "digits")

    assert opened.check(f"Bearer {text}", "predict") == token
    assert refused(opened, f"Bearer {text}", "feedback") == "scope_missing"
    assert refused(opened, None) == "token_missing"
    assert refused(opened, f"Basic {text}") == "token_invalid"
    assert refused(opened, f"Bearer {text[:-1]}") == "token_invalid"
    assert refused(opened, "Bearer") == "token_invalid"


def test_admin_may_do_everything(file):
    _, text = tokens.create(file, "me", ("admin",))
    opened = Tokens(file, "digits")
    assert [opened.check(f"bearer {text}", scope).name for scope in tokens.SCOPES] == ["me"] * 4


def test_the_file_holds_no_secret_and_is_its_owners(file):
    _, text = tokens.create(file, "page", ("predict",))
    assert text.rsplit("_", 1)[1] not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_ends(file):
    now = [0.0]
    token, text = tokens.create(file, "page", ("predict",), days=1)
    opened = Tokens(file, "digits", clock=lambda: now[0])
    now[0] = token.expires - 1
    opened.check(f"Bearer {text}", "predict")
    now[0] = token.expires
    assert refused(opened, f"Bearer {text}") == "token_expired"


def test_a_token_is_of_the_deployments_it_names(file):
    _, text = tokens.create(file, "page", ("predict",), deployments=("digits-*",))
    Tokens(file, "digits-eu").check(f"Bearer {text}", "predict")
    assert not Tokens(file, "spam")
    assert refused(Tokens(file, "spam"), f"Bearer {text}") == "token_invalid"


def test_a_revoked_token_opens_nothing(file):
    token, text = tokens.create(file, "page", ("predict",))
    tokens.create(file, "other", ("read",))
    assert tokens.revoke(file, "page") == token
    assert refused(Tokens(file, "digits"), f"Bearer {text}") == "token_invalid"
    with pytest.raises(NotFound, match="daybreak token ls"):
        tokens.revoke(file, "page")


def test_what_is_revoked_is_listed_no_more_and_leaves_its_name(file):
    for _ in range(3):
        tokens.create(file, "page", ("predict",))
        tokens.revoke(file, "page")
    assert tokens.every(file) == []
    assert file.read_text().count("revoked") == 1, "one of the same deployments is kept"


def test_slips_are_named(file):
    with pytest.raises(UsageError, match="scopes are predict, feedback, read, admin, got prdict"):
        tokens.create(file, "page", ("prdict",))
    tokens.create(file, "page", ("predict",))
    with pytest.raises(UsageError, match="page is taken"):
        tokens.create(file, "page", ("predict",))
    file.write_text("{")
    with pytest.raises(UsageError, match="no list of tokens"):
        tokens.every(file)
    opened = Tokens(file, "digits")
    with pytest.raises(UsageError, match="no list of tokens"):
        bool(opened)
    assert opened.needed

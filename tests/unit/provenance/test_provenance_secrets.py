"""What counts as a secret, by name."""

import pytest

from daybreak.provenance.secrets import is_secret_file, redacted, redacted_text, redacted_words, secret_variables


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY",
        "OPENAI_APIKEY",
        "AWS_ACCESS_KEY_ID",
        "HF_TOKEN",
        "DB_PASSWORD",
        "client_secret",
        "PGPASSWORD",
        "GOOGLE_CREDENTIALS",
    ],
)
def test_variables_that_hold_secrets_by_their_name(name):
    assert secret_variables({name: "hush"}) == [name]


def test_a_variable_with_a_password_in_its_url_holds_a_secret():
    assert secret_variables({"DATABASE_URL": "postgresql://ann:hush@db/x", "INDEX": "https://ann@example.org/x"}) == [
        "DATABASE_URL"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKENIZERS_PARALLELISM", "false"),
        ("PATH", "/bin"),
        ("MAX_TOKEN", "512"),
        ("USE_TOKEN", "true"),
        ("KEYBOARD", "us"),
        ("API_KEY", ""),
    ],
)
def test_variables_that_hold_none(name, value):
    assert secret_variables({name: value}) == []


@pytest.mark.parametrize(
    "name", ["credentials.py", "keys.txt", "environment.yaml", "token.py", "model.pt", "tokenizer.json"]
)
def test_files_that_are_no_secrets(name):
    assert not is_secret_file(name)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ann:hush@example.org/a.git", "https://example.org/a.git"),
        ("https://example.org/a?token=hush", "https://example.org/a"),
        ("ssh://git@example.org:22/a.git", "ssh://example.org:22/a.git"),
        ("git@example.org:team/a.git", "git@example.org:team/a.git"),
        ("/srv/git/a.git", "/srv/git/a.git"),
    ],
)
def test_urls_lose_their_users_and_queries(url, told):
    assert redacted(url) == told


def test_a_command_line_is_told_without_its_secrets():
    words = [
        "daybreak",
        "run",
        "--api-key",
        "hush",
        "--token=hush",
        "API_KEY=hush",
        "lr=0.1",
        "https://ann:hush@example.org/x",
    ]
    assert redacted_words(words) == [
        "daybreak",
        "run",
        "--api-key",
        "***",
        "--token=***",
        "API_KEY=***",
        "lr=0.1",
        "https://example.org/x",
    ]
    assert (
        redacted_text("cannot reach https://ann:hush@example.org/simple") == "cannot reach https://example.org/simple"
    )

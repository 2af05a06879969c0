"""What may hold secrets: environment variables, files, command lines and URLs.

Judged by name. Two contents are recognised as well: a private key in a file, and a password in a URL.
"""

import fnmatch
import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

_VARIABLE = re.compile(
    r"(?:^|_)(?:[A-Z0-9]*KEY|TOKEN|[A-Z0-9]*SECRET|[A-Z]*PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|PAT)(?:_|$)"
)
_PLAIN = re.compile(r"(?:-?[0-9.]*|true|false|yes|no|on|off)$", re.IGNORECASE)  # a switch or a number is no secret
_PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*(?:\\n)?[A-Za-z0-9+/=:,\- \r\n]{24}"
)
_USER = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/@\s]+@", re.IGNORECASE)
_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@", re.IGNORECASE)
_FILES = (
    *(
        ".env",
        ".env.*",
        "*.env",
        ".envrc",
        "*.pem",
        "*.key",
        "*.p12",
        "*.pfx",
        "*.jks",
        "*.keystore",
        "*.ppk",
        "*.kdbx",
    ),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.asc", "*.gpg", ".netrc", "_netrc", ".pypirc", ".npmrc"),
    *(".git-credentials", ".htpasswd", ".pgpass", "kubeconfig", "*.tfvars", "*.tfstate"),
    *("credentials", "credentials.*", "*_credentials.json", "*-credentials.json", "service-account*.json"),
    *("service_account*.json", "client_secret*.json", "secret.*", "secrets.*", "token.json", "token.txt", "*.token"),
)
_SECRET_FILE = re.compile("|".join(fnmatch.translate(pattern) for pattern in _FILES), re.IGNORECASE)


def secret_variables(environment: Mapping[str, str]) -> list[str]:
    """Names of the variables that may hold a secret, sorted: by their name, or for a URL with a password."""
    return sorted(printable(name) for name, value in environment.items() if _is_secret(name, value))


def is_secret_file(name: str) -> bool:
    """Whether a file of this name (no folders) may hold secrets. Python files are code whatever they are called."""
    return not name.endswith(".py") and _SECRET_FILE.match(name) is not None


def holds_private_key(data: bytes) -> bool:
    """Whether a PEM private key stands in some bytes, also as a string of source code."""
    return b"PRIVATE KEY" in data and _PRIVATE_KEY.search(data) is not None


def redacted(url: str) -> str:
    """A URL without user, password and query: `https://user:token@host/x` -> `https://host/x`. `git@host:x` stays: a name, no secret."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def redacted_text(text: str) -> str:
    """A text, such as an error message, with what stands before the @ of its URLs left out."""
    return _USER.sub(r"\g<scheme>", text)


def printable(text: str) -> str:
    """Text that can be stored as JSON: bytes of another encoding, as in names of files and arguments, are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def redacted_words(words: list[str]) -> list[str]:
    """A command line without secrets: `--api-key X`, `API_KEY=X` and users in URLs are replaced by `***`."""
    told: list[str] = []
    hide = False
    for word in words:
        name, equals, value = word.partition("=")
        secret = _is_secret(name.lstrip("-").replace("-", "_").upper(), value or "?")
        told.append("***" if hide else f"{name}=***" if secret and equals else redacted_text(printable(word)))
        hide = secret and not equals and word.startswith("-")
    return told


def _is_secret(name: str, value: str) -> bool:
    return (_VARIABLE.search(name.upper()) is not None and not _PLAIN.match(value)) or _PASSWORD.search(
        value
    ) is not None

"""Bearer tokens (RFC 6750): `dbk_ID_SECRET`, told once, kept as SHA-256 in the home's `tokens.json` (mode 600).

A secret has 256 bits of chance, so a plain hash of it cannot be guessed back; a slow one would only slow down every request.
"""

import fcntl
import fnmatch
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hmac import compare_digest
from pathlib import Path
from typing import Literal, get_args

import msgspec

from daybreak.base.errors import DaybreakError, NotFound, UsageError

Scope = Literal["predict", "feedback", "read", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "dbk"
EVERY = "*"
LONGEST = 36_500.0  # days


class Refused(DaybreakError):
    """A request without a token that allows it. `code`: token_missing, token_invalid, token_expired or scope_missing."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """One token.

    `scopes`: predict, feedback, read (metadata, metrics, drift), admin (all); `deployments`: patterns of their names;
    `expires`: seconds since 1970, 0 for never; `revoked`: the same, of one that opens nothing and keeps its deployments shut.
    """

    id: str
    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created: float
    expires: float = 0.0
    deployments: tuple[str, ...] = (EVERY,)
    revoked: float = 0.0

    def allows(self, scope: Scope) -> bool:
        """Whether it may do that."""
        return scope in self.scopes or "admin" in self.scopes

    def opens(self, deployment: str) -> bool:
        """Whether it is for that one."""
        return any(fnmatch.fnmatchcase(deployment, pattern) for pattern in self.deployments)


class Tokens:
    """The tokens that open one deployment, read again when their file changes (asked at most once a second)."""

    def __init__(self, file: Path, deployment: str, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._deployment = deployment
        self._clock = clock
        self._asked = float("-inf")
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, Token] = {}
        self._closed = False

    def __bool__(self) -> bool:
        """Whether one opens the deployment."""
        self._refresh()
        return bool(self._known)

    @property
    def needed(self) -> bool:
        """Whether requests need one on this machine, too: one opens the deployment, or did so before it was revoked."""
        self._refresh()
        return bool(self._known) or self._closed

    def check(self, told: str | None, scope: Scope) -> Token:
        """The token of an `Authorization` header's value. Raises `Refused`."""
        self._refresh()
        if told is None:
            raise Refused("this deployment asks for a token: send `Authorization: Bearer dbk_...`", "token_missing")
        token = self._named(told)
        if token.expires and token.expires <= self._clock():
            raise Refused("the token has expired: ask for a new one", "token_expired")
        if not token.allows(scope):
            raise Refused(f"the token lacks the scope `{scope}`", "scope_missing")
        return token

    def _named(self, told: str) -> Token:
        scheme, _, value = told.partition(" ")
        kind, _, rest = value.strip().partition("_")
        name, _, secret = rest.partition("_")
        token = self._known.get(name)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        if scheme.lower() != "bearer" or kind != PREFIX or token is None or not compare_digest(digest, token.sha256):
            raise Refused("the token is not one of this deployment's", "token_invalid")
        return token

    def _refresh(self) -> None:
        now = time.monotonic()
        if now < self._asked + 1.0:
            return
        self._asked = now
        try:
            found = self._file.stat()
        except FileNotFoundError:
            self._seen, self._known, self._closed = None, {}, False
            return
        if (found.st_mtime_ns, found.st_ino) != self._seen:
            self._seen = (found.st_mtime_ns, found.st_ino)
            self._known, self._closed = {}, True  # a file that cannot be read opens nothing
            kept = _kept(self._file)
            ours = [one for one in kept if one.opens(self._deployment)]
            self._known = {one.id: one for one in ours if not one.revoked}
            self._closed = bool(ours) or not kept  # who revokes a token shuts somebody out, and lets nobody in


def create(
    file: Path, name: str, scopes: tuple[str, ...], *, days: float = 0.0, deployments: tuple[str, ...] = (EVERY,)
) -> tuple[Token, str]:
    """A new token and its text, which nobody can read again. Raises `UsageError` for an unknown scope or a name that is taken."""
    unknown = sorted({*scopes} - {*SCOPES})
    if unknown or not scopes:
        raise UsageError(f"scopes are {', '.join(SCOPES)}, got {', '.join(unknown) or 'none'}")
    if not 0 <= days < LONGEST:
        raise UsageError(f"a token lives for 0 days (for ever) to {LONGEST:g}, got {days:g}")
    identity, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    now = time.time()
    token = Token(
        id=identity,
        name=name,
        sha256=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        created=now,
        expires=now + days * 86_400 if days else 0.0,
        deployments=deployments,
    )
    with _changing(file) as known:
        if any(one.name == name and not one.revoked for one in known):
            raise UsageError(f"names of tokens are unique, {name} is taken: revoke it or name this one otherwise")
        known.append(token)
    return token, f"{PREFIX}_{identity}_{secret}"


def revoke(file: Path, name: str) -> Token:
    """Take a token back, by name or id; what it opened stays shut to those without one. Raises `NotFound`."""
    with _changing(file) as known:
        found = next((one for one in known if name in (one.name, one.id) and not one.revoked), None)
        if found is None:
            raise NotFound(f"there is no token {name}; `daybreak token ls` lists them")
        known[:] = [
            one for one in known if one is not found and not (one.revoked and one.deployments == found.deployments)
        ]  # one revoked token of the same deployments is enough
        known.append(msgspec.structs.replace(found, sha256="", revoked=time.time()))
    return found


def every(file: Path) -> list[Token]:
    """All tokens that are not revoked, oldest first. Raises `UsageError` where the file is no list of tokens."""
    return [one for one in _kept(file) if not one.revoked]


def _kept(file: Path) -> list[Token]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Token])
    except FileNotFoundError:
        return []
    except msgspec.MsgspecError as error:
        raise UsageError(f"{file} is no list of tokens: {error}") from error


@contextmanager
def _changing(file: Path) -> Iterator[list[Token]]:
    """The list, written whole when the block ends without an error; one process at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _kept(file)
        yield known
        partial = file.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(known), indent=1))
        partial.replace(file)

"""Who may ask what: host names on loopback, origins of pages, bearer tokens with scopes. Asked before any body is read.

| asked | rule |
|---|---|
| Host | a deployment on a loopback address answers to loopback names and those of `origins`: DNS rebound to 127.0.0.1 gains nothing |
| Origin | a page of another site may call where `origins` names it; others are refused, "simple" requests too, which CORS lets through |
| token | needed once the home has, or had and revoked, one for the deployment, and always where the address is not loopback |

Whether the replica lives and is ready needs no token, and neither does the page itself (`OPEN`): it holds no data, and asks for a token.
"""

import ipaddress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from daybreak.base.errors import UsageError
from daybreak.serving.deployment import Deployment
from daybreak.serving.problems import refuse
from daybreak.serving.tokens import Refused, Scope, Tokens

TOKENS = "tokens.json"  # in the home
OPEN: Final = ("/health/", "/v2/health/", "/page/")
_SCOPES: Final[dict[str, Scope]] = {"/predict": "predict", "/feedback": "feedback"}


class Guard:
    """Of one replica. Cheap: a request that may pass costs a look into two sets, and one SHA-256 where there is a token."""

    def __init__(self, deployment: Deployment, tokens: Tokens) -> None:
        self._local = is_loopback(deployment.host)
        self._scheme = "https" if deployment.certificate else "http"
        self._origins = frozenset(deployment.origins)
        self._names = {
            urlsplit(origin).hostname for origin in deployment.origins
        }  # a proxy may hand on the name it was asked by
        self._tokens = tokens
        self._hosts: set[str | None] = set()  # that passed before

    def admit(self, scope: Scope | None, host: str | None, origin: str | None, authorization: str | None) -> None:
        """Let a request pass, by the values of its headers (None where one is missing). `scope` None: without a token.

        Raises `Refusal`: wrong_host, foreign_origin, token_missing, token_invalid, token_expired, scope_missing.
        """
        if host not in self._hosts:
            self._look_at(host)
        if origin is not None and not self.welcomes(origin, host):
            raise refuse(
                "foreign_origin",
                f"pages of {origin[:80]} may not call: daybreak deploy --origin names a site whose pages may",
            )
        self.admit_call(scope, authorization)

    def admit_call(self, scope: Scope | None, authorization: str | None) -> None:
        """The same for gRPC, which no page can speak: the token alone."""
        if scope is not None and (not self._local or self._tokens.needed):
            self._ask(scope, authorization)

    def welcomes(self, origin: str, host: str | None) -> bool:
        """Whether a page from there may call: our own, or one that the deployment names."""
        return origin in self._origins or "*" in self._origins or origin == f"{self._scheme}://{host}"

    def _look_at(self, host: str | None) -> None:
        name = _name(host or "")
        if self._local and not is_loopback(name) and name.lower() not in self._names:
            told = "this deployment listens on a loopback address and answers to localhost, 127.0.0.1 and [::1] alone"
            raise refuse("wrong_host", told, "Host")
        if len(self._hosts) < 64:  # noqa: PLR2004 - nobody makes it grow by inventing names
            self._hosts.add(host)

    def _ask(self, scope: Scope, authorization: str | None) -> None:
        try:
            self._tokens.check(authorization, scope)
        except Refused as refused:
            raise refuse(refused.code, str(refused)) from None


def guard_of(folder: Path, deployment: Deployment) -> Guard:
    """The guard of the deployment whose folder is HOME/deployments/NAME."""
    return Guard(deployment, Tokens(folder.parent.parent / TOKENS, deployment.name))


def scope_of(method: str, path: str) -> Scope | None:
    """What a request needs: to change anything else than by its own face needs `admin`, to look needs `read`; None: nothing."""
    if path in _SCOPES and method == "POST":
        return _SCOPES[path]
    if path == "/" or path.startswith(OPEN):
        return None
    if method == "POST" and path.startswith("/v2/models/") and path.endswith("/infer"):
        return "predict"
    return "read" if method in ("GET", "HEAD") else "admin"


def check_reach(host: str, name: str, tokens: Tokens, command: str) -> None:
    """Raises `UsageError` for an address that others can reach where no token opens `name`: it would refuse everybody.

    `command`: what makes a token there.
    """
    if not is_loopback(host) and not tokens:
        raise UsageError(
            f"an address that others can reach needs a token that opens {name}, and {host} has none: "
            f"{command}, or serve on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether an address or name is of this machine alone."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """A Host header without its port: `[::1]:8080` is ::1."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]

"""What a deployment wants of monitoring: the `watch` of deployment.json."""

from typing import Any, Literal

import msgspec

from daybreak.base.errors import UsageError
from daybreak.monitoring.policy import Policy

FEWEST = 100  # rows that a window may be judged with


class Email(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where mail goes to. `password_file`: holds the password alone; it is read when a mail is sent, and kept nowhere else."""

    to: tuple[str, ...]
    sender: str = "daybreak@localhost"
    host: str = "localhost"
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password_file: str = ""


class Watch(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How live rows are watched.

    A window is judged when it is `every` seconds old and has `policy.rows` rows, or as soon as it has `most` rows, or after `patience`
    seconds whatever it has. `share`: of one core that a replica may spend on counting; rows beyond are skipped, and their number is told.
    `truths`: answers a second that a replica remembers for feedback that tells the truth later (8 MB a day for each).
    `again`: seconds until people are told again of what has not ended; `quiet`: least seconds between two alerts of one arm.
    `keep`: days that windows, reports and segments of `events/` are kept.
    """

    policy: Policy = Policy()
    every: float = 900.0
    most: int = 100_000
    patience: float = 86_400.0
    share: float = 0.02
    truths: float = 10.0
    webhooks: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    email: Email | None = None
    again: float = 86_400.0
    quiet: float = 600.0
    keep: int = 30
    report: bool = True


def read(told: dict[str, Any]) -> Watch:
    """Settings from the deployment's record. Raises `UsageError` where they are none."""
    try:
        return msgspec.convert(told, Watch)
    except msgspec.ValidationError as error:
        raise UsageError(f"`watch` of deployment.json must be settings of monitoring, but {error}") from None


def checked(watch: Watch) -> Watch:
    """The same. Raises `UsageError` for what cannot be wanted."""
    policy = watch.policy
    if not 0 < policy.level < 1:
        raise UsageError(f"a level is a probability between 0 and 1, got {policy.level:g}")
    if policy.rows < FEWEST:
        raise UsageError(f"a window needs at least {FEWEST} rows to say anything, got {policy.rows}")
    if watch.keep < 1:
        raise UsageError(f"windows are kept for at least a day, got {watch.keep}")
    if min(watch.every, watch.truths, policy.psi, policy.wasserstein, policy.classes, policy.shares) < 0:
        raise UsageError("durations, rates and effects of monitoring are at least 0")
    for url in watch.webhooks:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"a webhook is an http or https URL, got {url!r}")
    if watch.email is not None:
        for address in (*watch.email.to, watch.email.sender):
            _check_address(address)
    return watch


def _check_address(address: str) -> None:
    name, at, host = address.rpartition("@")
    if not (name and at and host) or any(letter.isspace() or letter in ",;<>" for letter in address):
        raise UsageError(f"mail goes to and comes from an address as NAME@HOST, one each, got {address!r}")


def told(watch: Watch) -> dict[str, Any]:
    """Settings as the deployment's record holds them: what differs from the defaults."""
    result: dict[str, Any] = msgspec.to_builtins(watch)
    policy = msgspec.to_builtins(watch.policy)
    different = {name: value for name, value in policy.items() if value != msgspec.to_builtins(Policy())[name]}
    result.pop("policy", None)
    return result | ({"policy": different} if different else {})

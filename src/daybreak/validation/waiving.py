"""To waive a finding: which one is meant, who answers for it, and until when."""

import getpass
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.hashing import HEX_LENGTH
from daybreak.base.home import Home
from daybreak.validation import records, waivers
from daybreak.validation.decision import Decision
from daybreak.validation.waivers import Waiver

SHORTEST = 8  # digits of a fingerprint
T = TypeVar("T")


class Said(NamedTuple):
    """What somebody says of a finding. `until`: a day, or a time from now."""

    reason: str
    until: str = ""
    author: str = ""
    revoke: bool = False


class Known(NamedTuple):
    """A finding that an audit or a gate told of."""

    fingerprint: str
    rule: str
    what: str
    run: str


def waive(home: Home, fingerprint: str, said: Said) -> Waiver:
    """Append a waiver, or take one back. Raises `NotFound` for what nobody found, `UsageError` without reason and end."""
    now = time.time()
    if not said.reason.strip():
        raise UsageError("a waiver has a reason: --reason 'why it may be so'")
    if said.revoke:
        return _revoke(home, fingerprint, said, now)
    if not said.until:
        raise UsageError("a waiver ends: --until 2027-01-31, or --until 30d")
    known = find(home, fingerprint)
    made = Waiver(
        known.fingerprint,
        said.reason.strip(),
        said.author or author(),
        now,
        waivers.until(said.until, now),
        known.rule,
        known.what,
        known.run,
    )
    return waivers.append(home, made)


def find(home: Home, fingerprint: str) -> Known:
    """The finding with these first digits. Raises `NotFound`, `UsageError` where they are too few or name several."""
    _check(fingerprint)
    found = {one.fingerprint: one for one in _known(home) if one.fingerprint.startswith(fingerprint.lower())}
    if not found:
        raise NotFound(
            f"no audit and no gate of this home told of a finding {fingerprint}: daybreak audit RUN and daybreak gate RUN show them"
        )
    return _only(found, fingerprint)


def author() -> str:
    """The user of git with their address, else of this machine."""
    git = shutil.which("git")
    if git is not None:
        name, mail = (_git(git, f"user.{part}") for part in ("name", "email"))
        if name:
            return f"{name} <{mail}>" if mail else name
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise UsageError("somebody answers for a waiver: --author NAME") from error


def _revoke(home: Home, fingerprint: str, said: Said, now: float) -> Waiver:
    _check(fingerprint)
    there = {name: one for name, one in waivers.last(home).items() if name.startswith(fingerprint.lower())}
    if not there:
        raise NotFound(f"there is no waiver of {fingerprint}: daybreak waive lists them")
    one = _only(there, fingerprint)
    made = Waiver(
        one.fingerprint, said.reason.strip(), said.author or author(), now, 0.0, one.rule, one.what, one.run, True
    )
    return waivers.append(home, made)


def _known(home: Home) -> Iterator[Known]:
    """What audits found, and what gates blocked on besides."""
    for audit in records.every(home):
        for one in audit.report.findings:
            yield Known(one.fingerprint, one.rule, one.what, audit.run)
    for file in home.path.glob("experiments/*/gate/gate-*.json"):
        decision = records.read(file, Decision)
        for asked in decision.asked:
            for name in asked.fingerprints:
                yield Known(name, asked.what, asked.says, decision.run)


def _check(fingerprint: str) -> None:
    digits = set(fingerprint.lower()) <= set("0123456789abcdef")
    if not digits or not SHORTEST <= len(fingerprint) <= HEX_LENGTH:
        raise UsageError(
            f"a finding is named by its fingerprint, {SHORTEST} to {HEX_LENGTH} hexadecimal digits, got {fingerprint!r}"
        )


def _only(found: dict[str, T], fingerprint: str) -> T:
    if len(found) > 1:
        raise UsageError(f"{fingerprint} names {len(found)} findings: give more digits")
    return next(iter(found.values()))


def _git(git: str, key: str) -> str:
    done = subprocess.run([git, "config", "--get", key], capture_output=True, text=True, check=False)
    return done.stdout.strip()

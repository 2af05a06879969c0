"""What is learnt about an environment after its record was written: hashes and origins from the index, and wheels that are kept.

A record never changes, so this stands beside it, under the digest of the lock that the record names: runs of one environment share it.
It lies in the vault's folder, but is no file of the vault: `environments/<digest of the lock>.json`, replaced as a whole.
"""

import re
from pathlib import Path

import msgspec

from daybreak.base.errors import VaultError
from daybreak.base.hashing import HEX_LENGTH
from daybreak.provenance.record import Environment, Unrecoverable, Wheel
from daybreak.provenance.stats import write_whole
from daybreak.vault.store import Vault

_DIGEST = re.compile(f"[0-9a-f]{{{HEX_LENGTH}}}")


class Annex(msgspec.Struct, frozen=True):
    """Later knowledge of one environment."""

    pylock: str = ""  # digest of the complete pylock.toml; empty: the index was not asked yet
    wheels: list[Wheel] = []
    unrecoverable: list[Unrecoverable] | None = None  # what the index does not have; None: it was not asked yet


def path(vault: Vault, environment: Environment) -> Path:
    """Where an environment's annex lies, or will. Raises `VaultError` for a lock that is no digest."""
    if not _DIGEST.fullmatch(environment.lock):
        raise VaultError(f"a lock is named by {HEX_LENGTH} hexadecimal digits, got {environment.lock!r}")
    return vault.folder / "environments" / f"{environment.lock}.json"


def read(vault: Vault, environment: Environment) -> Annex:
    """What is known by now; an empty one when nothing is."""
    if not environment.lock:
        return Annex()
    place = path(vault, environment)
    try:
        return msgspec.json.decode(place.read_bytes(), type=Annex)
    except (OSError, msgspec.MsgspecError):
        return Annex()


def write(vault: Vault, environment: Environment, annex: Annex) -> None:
    """Replace what is known. Raises `VaultError` for a vault that cannot be written to."""
    place = path(vault, environment)
    data = msgspec.json.encode(annex)
    write_whole(place, data)
    if not place.is_file() or place.read_bytes() != data:
        raise VaultError(f"cannot write {place}: use a home that you may write to, with room on its disk")


def wheels(vault: Vault, environment: Environment) -> dict[str, Wheel]:
    """Wheels kept of an environment, at hand-in or later, that are in the vault; by package."""
    known = [*environment.wheels, *read(vault, environment).wheels]
    return {wheel.package: wheel for wheel in known if wheel.digest in vault}


def unrecoverable(vault: Vault, environment: Environment) -> list[Unrecoverable]:
    """What cannot be had as far as is known: the index's answer where it was asked, else the forecast, less what is kept."""
    told = read(vault, environment).unrecoverable
    kept = wheels(vault, environment)
    return [lost for lost in (environment.unrecoverable if told is None else told) if lost.package not in kept]

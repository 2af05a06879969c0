"""Request ids that say who answered, and prove it: `POST /feedback` is taken by any replica without asking another.

    champion.3.18f2a6c0e4b1d2-07a.5f0c9b1e2d3a4f56
    arm . version . microseconds since 1970 and replica and count, in hexadecimal, and how it was dealt (`serving.deal`) . MAC

The MAC is keyed BLAKE2b (RFC 7693) of 8 bytes over what stands before it. The key is the deployment's `secret`.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from hashlib import blake2b
from hmac import compare_digest
from itertools import count
from pathlib import Path

import msgspec

from daybreak.base.errors import NotFound, UsageError

KEY_BYTES = 32
_MAC_BYTES = 8
_COUNTS = 0xFFFF
_LONGEST = 200  # characters: an arm's name has at most `rollout.assignment.LONGEST` bytes, all else about 80


class UnknownRequest(NotFound):
    """An id that no replica of this deployment gave."""


class Issued(msgspec.Struct, frozen=True):
    """What an id says. `at`: seconds since 1970."""

    arm: str
    version: int
    at: float


class Ids:
    """Gives ids and reads those that others gave. `replica` makes them differ between processes."""

    def __init__(self, key: bytes, replica: int = 0) -> None:
        self._mac = blake2b(key=key, digest_size=_MAC_BYTES)
        self._count = count()
        self._replica = f"-{replica:x}"

    def issue(self, arm: str, version: int, at: float, deal: str = "") -> str:
        """A new one; about a microsecond. `deal`: how it was dealt (`serving.deal`)."""
        said = f"{arm}.{version}.{int(at * 1e6):x}{self._replica}{next(self._count) & _COUNTS:04x}"
        if deal:
            said = f"{said}-{deal}"
        return f"{said}.{self._sign(said)}"

    def read(self, told: str) -> Issued:
        """Who answered, and when. Raises `UnknownRequest`."""
        said, _, mac = told[:_LONGEST].rpartition(".")
        if not compare_digest(self._sign(said).encode(), mac.encode()):
            raise UnknownRequest("an id is one that an answer of this deployment carried, this is none")
        arm, version, stamp = said.rsplit(".", 2)
        return Issued(arm, int(version), int(stamp.partition("-")[0], 16) / 1e6)

    def _sign(self, said: str) -> str:
        mac = self._mac.copy()
        mac.update(said.encode())
        return mac.hexdigest()


def key_of(file: Path) -> bytes:
    """The key of a deployment, made where there is none (mode 600); several processes may ask at once.

    Raises `UsageError` where the file holds none.
    """
    if not file.exists():
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.name) as made:  # of mode 600
            made.write(secrets.token_bytes(KEY_BYTES))
            made.flush()
            os.fsync(made.fileno())  # a machine that loses power may not leave a name without its bytes
            with suppress(FileExistsError):
                os.link(made.name, file)
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise UsageError(
            f"a deployment's secret has {KEY_BYTES} bytes, {file} has {len(key)}: with it anybody could make request ids; "
            "remove the file, another is made then, and feedback to earlier requests is refused"
        )
    return key

"""The manifest of a bundle: what it is, what it needs, who may open it. Signed, and readable by anybody."""

from typing import Literal

import msgspec

from daybreak.base.errors import DamagedBundle
from daybreak.edge.wrapping import Recipient
from daybreak.registry.package import Package

FORMAT: Literal["daybreak.dbk/1"] = "daybreak.dbk/1"


class Cipher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the payload is sealed (`sealing`): nonces' prefix, bytes of plaintext in a chunk."""

    prefix: bytes
    chunk: int
    name: Literal["AES-256-GCM-STREAM"] = "AES-256-GCM-STREAM"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bundle of one model version.

    `id`: random, 32 hexadecimal digits; `counter`: a device that accepted one takes none with a smaller; `created`: seconds since 1970;
    `package`: the record of the model version, which names the SHA-256 of each file in the payload; `requires`: what a device has
    installed, as pip writes it.
    """

    id: str
    counter: int
    created: float
    package: Package
    requires: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    cipher: Cipher
    format: Literal["daybreak.dbk/1"] = FORMAT

    @property
    def told(self) -> str:
        """Its model and version, as people write them."""
        return f"{self.package.name} version {self.package.version}"


def printable(text: str) -> str:
    """Words of a bundle that nobody vouches for, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def encode(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def decode(text: bytes) -> Manifest:
    """Read a manifest. Raises `DamagedBundle` where it is not of this format."""
    try:
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise DamagedBundle(
            f"its manifest is not of format {FORMAT}: {printable(str(error))}; is Daybreak here older than where it was made?"
        ) from error

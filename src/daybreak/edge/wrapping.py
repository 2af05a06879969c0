"""The data key of a bundle, wrapped for each of those who may open it.

For a device: HPKE (RFC 9180) in base mode with X25519, HKDF-SHA256 and AES-256-GCM, which is an ephemeral key, a derivation and a cipher.
For a passphrase: scrypt (RFC 7914), then AES-256-GCM. Both are bound to the bundle's id.
"""

import os
import unicodedata
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from daybreak.base.errors import DamagedBundle, UsageError, WrongKey
from daybreak.edge import keys

KEY = 32  # bytes of a data key
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
SHORTEST = 12  # characters of a passphrase
NONCE = bytes(12)  # the key that scrypt gives wraps one data key, once
HARDEST = 1 << 30  # bytes of memory that a bundle may ask scrypt for


class Scrypted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How hard a passphrase is to guess: scrypt's parameters; 32 MiB and some tenths of a second a guess."""

    n: int = 1 << 15
    r: int = 8
    p: int = 3

    def key(self, passphrase: str, salt: bytes) -> bytes:
        """The key of a passphrase. Raises `DamagedBundle` where more is asked for than `HARDEST`."""
        if self.n < 2 or self.n & (self.n - 1) or min(self.r, self.p) < 1 or 128 * self.n * self.r * self.p > HARDEST:  # noqa: PLR2004
            raise DamagedBundle(f"scrypt's parameters are out of range: n={self.n}, r={self.r}, p={self.p}")
        return Scrypt(salt, KEY, self.n, self.r, self.p).derive(unicodedata.normalize("NFC", passphrase).encode())


class ForDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="device", tag_field="kind"):
    """The data key for one device, told by its key's name."""

    key: str
    wrapped: bytes


class ForPassphrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="passphrase", tag_field="kind"):
    """The data key for whoever knows the passphrase."""

    salt: bytes
    scrypt: Scrypted
    wrapped: bytes


Recipient = ForDevice | ForPassphrase


def for_device(data_key: bytes, bundle: str, device: keys.DevicePublic) -> ForDevice:
    """Wrap a data key for a device."""
    return ForDevice(keys.name(device), SUITE.encrypt(data_key, device, _about(bundle)))


def for_passphrase(data_key: bytes, bundle: str, passphrase: str, hard: Scrypted | None = None) -> ForPassphrase:
    """Wrap a data key for a passphrase. Raises `UsageError` where it is too short."""
    if len(passphrase) < SHORTEST:
        raise UsageError(
            f"a passphrase has at least {SHORTEST} characters, got {len(passphrase)}; several words are best"
        )
    salt, hard = os.urandom(16), hard or Scrypted()
    wrapped = AESGCM(hard.key(passphrase, salt)).encrypt(NONCE, data_key, _about(bundle))
    return ForPassphrase(salt, hard, wrapped)


class Unlock(Protocol):
    """What opens bundles on a device, and keeps what the device remembers."""

    def data_key(self, recipients: tuple[Recipient, ...], bundle: str) -> bytes:
        """The key that sealed a bundle's payload. Raises `WrongKey`."""

    def secret(self, purpose: str, salt: bytes) -> bytes:
        """A key of the device's own, for one purpose."""


class DeviceKey:
    """Opens what is for one device."""

    def __init__(self, key: keys.Device) -> None:
        self._key = key

    def data_key(self, recipients: tuple[Recipient, ...], bundle: str) -> bytes:
        """See `Unlock`."""
        own = keys.name(self._key.public_key())
        for each in recipients:
            if isinstance(each, ForDevice) and each.key == own:
                try:
                    return SUITE.decrypt(each.wrapped, self._key, _about(bundle))
                except (InvalidTag, ValueError) as error:
                    raise WrongKey(
                        f"the key that is wrapped for device {own} does not open; bundle it again"
                    ) from error
        raise WrongKey(
            f"it is not for this device: key {own}, {whom(recipients)}; bundle it with --for THIS-DEVICE.pub"
        )

    def secret(self, purpose: str, salt: bytes) -> bytes:
        """See `Unlock`: HKDF-SHA256 (RFC 5869) of the private key."""
        raw = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return HKDF(SHA256(), KEY, salt, f"daybreak device: {purpose}".encode()).derive(raw)


class Passphrase:
    """Opens what is for whoever knows a passphrase."""

    def __init__(self, passphrase: str, hard: Scrypted | None = None) -> None:
        self._passphrase = passphrase
        self._hard = hard or Scrypted()

    def data_key(self, recipients: tuple[Recipient, ...], bundle: str) -> bytes:
        """See `Unlock`."""
        ours = [each for each in recipients if isinstance(each, ForPassphrase)]
        if not ours:
            raise WrongKey(f"it is for no passphrase, {whom(recipients)}; open it with --key DEVICE.pem")
        for each in ours:
            try:
                return AESGCM(each.scrypt.key(self._passphrase, each.salt)).decrypt(NONCE, each.wrapped, _about(bundle))
            except InvalidTag:
                continue
        raise WrongKey("the passphrase does not open it; mind capitals and the keyboard's language")

    def secret(self, purpose: str, salt: bytes) -> bytes:
        """See `Unlock`: scrypt of the passphrase, then HKDF-SHA256."""
        return HKDF(SHA256(), KEY, salt, f"daybreak device: {purpose}".encode()).derive(
            self._hard.key(self._passphrase, salt)
        )


def _about(bundle: str) -> bytes:
    return f"daybreak bundle {bundle}".encode()


def whom(recipients: tuple[Recipient, ...]) -> str:
    """Who may open a bundle, in words."""
    told = [f"device {each.key}" if isinstance(each, ForDevice) else "a passphrase" for each in recipients]
    return f"it is for {', '.join(told) or 'nobody'}"

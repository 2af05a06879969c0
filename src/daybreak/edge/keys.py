"""Keys in files: a signer's (ECDSA on NIST P-256, which OpenSSF model signing takes) and a device's (X25519), as PEM.

A private key is a file of mode 600 whose public half lies beside it as NAME.pub.
"""

import hashlib
import os
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from daybreak.base.errors import NotFound, UsageError

Kind = Literal["signing", "device"]
Signer = ec.EllipticCurvePrivateKey
SignerPublic = ec.EllipticCurvePublicKey
Device = x25519.X25519PrivateKey
DevicePublic = x25519.X25519PublicKey
CURVES = ("secp256r1", "secp384r1", "secp521r1")  # of OpenSSF model signing
SHOWN = 16  # hexadecimal digits that name a key


def make(kind: Kind, path: Path) -> Path:
    """Write a new private key and its public half, which is returned. Raises `UsageError` where one of the files is there already."""
    public = path.with_suffix(".pub")
    if path == public:
        raise UsageError(f"NAME.pub is the public half of a private key, so {path} cannot be one; end it in .pem")
    if taken := [str(file) for file in (path, public) if file.exists()]:
        there = "are" if len(taken) > 1 else "is"
        raise UsageError(f"a key is never written over, and {' and '.join(taken)} {there} there; name another file")
    made = ec.generate_private_key(ec.SECP256R1()) if kind == "signing" else Device.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(pem(made.public_key()))
    return public


def signer(path: Path) -> Signer:
    """A private key that signs bundles. Raises `NotFound`, `UsageError`."""
    found = _private(path, "signing")
    if not isinstance(found, Signer) or found.curve.name not in CURVES:
        raise _wrong_kind(path, "signing")
    return found


def signer_public(path: Path) -> SignerPublic:
    """A public key that a device trusts. Raises `NotFound`, `UsageError`."""
    found = _public(path, "signing")
    if not isinstance(found, SignerPublic) or found.curve.name not in CURVES:
        raise _wrong_kind(path, "signing")
    return found


def device(path: Path) -> Device:
    """A device's private key. Raises `NotFound`, `UsageError`."""
    found = _private(path, "device")
    if not isinstance(found, Device):
        raise _wrong_kind(path, "device")
    return found


def device_public(path: Path) -> DevicePublic:
    """A device that a bundle is for. Raises `NotFound`, `UsageError`."""
    found = _public(path, "device")
    if not isinstance(found, DevicePublic):
        raise _wrong_kind(path, "device")
    return found


def pem(key: SignerPublic | DevicePublic) -> bytes:
    """A public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def name(key: SignerPublic | DevicePublic) -> str:
    """What a key is told by: the start of the SHA-256 of its PEM, which is the hint in OpenSSF signatures."""
    return hashlib.sha256(pem(key)).hexdigest()[:SHOWN]


def _private(path: Path, kind: Kind) -> object:
    text = _read(path)
    try:
        return load_pem_private_key(text, None)
    except TypeError as error:  # it is encrypted
        raise UsageError(
            f"a private key is read without a passphrase, {path} has one; decrypt it: openssl pkey -in {path} -out PLAIN.pem"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} is no private key in PEM; make one: daybreak edge keys {kind} -o KEY.pem") from error


def _public(path: Path, kind: Kind) -> object:
    text = _read(path)
    try:
        return load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} is no public key in PEM; `daybreak edge keys {kind} -o KEY.pem` writes one to KEY.pub"
        ) from error


def _wrong_kind(path: Path, kind: Kind) -> UsageError:
    wanted = {"signing": "an ECDSA key on P-256, P-384 or P-521", "device": "an X25519 key"}[kind]
    return UsageError(
        f"a {kind} key is {wanted}, {path} holds another kind; make one: daybreak edge keys {kind} -o KEY.pem"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"a key cannot be read: {path}: {error.strerror}") from error

"""A tuned layer on its device: one file beside the bundles, sealed with a key of the device, for one bundle alone."""

import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daybreak.base.errors import WrongKey
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.tuning.patch import Patch

FILE = "tuned.bin"
PURPOSE = "tuned layer"
NONCE = 12


class Tuned(msgspec.Struct, frozen=True):
    """`bundle`: the digest of the one that it is for; `file`: of the package; `at`: seconds since 1970; `report`: what was measured."""

    bundle: str
    file: str
    patch: Patch
    at: float
    report: dict[str, object]


def keep(device: DeviceFolder, tuned: Tuned) -> None:
    """Write it, whole or not at all."""
    nonce = os.urandom(NONCE)
    sealed = nonce + AESGCM(device.secret(PURPOSE)).encrypt(nonce, msgspec.msgpack.encode(tuned), PURPOSE.encode())
    path = device.folder / FILE
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def kept(device: DeviceFolder) -> Tuned | None:
    """The tuned layer, whichever bundle it is for; None where there is none. Raises `WrongKey` where it was altered."""
    try:
        sealed = (device.folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        text = AESGCM(device.secret(PURPOSE)).decrypt(sealed[:NONCE], sealed[NONCE:], PURPOSE.encode())
        return msgspec.msgpack.decode(text, type=Tuned)
    except (InvalidTag, ValueError) as error:
        told = f"{device.folder / FILE} was altered, or written by another device; drop it: daybreak edge tune --drop"
        raise WrongKey(told) from error


def drop(device: DeviceFolder) -> bool:
    """Go back to the model as it was signed; whether there was a tuned layer."""
    path: Path = device.folder / FILE
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def applied(tuned: Tuned | None, bundle: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The package's files with the tuned layer, where it is for this bundle; else as they are."""
    if tuned is None or tuned.bundle != bundle:
        return files
    return {**files, tuned.file: tuned.patch.apply(files[tuned.file])}

"""What commands about bundles share: options, and keys read from files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from daybreak.base.errors import NotFound, UsageError

if TYPE_CHECKING:
    from daybreak.edge.keys import SignerPublic
    from daybreak.edge.wrapping import Unlock

Bundle = Annotated[Path, Parameter(help="A bundle (.dbk).")]
Trust = Annotated[
    tuple[Path, ...],
    Parameter(name="--trust", help="Public keys of signers that this device believes; several by repeating it."),
]
KeyFile = Annotated[Path | None, Parameter(name="--key", help="The device's private key (X25519).")]
PassphraseFile = Annotated[
    Path | None, Parameter(name="--passphrase-file", help="A file with the passphrase on its first line.")
]
State = Annotated[Path, Parameter(help="The device's folder: what is installed, and the version it never goes below.")]


def needs_cryptography() -> None:
    """Raises `UsageError` that says what to install."""
    try:
        import cryptography.hazmat.primitives.hpke  # noqa: F401
    except ImportError as error:
        raise UsageError("bundles need cryptography 47 or newer: pip install 'daybreak[edge]'") from error


def trusted(paths: tuple[Path, ...]) -> "list[SignerPublic]":
    """The signers' keys. Raises `UsageError` where there is none."""
    needs_cryptography()
    from daybreak.edge import keys

    if not paths:
        raise UsageError(
            "a device trusts somebody: --trust SIGNER.pub (who bundles hands it out: daybreak edge keys signing)"
        )
    return [keys.signer_public(path) for path in paths]


def passphrase(path: Path) -> str:
    """The first line of a file. Raises `NotFound`, `UsageError`."""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except OSError as error:
        raise NotFound(f"a passphrase cannot be read: {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"a passphrase is text in UTF-8, {path} is not") from error


def unlock(key: Path | None, phrase: Path | None) -> "Unlock":
    """What opens bundles here. Raises `UsageError` unless there is one of both."""
    needs_cryptography()
    from daybreak.edge import keys
    from daybreak.edge.wrapping import DeviceKey, Passphrase

    if (key is None) == (phrase is None):
        raise UsageError("a bundle is opened with --key DEVICE.pem or with --passphrase-file FILE, one of them")
    return DeviceKey(keys.device(key)) if key is not None else Passphrase(passphrase(phrase or Path()))

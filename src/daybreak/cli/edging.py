"""What commands about bundles share: options, and keys read from files."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from daybreak.base.errors import NotFound, UsageError
from daybreak.client.homes import find_home

if TYPE_CHECKING:
    from daybreak.edge.device.folder import DeviceFolder
    from daybreak.edge.keys import SignerPublic
    from daybreak.edge.opening import Access

Bundle = Annotated[Path, Parameter(help="A bundle (.dbk).")]
Trust = Annotated[
    tuple[Path, ...],
    Parameter(name="--trust", help="Public keys of signers that this device believes; several by repeating it."),
]
KeyFile = Annotated[Path | None, Parameter(name="--key", help="The device's private key (X25519).")]
PassphraseFile = Annotated[
    Path | None, Parameter(name="--passphrase-file", help="A file with the passphrase on its first line.")
]
State = Annotated[
    Path | None,
    Parameter(
        help="The device's folder: what is installed, and the version it never goes below. Else HOME/edge/MODEL."
    ),
]
NOBODY = "a device trusts somebody: --trust SIGNER.pub (who makes bundles hands it out: daybreak edge keys signing)"
ONE_OF = "a device is opened with --key DEVICE.pem or with --passphrase-file FILE, one of them"
SERVING = ("httptools", "onnxruntime", "starlette", "uvloop")


def needs_cryptography() -> None:
    """Raises `UsageError` that says what to install."""
    try:
        import cryptography.hazmat.primitives.hpke  # noqa: F401
    except ImportError as error:
        raise UsageError("bundles need cryptography 47 or newer: pip install 'daybreak[edge]'") from error


def needs_serving() -> None:
    """Raises `UsageError` that says what to install."""
    missing = [name for name in SERVING if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"a device serves with {', '.join(missing)}, which is missing: pip install 'daybreak[serve,edge]'"
        )


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


def access(trust: tuple[Path, ...], key: Path | None, phrase: Path | None) -> "Access":
    """How bundles are verified and opened here, with keys that were looked at. Raises `NotFound`, `UsageError`."""
    needs_cryptography()
    from daybreak.edge.opening import Access

    if not trust:
        raise UsageError(NOBODY)
    if (key is None) == (phrase is None):
        raise UsageError(ONE_OF)
    made = Access(
        tuple(str(path.absolute()) for path in trust),
        str(key.absolute()) if key else "",
        passphrase(phrase) if phrase else "",
    )
    made.trusted(), made.unlock()
    return made


def state_folder(told: Path | None, model: str, home: Path | None) -> Path:
    """The device's folder; without a model's name the only one there is. Raises `UsageError` where there are several or none."""
    if told is not None:
        return told
    place = find_home(home).path / "edge"
    if model:
        return place / model
    found = sorted(folder for folder in place.glob("*") if folder.is_dir())
    if len(found) != 1:
        names = ", ".join(folder.name for folder in found)
        raise UsageError(
            f"--state FOLDER says which device is meant: {place} has {names or 'none yet; install one: daybreak edge run BUNDLE.dbk'}"
        )
    return found[0]


def opened_device(state: Path | None, key: Path | None, phrase: Path | None, home: Path | None) -> "DeviceFolder":
    """A device's folder that is there already. Raises `NotFound`, `UsageError`."""
    needs_cryptography()
    from daybreak.edge import keys
    from daybreak.edge.device.folder import DeviceFolder
    from daybreak.edge.wrapping import DeviceKey, Passphrase

    if (key is None) == (phrase is None):
        raise UsageError(ONE_OF)
    folder = state_folder(state, "", home)
    if not folder.is_dir():
        raise NotFound(f"no device keeps its bundles in {folder}; daybreak edge run BUNDLE.dbk --state {folder}")
    return DeviceFolder(folder, DeviceKey(keys.device(key)) if key else Passphrase(passphrase(phrase or Path())))

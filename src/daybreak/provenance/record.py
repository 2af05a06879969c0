"""The record of a run: everything that made it, as one canonical JSON file in the vault.

A spec names it by digest (`spec.provenance`), and it names everything else by digest: the diff and the lock are files of the vault,
captured code is a folder of the home (`home.code(digest)`), data manifests are the data room's. A record is written once, at
hand-in, and never changed; what is learnt later about an environment (hashes, kept wheels) stands in `provenance.annex`.
"""

from typing import Any

import msgspec

from daybreak.base.errors import DamagedFile, VaultError
from daybreak.base.hashing import canonical_json, hash_bytes
from daybreak.vault.store import Vault

VERSION = 1


class LeftOut(msgspec.Struct, frozen=True):
    """A file or folder that was not captured."""

    path: str  # relative to the captured folder; a folder ends with "/"
    why: str


class Submodule(msgspec.Struct, frozen=True):
    """A git repository inside another one."""

    path: str
    commit: str
    dirty: bool = False


class Git(msgspec.Struct, frozen=True):
    """What git says about the folder. Texts are empty where git does not know them."""

    commit: str = ""
    branch: str = ""
    remote: str = ""  # without user and password
    dirty: bool = False
    diff: str = ""  # digest of the uncommitted diff in the vault; empty: clean, or see `notes`
    submodules: list[Submodule] = []
    notes: list[str] = []  # what git could not tell, or what was not kept of the diff, and why


class Code(msgspec.Struct, frozen=True):
    """The captured files of the experiment's folder."""

    digest: str = ""  # of `home.code(digest)`; empty: nothing was captured, `note` says why
    files: int = 0
    bytes: int = 0
    git: Git | None = None  # None: not a git repository, or no git here
    left_out: list[LeftOut] = []
    note: str = ""


class Local(msgspec.Struct, frozen=True):
    """A package installed from a folder. Of an editable one the code is captured; of any other the installed files, as a wheel."""

    version: str
    digest: str  # of `home.code(digest)`; empty: not editable (see `Environment.wheels`), or nothing was captured (see `note`)
    folder: str  # where it lay
    editable: bool = True
    note: str = ""


class Wheel(msgspec.Struct, frozen=True):
    """A wheel kept in the vault."""

    package: str  # normalised name
    version: str
    file: str  # its file name: `torch-2.13.0+cpu-cp311-….whl`
    digest: str
    bytes: int
    origin: str  # "found": the file pip had installed or would install; "repacked": made from the installed files


class Unrecoverable(msgspec.Struct, frozen=True):
    """A package that no index is known to have, and why: told before it is needed."""

    package: str
    version: str
    why: str


class Environment(msgspec.Struct, frozen=True):
    """The environment of the experiment's interpreter."""

    python: str = ""  # exact version: 3.11.7
    implementation: str = ""  # cpython
    executable: str = ""  # where the interpreter lay
    platform: str = ""  # linux-x86_64
    lock: str = ""  # digest of its pylock.toml (versions; see `annex` for hashes and origins); empty: `note` says why
    packages: dict[str, str] = {}  # normalised name -> exact version
    local: dict[str, Local] = {}
    wheels: list[Wheel] = []  # kept at hand-in; `annex.wheels` knows those kept later, too
    unrecoverable: list[Unrecoverable] = []
    note: str = ""


class Record(msgspec.Struct, frozen=True):
    """Everything that made a run, but its spec."""

    version: int = VERSION
    code: Code = Code()
    environment: Environment = Environment()
    machine: dict[str, Any] = {}  # `provenance.machine.facts()`
    data: dict[str, str] = {}  # dataset's name -> digest of its manifest in the vault
    command: list[str] = []  # the command line that handed it in
    user: str = ""
    host: str = ""
    secrets: list[str] = []  # names of environment variables that hold secrets; never their values


def write(vault: Vault, record: Record) -> str:
    """Store a record; its digest. Equal records are one file. Raises `VaultError`."""
    return stored(vault, canonical_json(msgspec.to_builtins(record)))


def stored(vault: Vault, data: bytes) -> str:
    """Put bytes into the vault that may well be there already (then nothing is forced to the disk); their digest. Raises `VaultError`."""
    digest = hash_bytes(data)
    return digest if digest in vault else vault.put_bytes(data)


def read(vault: Vault, digest: str) -> Record:
    """A record, verified. Raises `VaultError` when it is missing or of a newer Daybreak, `DamagedFile`."""
    data = bytes(vault.read(digest))
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
        if version > VERSION:
            raise VaultError(
                f"records up to version {VERSION} can be read here, {digest[:12]}… has version {version}: "
                "it was written by a newer Daybreak, use that one"
            )
        return msgspec.json.decode(data, type=Record)
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{digest[:12]}… must be a record, it is not: {error}") from error


class _Versioned(msgspec.Struct):
    version: int

"""A device's folder: its state under a MAC, and installed bundles. Safe with several processes, and when the power fails."""

import fcntl
import hmac
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedBundle, DaybreakError, NotFound, UntrustedBundle, WrongKey
from daybreak.edge import keys
from daybreak.edge.device import state as states
from daybreak.edge.device.state import Installed, State
from daybreak.edge.verifying import Verified, claimed, verify
from daybreak.edge.wrapping import Unlock, whom

STATE, BUNDLES, LOCK = "state.json", "bundles", "lock"
Change = Callable[[State, float], State]


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state's file: what is authenticated, with HMAC-SHA256 under a key of the device for this salt."""

    state: msgspec.Raw
    salt: bytes
    mac: bytes


class DeviceFolder:
    """What one device keeps of one model. Raises `WrongKey` where its state was written with another key, or altered."""

    def __init__(self, folder: Path, unlock: Unlock) -> None:
        self.folder = folder
        self._unlock = unlock
        self._keys: dict[bytes, bytes] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / BUNDLES).mkdir(exist_ok=True, mode=0o700)

    @property
    def state(self) -> State:
        """As it is now."""
        return self._read()[0]

    def bundle(self, installed: Installed, trusted: Sequence[keys.SignerPublic]) -> Verified:
        """Verify an installed bundle anew: the disk may have changed. Raises as `verify`, `UntrustedBundle` where it is another one."""
        found = verify(self._path(installed.digest), trusted)
        if found.digest != installed.digest:
            raise UntrustedBundle(
                f"{found.path} is not the bundle that was installed; install it again: daybreak edge update"
            )
        return found

    def install(self, bundle: Verified) -> State:
        """Take a verified bundle in as a trial. Raises `OlderVersion`, `UsageError`."""
        told = bundle.manifest
        made = Installed(bundle.digest, told.counter, told.package.version)
        name = told.package.name
        with self._locked():
            before = self._read()[0]
            after = states.install(before, name, made, time.time())
            if after != before:
                self._copy(bundle)
                self._write(after)
            self._tidy(after)
        return after

    def start(self) -> Installed:
        """What is to be served now. Raises `NotFound` where nothing is installed."""
        state = self.change(states.start)
        chosen = state.trial or state.current
        if chosen is None:
            raise self.nothing()
        return chosen

    def nothing(self) -> NotFound:
        """What to say where nothing is installed."""
        return NotFound(
            f"no bundle is installed in {self.folder}; daybreak edge run BUNDLE.dbk --trust SIGNER.pub --key DEVICE.pem"
        )

    def confirm(self, digest: str) -> State:
        """See `state.confirm`."""
        return self.change(lambda state, at: states.confirm(state, digest, at))

    def put_back(self, digest: str) -> State:
        """See `state.put_back`."""
        return self.change(lambda state, _: states.put_back(state, digest))

    def abandon(self, digest: str, why: str) -> State:
        """See `state.abandon`."""
        return self.change(lambda state, at: states.abandon(state, digest, why, at))

    def note(self, says: str) -> State:
        """Keep a sentence for whoever asks `daybreak edge status`."""
        return self.change(lambda state, at: states.noted(state, says, at))

    def change(self, change: Change) -> State:
        """One move, whole or not at all."""
        with self._locked():
            before = self._read()[0]
            after = change(before, time.time())
            if after != before:
                self._write(after)
            self._tidy(after)
        return after

    def secret(self, purpose: str) -> bytes:
        """A key of this folder's own for another purpose: for what else the device keeps sealed."""
        return hmac.digest(self._key(self._salt()), purpose.encode(), "sha256")

    def _salt(self) -> bytes:
        with self._locked():
            state, salt = self._read()
            if salt is None:
                self._write(state)
                salt = self._read()[1]
        return salt or b""

    def _read(self) -> tuple[State, bytes | None]:
        path = self.folder / STATE
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return State(), None
        try:
            sealed = msgspec.json.decode(text, type=Sealed)
            state = msgspec.json.decode(sealed.state, type=State)
        except msgspec.MsgspecError as error:
            raise DamagedBundle(
                f"{path} is no state of a device: {error}; nothing can be told of versions served here"
            ) from error
        if not hmac.compare_digest(self._mac(bytes(sealed.state), sealed.salt), sealed.mac):
            raise WrongKey(
                f"{path} was altered, or written with another key or passphrase{self._theirs()}; use that one, or another --state"
            )
        return state, sealed.salt

    def _theirs(self) -> str:
        """Whom the bundles here say they are for; a hint alone, their signatures are not looked at."""
        told = []
        for bundle in sorted((self.folder / BUNDLES).iterdir()):
            with suppress(DaybreakError, OSError):
                told.append(whom(claimed(bundle).recipients))
        return f" (a bundle here says: {told[-1]})" if told else ""

    def _write(self, state: State) -> None:
        path = self.folder / STATE
        text = msgspec.json.encode(state)
        salt = next(iter(self._keys), None) or os.urandom(16)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(msgspec.json.encode(Sealed(msgspec.Raw(text), salt, self._mac(text, salt))))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(self.folder)

    def _mac(self, text: bytes, salt: bytes) -> bytes:
        return hmac.digest(self._key(salt), text, "sha256")

    def _key(self, salt: bytes) -> bytes:
        if salt not in self._keys:  # scrypt takes its time
            self._keys[salt] = self._unlock.secret("state", salt)
        return self._keys[salt]

    def _path(self, digest: str) -> Path:
        return self.folder / BUNDLES / f"{digest}.dbk"

    def _copy(self, bundle: Verified) -> None:
        """Beside the target first. What is copied is what was verified: its digest is looked at when it is started."""
        target = self._path(bundle.digest)
        partial = target.with_suffix(".partial")
        with bundle.path.open("rb") as source, partial.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        _sync_folder(target.parent)

    def _tidy(self, state: State) -> None:
        for file in (self.folder / BUNDLES).iterdir():
            if file.stem not in state.digests:
                file.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / LOCK).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk only after its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

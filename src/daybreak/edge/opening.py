"""A bundle in a device's folder becomes files in memory; and whoever else needs it opened in a process of its own is told how."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError, WrongKey
from daybreak.edge import keys
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.device.state import Installed
from daybreak.edge.tuning import local
from daybreak.edge.unsealing import unseal
from daybreak.edge.verifying import Verified
from daybreak.edge.wrapping import DeviceKey, Passphrase, Unlock


class Access(msgspec.Struct, frozen=True):
    """How bundles are verified and opened here, as plain data: files of keys, or a passphrase. It travels through pipes alone."""

    trust: tuple[str, ...]
    key: str = ""
    passphrase: str = ""

    def trusted(self) -> list[keys.SignerPublic]:
        """Signers. Raises `NotFound`, `UsageError`."""
        return [keys.signer_public(Path(path)) for path in self.trust]

    def unlock(self) -> Unlock:
        """What opens them. Raises `NotFound`, `UsageError`."""
        return DeviceKey(keys.device(Path(self.key))) if self.key else Passphrase(self.passphrase)


@dataclass(frozen=True)
class Opened:
    """A bundle in memory. `tuned`: with this device's own last layer."""

    bundle: Verified
    files: dict[str, bytes]
    tuned: bool


def open_installed(
    device: DeviceFolder, installed: Installed, trusted: Sequence[keys.SignerPublic], unlock: Unlock
) -> Opened:
    """Verify, decrypt, and put the tuned layer in where there is one for it. Raises as those do.

    A tuned layer that cannot be read is dropped and told: the model as it was signed is always good enough to serve.
    """
    bundle = device.bundle(installed, trusted)
    files = unseal(bundle, unlock)
    try:
        changed = local.applied(local.kept(device), bundle.digest, files)
    except (WrongKey, UsageError) as error:
        local.drop(device)
        device.note(f"the tuned layer is dropped: {error}")
        return Opened(bundle, files, tuned=False)
    return Opened(bundle, changed, tuned=changed is not files)

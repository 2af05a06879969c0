"""Take an update in: believe it, try it beside what is served, then hand it to the device as a trial."""

from pathlib import Path

from daybreak.base.errors import BundleError, UsageError
from daybreak.edge.device import state as states
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.device.state import Installed, State
from daybreak.edge.opening import Access
from daybreak.edge.probing import probe
from daybreak.edge.verifying import Verified, verify


def update(device: DeviceFolder, path: Path, access: Access) -> State:
    """Install a bundle as a trial; the device is told why where it is not.

    Raises `UntrustedBundle`, `DamagedBundle`, `OlderVersion`, `WrongKey`, `UnhealthyBundle`, `UsageError`, `NotFound`.
    """
    try:
        bundle = verify(path, access.trusted())
        if not installable(device.state, bundle):
            return device.state
        probe(path, access)
        return device.install(bundle)
    except (BundleError, UsageError) as error:
        if (
            device.state.model
        ):  # a device that has nothing yet has nobody to tell, and no key that its state is kept under
            device.note(f"{path.name} is refused: {error}")
        raise


def installable(state: State, bundle: Verified) -> bool:
    """Whether it would change the device. Raises `OlderVersion`, `UsageError` as installing would, before anything is tried."""
    told = bundle.manifest
    made = Installed(bundle.digest, told.counter, told.package.version)
    return states.install(state, told.package.name, made, 0.0) != state

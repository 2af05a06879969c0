"""What a process that trains again is given beside its recorded environment: credentials by reference, and devices of this machine."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from daybreak.proof.recording import Recording
from daybreak.provenance import profiles
from daybreak.provenance.redaction import Redactor

DEVICES = "CUDA_VISIBLE_DEVICES"
PATIENCE = 10.0  # seconds for nvidia-smi


@dataclass(frozen=True)
class Credentials:
    """Values that the run's attempts were given, which nothing writes down. `withheld`: variables of any profile, inherited by nobody."""

    variables: Mapping[str, str]
    withheld: frozenset[str]

    @property
    def redactor(self) -> Redactor:
        """Takes the values out of what is told."""
        return Redactor(self.variables.values())


def credentials(recording: Recording) -> Credentials:
    """Looked up now, in the profiles of this machine. Raises `NotFound`, `UsageError` where they cannot be had."""
    home = recording.home
    return Credentials(profiles.values(home, profiles.named(recording.spec)), profiles.withheld(home))


def on_devices_here(environments: list[dict[str, str]]) -> list[dict[str, str]]:
    """Recorded GPUs that this machine does not have are replaced by its own, one for each process, by number."""
    asked = [name for one in environments for name in one.get(DEVICES, "").split(",") if name]
    if not asked or any(name in listing() for name in asked if not name.isdigit()):
        return environments
    return [one | {DEVICES: str(rank)} if one.get(DEVICES) else one for rank, one in enumerate(environments)]


@cache
def listing() -> str:
    """What nvidia-smi lists, with the identifiers of GPUs and MIG instances; "" where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        return subprocess.run([program, "-L"], capture_output=True, text=True, check=False, timeout=PATIENCE).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""

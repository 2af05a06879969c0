"""Which arm a replica was calling when it died: a model may take its process with it, and then no event tells of its requests.

    HOME/deployments/NAME/experiment.calls/PID    while a replica lives it holds the lock of this file

Before a model is called, the deal of the batch's first request is written into the slot of its arm, in memory that the system keeps when
the process dies; afterwards the slot is emptied. The supervisor reads the files of those that are gone: what stands there is a failure.
"""

import fcntl
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

from daybreak.serving.calls import Call

FOLDER = "experiment.calls"
SLOT, SLOTS = 128, 32  # bytes; the length comes first
PARTIAL = ".partial"


class Marks:
    """Of one replica. A mark costs a store into mapped memory."""

    def __init__(self, folder: Path) -> None:
        (folder / FOLDER).mkdir(exist_ok=True)
        path = folder / FOLDER / str(os.getpid())
        partial = path.with_suffix(PARTIAL)
        held = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)  # as long as the process lives
        fcntl.flock(held, fcntl.LOCK_EX)
        os.ftruncate(held, SLOT * SLOTS)
        self._slots: dict[str, int] = {}
        self._memory = mmap.mmap(held, 0)
        partial.replace(path)

    def enter(self, arm: str, calls: Sequence[Call]) -> None:
        """The model of an arm is about to be called."""
        if not calls[0].deal:
            return
        told = f"{calls[0].deal} {arm}".encode()
        place = self._slots.setdefault(arm, len(self._slots) % SLOTS) * SLOT
        if len(told) < SLOT:
            self._memory[place + 1 : place + 1 + len(told)] = told
            self._memory[place] = len(told)

    def leave(self, arm: str) -> None:
        """It has come back."""
        if arm in self._slots:
            self._memory[self._slots[arm] * SLOT] = 0


def crashed(folder: Path) -> list[tuple[str, str]]:
    """What replicas that are gone were calling when they died: arm and deal. Told once."""
    found: list[tuple[str, str]] = []
    for path in sorted((folder / FOLDER).glob("*")):
        if path.suffix == PARTIAL:
            continue
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # it lives
                continue
            data = file.read()
        path.unlink(missing_ok=True)
        for place in range(0, len(data), SLOT):
            dealt, _, arm = data[place + 1 : place + 1 + data[place]].decode().partition(" ")
            if dealt:
                found.append((arm, dealt))
    return found

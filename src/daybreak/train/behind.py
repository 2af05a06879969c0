"""Checkpoints written behind training: what a state was at one moment is copied, then hashed and written on a thread.

What training holds of its memory changes while a file is written, so that everything borrowed from it is copied first, into buffers
that are used again; this copy is all that training waits for. One checkpoint is under way at a time.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from daybreak.base.errors import VaultError
from daybreak.train.codec import Encoded
from daybreak.train.leaving import ControllerGone
from daybreak.train.tensorfile import Part
from daybreak.vault.store import Vault
from daybreak.wire.worker import CheckpointRef


class Written(msgspec.Struct, frozen=True):
    """A checkpoint that is in the vault: what training waited for it (`seconds`), and what was done behind it (seconds, too)."""

    ref: CheckpointRef
    seconds: float
    behind: float = 0.0


def put(vault: Vault, encoded: Encoded, units: int) -> CheckpointRef:
    """Write a checkpoint, durably. Raises `VaultError`."""
    with vault.incoming() as file:
        for chunk in encoded.chunks():
            file.write(chunk)
    return CheckpointRef(digest=file.digest, units=units, size=file.size)


class Behind:
    """Writes to a vault on a thread of its own, which is there only while a checkpoint is under way."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._buffers = _Buffers()
        self._thread: threading.Thread | None = None
        self._came: Written | BaseException | None = None

    @property
    def busy(self) -> bool:
        """Whether one is under way, or its outcome was not taken yet."""
        return self._thread is not None

    def begin(self, encoded: Encoded, units: int, began: float, told: Callable[[Written], None]) -> None:
        """Take a copy and write it; `began`: when training started to wait (perf_counter). Not while `busy`.

        `told` is called on the writing thread once it is in the vault: a unit may last for hours, and must not hold the news.
        """
        own = replace(encoded, parts=self._buffers.copied(encoded.parts))
        waited = time.perf_counter() - began
        self._thread = threading.Thread(
            target=self._write, args=(own, units, waited, told), daemon=True, name="checkpoint"
        )
        self._thread.start()

    def outcome(self, *, wait: bool) -> Written | None:
        """What came of the one under way, once; None while it is, or when there is none. Raises the error that it met."""
        if self._thread is None or (self._thread.is_alive() and not wait):
            return None
        self._thread.join()
        came, self._came, self._thread = self._came, None, None
        if isinstance(came, BaseException):
            raise came
        return came

    def _write(self, encoded: Encoded, units: int, waited: float, told: Callable[[Written], None]) -> None:
        began = time.perf_counter()
        try:
            written = Written(put(self._vault, encoded, units), waited, time.perf_counter() - began)
            told(written)
        except (VaultError, ControllerGone) as error:
            self._came = error
        except Exception as error:  # noqa: BLE001 (a thread's exception is nobody's: training is told)
            self._came = VaultError(
                f"a checkpoint could not be written behind training: {type(error).__name__}: {error}"
            )
        else:
            self._came = written


class _Buffers:
    """Memory for copies, kept from one checkpoint to the next: fresh pages cost more than the copy."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    def copied(self, parts: Sequence[Part]) -> list[Part]:
        """The parts, with what is borrowed copied."""
        borrowed = [part for part in parts if part.borrowed]
        while len(self._kept) < len(borrowed):
            self._kept.append(bytearray())
        own = {}
        for place, part in enumerate(borrowed):
            size = part.data.nbytes
            if len(self._kept[place]) != size:
                self._kept[place] = bytearray(size)
            copy = memoryview(self._kept[place])
            copy[:] = part.data.cast("B")
            own[part.name] = part._replace(data=copy)
        return [own.get(part.name, part) for part in parts]

"""In a replica: batches are counted after their clients were answered, in a share of one core.

Batches wait until there are rows enough to count at once: NumPy then costs a tenth of a microsecond a value instead of twenty.
"""

import asyncio
import logging
import os
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from daybreak.base.errors import DaybreakError
from daybreak.monitoring.records import Kind, Reference
from daybreak.monitoring.reference import from_json
from daybreak.monitoring.window import Window
from daybreak.serving.calls import Batch, Call
from daybreak.serving.deployment import Served
from daybreak.serving.engine import Engine
from daybreak.serving.watch import parts, settings
from daybreak.serving.watch.remembering import Remembering
from daybreak.signature.columns import joined, length
from daybreak.signature.fields import Columns

RECORD = "reference.json"
TICK = 1.0  # seconds between looks at what waits
HAND_ON = 5.0  # seconds between files, at most
MANY: dict[Kind, int] = {"image": 16, "audio": 16, "tensor": 64, "embedding": 64, "text": 64}  # rows counted at once
MANY_NUMBERS = 256
HEAVY = 4 << 20  # bytes of what waits to be counted

_log = logging.getLogger("daybreak.serving")


class Folding:
    """An observer of one replica's engine (`serving.calls.Observer`)."""

    def __init__(self, engine: Engine, replica: int) -> None:
        self._engine = engine
        self._name = f"{replica}-{os.getpid()}-{time.time_ns():x}"
        self._count = 0
        self._last: Path | None = None
        self._arms: dict[str, _Arm] = {}
        self._spent = 0.0  # seconds of counting that are not yet allowed for
        self._handed = time.monotonic()
        self._closing = False
        self._remembering = Remembering(engine.events)
        self._watch = settings.Watch()

    def begin(self) -> None:
        """Observe from now on."""
        self._engine.observers.append(self)
        self._engine.closers.append(self._close)
        self._tick()

    def answered(self, batch: Batch) -> None:
        """Count a batch, or let it wait for company."""
        arm = self._arm(batch.arm.served)
        if arm.window is None or arm.reference is None:
            return
        if self._watch.truths > 0:
            self._remembering.answered(batch, arm.reference, self._watch.truths)
        if self._spent > self._watch.share * TICK:
            arm.skipped += batch.rows
            return
        arm.take(batch)
        if arm.pending >= arm.many or arm.weight > HEAVY or self._closing:
            self._fold(arm)
        if self._closing:
            self._hand_on()

    def refused(self, call: Call) -> None:
        """What was not answered is not counted."""

    def _arm(self, served: Served) -> "_Arm":
        arm = self._arms.get(served.arm)
        if arm is None or arm.served != served:
            if arm is not None:
                self._fold(arm)
                self._hand_on()
            arm = self._arms[served.arm] = _Arm(served)
        return arm

    def _fold(self, arm: "_Arm") -> None:
        began = time.perf_counter()
        try:
            arm.fold()
        except Exception:  # noqa: BLE001 (watching never fails a request)
            _log.exception("rows could not be counted for monitoring, and are skipped", extra={"arm": arm.served.arm})
        self._spent += time.perf_counter() - began

    def _tick(self) -> None:
        if self._closing:
            return
        self._watch = _settings(self._engine)
        self._spent = max(0.0, self._spent - self._watch.share * TICK)
        for arm in self._arms.values():
            if arm.pending:
                self._fold(arm)
        if time.monotonic() - self._handed >= min(HAND_ON, self._watch.every):
            self._hand_on()
        asyncio.get_running_loop().call_later(TICK, self._tick)

    def _hand_on(self) -> None:
        """Write what was counted, unless the supervisor has yet to take the last file: then it is counted on."""
        self._handed = time.monotonic()
        if self._last is not None and self._last.exists() and not self._closing:
            return
        made = [part for arm in self._arms.values() if (part := arm.part()) is not None]
        if not made:
            return
        file = self._engine.folder / parts.FOLDER / f"{self._name}-{self._count:08d}{parts.SUFFIX}"
        try:
            parts.write(file, made)
        except OSError:
            _log.exception("what was counted for monitoring could not be written, and is lost")
        self._count, self._last = self._count + 1, file

    async def _close(self, seconds: float) -> None:  # noqa: ARG002 (of all closers)
        """Hand on the last; what is still answered is handed on at once."""
        self._closing = True
        for arm in self._arms.values():
            self._fold(arm)
        self._hand_on()


class _Arm:
    """One served version, and what was counted of it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.reference = _reference(Path(served.package) / RECORD)
        self.window = Window(self.reference) if self.reference is not None else None
        self.many = _many(self.reference) if self.reference is not None else 0
        self.skipped = 0
        self._inputs: list[Columns] = []
        self._outputs: list[Columns] = []
        self.pending = 0
        self.weight = 0  # bytes that wait
        self._since = self._until = 0.0

    def take(self, batch: Batch) -> None:
        self._since, self._until = self._since or batch.at, batch.at
        self._inputs.append(batch.columns)
        self._outputs.append(batch.outputs)
        self.pending += batch.rows
        self.weight += sum(map(_weight, batch.columns.values())) if self.many < MANY_NUMBERS else 0

    def fold(self) -> None:
        if self.window is None or not self.pending:
            return
        inputs, outputs, rows = self._inputs, self._outputs, self.pending
        self._inputs, self._outputs, self.pending, self.weight = [], [], 0, 0
        try:
            together = joined(inputs), joined(outputs)
        except (ValueError, KeyError):  # batches that cannot be joined: free shapes
            for one, other in zip(inputs, outputs, strict=True):
                self.window.add(one, other, length(other))
        else:
            self.window.add(*together, rows)

    def part(self) -> parts.Part | None:
        if self.window is None or not (self.window.rows or self.skipped):
            return None
        served, now = self.served, time.time()
        counted, skipped, self.skipped = self.window.take(), self.skipped, 0
        since, until = self._since or now, self._until or now
        self._since = self._until = 0.0
        return parts.Part(served.arm, served.model, served.version, served.package, since, until, counted, skipped)


def _weight(column: NDArray[Any]) -> int:
    """Bytes of a column, of the arrays and texts in it where it holds objects."""
    if column.dtype != object:
        return column.nbytes
    return sum(getattr(value, "nbytes", 0) or (len(value) if isinstance(value, str) else 0) for value in column)


def _settings(engine: Engine) -> settings.Watch:
    """What the deployment wants; the defaults where it says nonsense, which its supervisor tells of."""
    try:
        return settings.read(engine.deployment.watch)
    except DaybreakError:
        return settings.Watch()


def _reference(file: Path) -> Reference | None:
    """What the package's rows are compared with; None where it has none, or one that cannot be read."""
    try:
        return from_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (DaybreakError, OSError) as error:
        _log.warning("a model is not watched: %s", error)
        return None


def _many(reference: Reference) -> int:
    columns = (*reference.inputs, *reference.outputs)
    return min((MANY.get(column.kind, MANY_NUMBERS) for column in columns), default=MANY_NUMBERS)

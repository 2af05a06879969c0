"""In a replica: requests that are answered are sent to shadows, too, after their answer. A shadow's answer is compared and never returned.

A shadow works on the same loop and processor as those who answer, so it gets nothing while its own queue is long: what it compares is a
sample then, and clients wait no longer than for one of its batches.
"""

import math

from daybreak.serving import deal
from daybreak.serving.calls import Arm, Batch, Call
from daybreak.serving.engine import Engine
from daybreak.serving.events import Mirrored
from daybreak.serving.experiment.comparing import compare
from daybreak.serving.refusals import Refusal

ROUTE = "mirror"
PENDING = 64  # calls that wait for a shadow; beyond it a request is not mirrored
ROWS = 100  # of one request that are compared


class Mirroring:
    """An observer of batches (`serving.calls.Observer`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answered(self, batch: Batch) -> None:
        """Send the calls of a batch on to those shadows that see their units."""
        router = self._engine.router
        if router is None or not router.mirrors:
            return
        for call in batch.calls:
            found = deal.read(call.deal)
            if found is None or call.cancelled or call.refusal is not None or call.rows > ROWS:
                continue
            for shadow in router.mirrored(found.bucket):
                self._send(call, batch.arm, shadow.name)

    def refused(self, call: Call) -> None:
        """What was not answered is not mirrored: there is nothing to compare."""

    def _send(self, call: Call, arm: Arm, shadow: str) -> None:
        lane = self._engine.arms.get(shadow)
        if lane is None or lane.pending >= PENDING:
            return

        def done(mirrored: Call) -> None:
            self._compare(call, arm, mirrored)

        columns, decoded = (call.columns, None) if call.decoded is None else (None, call.decoded)
        try:
            self._engine.submit(Call(done, decoded=decoded, columns=columns, rows=call.rows, route=ROUTE), arm=shadow)
        except Refusal:  # it drains, or has ended meanwhile
            return

    def _compare(self, call: Call, arm: Arm, mirrored: Call) -> None:
        if mirrored.arm is None:
            return
        shadow = mirrored.arm.served
        seconds = self._engine.now() - mirrored.arrived
        told = (call.id, call.at, shadow.arm, shadow.version, seconds)
        if mirrored.refusal is not None or mirrored.outputs is None or call.outputs is None:
            code = "" if mirrored.refusal is None else mirrored.refusal.code
            self._engine.events.add(Mirrored(*told, agrees=False, difference=math.nan, code=code or "no_answer"))
            return
        alike, apart = compare(arm, call.outputs, mirrored.arm, mirrored.outputs, call.rows)
        for agrees, difference in zip(alike.tolist(), apart.tolist(), strict=True):
            self._engine.events.add(Mirrored(*told, agrees=agrees, difference=difference))

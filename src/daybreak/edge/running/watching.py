"""Does a trial answer? An observer of the engine: failures that are the model's, not the client's."""

from daybreak.serving.calls import Batch, Call

FAULTS = 500  # HTTP status from which a refusal is the server's
BUSY = 503  # it stops or is not ready: not the model's
LATE = "deadline_exceeded"  # clients choose the deadline: who may ask must not be able to refuse a device its update
MOST = 3  # failures that end a trial


class Watching:
    """Counts answers and failures of the version on trial."""

    def __init__(self) -> None:
        self._package = ""
        self.answered_rows = 0
        self.failed = 0
        self.last = ""

    def begin(self, package: str) -> None:
        """Watch another one from now on."""
        self._package, self.answered_rows, self.failed, self.last = package, 0, 0, ""

    @property
    def failing(self) -> str:
        """Why the trial has to end; empty while it goes well."""
        return f"{self.failed} requests failed, the last: {self.last}" if self.failed >= MOST else ""

    def answered(self, batch: Batch) -> None:
        """See `serving.calls.Observer`."""
        if batch.arm.served.package == self._package:
            self.answered_rows += batch.rows

    def refused(self, call: Call) -> None:
        """See `serving.calls.Observer`."""
        refusal = call.refusal
        if refusal is None or call.arm is None or call.arm.served.package != self._package:
            return
        if refusal.status >= FAULTS and refusal.status != BUSY and refusal.code != LATE:
            self.failed += 1
            self.last = str(refusal)

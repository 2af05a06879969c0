"""The disk of a history: checkpoints by digest, when each was written, and deletions that are not carried out yet."""

from daybreak.lifecycle.commands import DeleteCheckpoint
from daybreak.lifecycle.events import AnyEvent, CheckpointDeleted, CheckpointSaved


class Disk:
    """What an agent's vault does with checkpoints, without the bytes."""

    def __init__(self) -> None:
        self.files: dict[str, float] = {}  # digest -> when it was written
        self.saved: list[tuple[int, int, str]] = []  # experiment, trial, digest: whatever was ever saved
        self.deletions: dict[DeleteCheckpoint, bool] = {}  # not carried out yet; whether the same was saved since

    def save(self, event: CheckpointSaved, at: float) -> None:
        """A checkpoint is written."""
        self.files[event.digest] = at
        self.saved.append((event.attempt.experiment, event.attempt.trial, event.digest))

    def delete(self, on_their_way: set[str]) -> CheckpointDeleted:
        """The agent comes to the last deletion. It knows what it passed on; what is on its way it sees by the file's time.

        No worker is so slow that it says it saved only after another saved the same, then other states, and let go of it.
        """
        order, passed_on = self.deletions.popitem()
        written, until = self.files.get(order.digest, 0.0), order.until
        again = until is not None and (written > until or order.digest in on_their_way)
        if not passed_on and not again:
            self.files.pop(order.digest, None)
        return CheckpointDeleted(order.experiment, order.trial, order.digest)

    def pass_on(self, event: AnyEvent) -> None:
        """An event reaches the controller: one that tells of a save makes deletions of the same void."""
        if isinstance(event, CheckpointSaved):
            self.deletions |= {order: True for order in self.deletions if order.digest == event.digest}

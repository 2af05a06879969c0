"""A trial as it stands at a checkpoint, alive: user code runs up to its loop and on behind it, and trains nothing.

What was kept is restored in place by `run.keep`, as when a trial goes on; the loop has nothing to do; `run.ship`, behind it, tells which of
all that is the model. Training code needs no function for export, and what it did before the loop is done again by itself.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from daybreak.base.errors import UsageError, VaultError
from daybreak.train import sealed, user_code
from daybreak.train.checkpoints import Checkpoints, say
from daybreak.train.failures import failure
from daybreak.train.hyperparameters import Hyperparameters
from daybreak.train.leaving import Leaving
from daybreak.train.link import Standing
from daybreak.train.randomness import Randomness
from daybreak.train.reports import Series
from daybreak.train.run import Run
from daybreak.train.shipping import Shipped
from daybreak.train.user_code import UserCode
from daybreak.vault.store import Vault
from daybreak.wire.worker import Assignment, Opened, Verdict


@dataclass
class Revived:
    """`kept`: what was given to `run.keep`, by name, restored; `failure`: how user code ended, if it failed behind its loop."""

    kept: dict[str, Any] = field(default_factory=dict)
    shipped: Shipped | None = None
    failure: str = ""


class StillRun(Run):
    """A run in which nothing is left to do."""

    reviving = True

    def __init__(self, assignment: Assignment, checkpoints: Checkpoints, prepared: Any, revived: Revived) -> None:
        super().__init__(assignment, _Nobody(), checkpoints, prepared)
        self.ending = "reached"
        self._revived = revived

    def keep(self, **things: Any) -> None:
        """Restore them, and remember them."""
        super().keep(**things)
        self._revived.kept |= things

    def ship(self, model: Any, inputs: Any, targets: Any = None, **described: Any) -> None:
        """Take the call down."""
        self._revived.shipped = self._check_shipped(model, inputs, targets, described)

    def score_test(self, evaluate: sealed.Evaluate, data: str = "") -> dict[str, float]:
        """Open nothing: nobody may look at sealed data unseen."""
        del evaluate, data
        return defaultdict(lambda: float("nan"))


def revive(assignment: Assignment, code: UserCode) -> Revived:
    """Call the training function, or another one, with the run as it stands at `assignment.checkpoint`.

    Raises `VaultError`, `DamagedFile` for a checkpoint that cannot be read, and whatever user code raises before all that the
    checkpoint holds is restored.
    """
    if assignment.checkpoint is None:
        raise UsageError("a trial is revived at a checkpoint, none was given")
    checkpoints = Checkpoints(
        Vault(assignment.vault),
        Randomness(assignment.seed, assignment.rank),
        Hyperparameters(assignment.point, say),
    )
    checkpoints.load(assignment.checkpoint)
    revived = Revived()
    run = StillRun(assignment, checkpoints, code.prepared, revived)
    try:
        code.main(run)
    except Leaving:
        pass
    except (Exception, SystemExit) as error:
        if checkpoints.pending:
            raise
        if not isinstance(error, SystemExit) or error.code not in {None, 0}:
            revived.failure = failure(error).tail or str(error)
    return revived


def load(run: str) -> UserCode:
    """Import user code and prepare it, as an attempt does."""
    code = user_code.load(run)
    user_code.prepare(code)
    return code


class _Nobody:
    """Takes what a run says, and tells it that it is done."""

    flush_every = float("inf")

    def points(self, series: Series) -> None:
        del series

    def can_take_points(self) -> bool:
        return True

    def ask(self, report: Standing) -> Verdict:
        del report
        return Verdict(number=0, action="finish")

    def settle(self) -> None:
        pass

    def freeze_wanted(self) -> bool:
        return False

    def saved(self, units: int, digest: str, size: int, seconds: float) -> None:
        pass

    def unsaved(self, units: int, why: str) -> None:
        pass

    def damaged(self, digest: str) -> None:
        raise VaultError(f"the checkpoint {digest[:12]}… cannot be used")

    def open_sealed(self, data: str, units: int) -> Opened:
        del units
        return Opened(0, "", f"sealed data {data!r} is not opened to revive a model")

    def scored(self, number: int, metrics: dict[str, float]) -> None:
        pass

"""Events in, commands out: where search meets scheduling. Pure.

What others use is here; this module fits the protocols of `controller.core` and `ledger.fold`.
"""

from daybreak.lifecycle.invariants import check
from daybreak.lifecycle.kept import keeping
from daybreak.lifecycle.looks import family
from daybreak.lifecycle.losses import losses
from daybreak.lifecycle.outstanding import lost_attempts, observations, outstanding, pending_points, spec
from daybreak.lifecycle.rows import rows, take_touched
from daybreak.lifecycle.state import State, new_state
from daybreak.lifecycle.status import status
from daybreak.lifecycle.step import step

__all__ = [
    "State",
    "check",
    "family",
    "keeping",
    "losses",
    "lost_attempts",
    "new_state",
    "observations",
    "outstanding",
    "pending_points",
    "rows",
    "spec",
    "status",
    "step",
    "take_touched",
]

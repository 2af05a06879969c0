"""A test of a deployment's champion against challengers, live: what is dealt, mirrored, folded, said, and taken back."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daybreak.serving.supervisor import Supervisor

REPORT = "experiment.json"  # what the test says now (`reporting`), in the deployment's folder
NONE = b'{"state": "none"}'  # the same where there never was a test


async def supervise(supervisor: "Supervisor") -> None:
    """Follow whichever test the deployment runs, until cancelled."""
    from daybreak.serving.experiment.supervising import follow  # replicas import this room, too, and need none of it

    await follow(supervisor)

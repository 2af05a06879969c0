"""A test of a deployment's champion against challengers, live: what is dealt, mirrored, folded, said, and taken back."""

import asyncio
import time
from pathlib import Path
from typing import Protocol

from daybreak.serving.deployment import Deployment

EVERY = 1.0  # seconds between looks
REPORT = "experiment.json"  # what the test says now (`reporting`), in the deployment's folder


class Supervising(Protocol):
    """What this needs of the supervisor."""

    folder: Path

    @property
    def deployment(self) -> Deployment:
        """What is served."""

    def notice(self, text: str) -> None:
        """Tell people something."""


async def supervise(supervisor: Supervising) -> None:
    """Follow whichever test the deployment runs, until cancelled. Folding is done in a thread: the supervisor answers for its replicas."""
    from daybreak.serving.experiment.steering import Steering  # replicas import this room, too, and need none of it

    notices: list[str] = []
    steering = Steering(supervisor.folder, notices.append)
    try:
        while True:
            await asyncio.shield(asyncio.to_thread(steering.tick, supervisor.deployment, time.time()))
            while notices:
                supervisor.notice(notices.pop(0))
            await asyncio.sleep(EVERY)
    finally:
        steering.close()

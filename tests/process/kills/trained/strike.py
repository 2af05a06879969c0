"""The knife, in a training's own hand: `strike` kills at a chosen moment, if there is an order for it."""

import os
import signal
from pathlib import Path

from daybreak.train.link import AgentLink

PLAN = Path(os.environ.get("CHAOS_PLAN", "/nowhere"))
LOCK = Path(os.environ.get("CHAOS_LOCK", "/nowhere"))
CHANCE = int(os.environ.get("CHAOS_CHANCE", "64"))  # of 256, that a moment is used


def strike(moment: str) -> None:
    """Take an order for this moment that this process can carry out, and kill."""
    victims = {
        "worker": os.getpid, f"rank{os.environ.get('RANK', '0')}": os.getpid, "parent": os.getppid,
        "controller": lambda: int(LOCK.read_text()),
    }  # fmt: skip
    orders = sorted(PLAN.glob(f"{moment}-*")) if os.urandom(1)[0] < CHANCE else []
    for order in orders:
        if (victim := order.name.split("-")[1]) in victims:
            try:
                order.rename(PLAN / "done" / order.name)
            except FileNotFoundError:  # another was quicker
                return
            if (pid := victims[victim]()) > 1:
                os.kill(pid, signal.SIGKILL)
            return


_sent = AgentLink.send


def _send(self, frame):
    kind = type(frame).__name__
    if kind == "Saved":
        strike("saved")
    _sent(self, frame)
    if kind == "Report":
        strike("asking")


AgentLink.send = _send

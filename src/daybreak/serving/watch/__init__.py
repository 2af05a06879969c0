"""Watching a deployment: replicas count live rows in windows, the supervisor judges them, tells people, and writes a report a day.

HOME/deployments/NAME/windows/
  parts/            what replicas counted since the last was taken; each is merged once, then removed
  state.json        windows that are open, what was told, where `events/` were read to
  now.json          how things stand (`standing.Standing`), for `GET /drift`, the page and `daybreak monitor status`
  2026-11-21.jsonl  windows that were closed that day (`closed.Closed`), a line each
HOME/deployments/NAME/reports/2026-11-21.html
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daybreak.serving.engine import Engine
    from daybreak.serving.supervisor import Supervisor


async def attach(engine: "Engine", replica: int) -> None:
    """Count in a replica."""
    from daybreak.serving.watch.folding import Folding

    Folding(engine, replica).begin()


async def supervise(supervisor: "Supervisor") -> None:
    """Judge in the supervisor, until it is cancelled."""
    from daybreak.serving.watch.following import follow

    await follow(supervisor)

"""The supervisor's loop of monitoring: a look every second, in a thread, so that replicas are never kept waiting."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from daybreak.serving.watch.alerts import Message
from daybreak.serving.watch.channels import Channels
from daybreak.serving.watch.report import write
from daybreak.serving.watch.settings import Watch
from daybreak.serving.watch.watching import Watching

if TYPE_CHECKING:
    from daybreak.serving.supervisor import Supervisor

EVERY = 1.0  # seconds

_log = logging.getLogger("daybreak.serving")


async def follow(supervisor: "Supervisor") -> None:
    """Watch until cancelled."""
    loop = asyncio.get_running_loop()

    def say(text: str) -> None:
        loop.call_soon_threadsafe(supervisor.notice, text)

    channels = Channels(say)

    def tell(message: Message, watch: Watch) -> None:
        say(f"{message.model} {message.version} ({message.arm}): {message.says}")
        channels.send(message, watch)

    watching = Watching(supervisor.folder, supervisor.url, tell, say)
    try:
        while True:
            await asyncio.to_thread(_look, watching, supervisor)
            await asyncio.sleep(EVERY)
    finally:
        channels.close()


def _look(watching: Watching, supervisor: "Supervisor") -> None:
    """One look; a disk that takes nothing now is tried again at the next."""
    try:
        at = time.time()
        watching.tick(supervisor.deployment, at)
        watch = watching.watch
        ended = watching.new_day(at, watch.keep)
        if ended and watch.report:
            write(supervisor.folder, supervisor.deployment.name, ended)
    except OSError:
        _log.exception("monitoring could not read or write its files; it tries again")

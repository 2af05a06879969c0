"""The supervisor's loop of a test: a look every second, in a thread, since the supervisor also answers for replicas that die."""

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from daybreak.serving.deployment import Deployment
from daybreak.serving.experiment.record import Experiment
from daybreak.serving.experiment.steering import News, Steering
from daybreak.serving.watch import settings, standing
from daybreak.serving.watch.alerts import Message
from daybreak.serving.watch.channels import Channels

if TYPE_CHECKING:
    from daybreak.serving.supervisor import Supervisor

EVERY = 1.0  # seconds between looks

_log = logging.getLogger("daybreak.serving")


async def follow(supervisor: "Supervisor") -> None:
    """Until cancelled."""
    loop = asyncio.get_running_loop()

    def say(text: str) -> None:
        loop.call_soon_threadsafe(supervisor.notice, text)

    channels = Channels(say)

    def tell(news: News) -> None:
        say(news.said)
        deployment = supervisor.deployment
        channels.send(message(deployment, news, supervisor.url), settings.read(deployment.watch))

    steering = Steering(supervisor.folder, tell, lambda found: drifted(supervisor.folder, found))
    look = asyncio.ensure_future(asyncio.sleep(0))
    try:
        while True:
            look = asyncio.ensure_future(asyncio.to_thread(_look, steering, supervisor))
            await asyncio.shield(look)
            await asyncio.sleep(EVERY)
    finally:
        await asyncio.wait([look])  # a thread does not end because we do
        channels.close()
        steering.close()


def _look(steering: Steering, supervisor: "Supervisor") -> None:
    """One look; a disk that takes nothing now is tried again at the next."""
    try:
        steering.tick(supervisor.deployment, time.time())
    except OSError:
        _log.exception("the test's files could not be read or written; it is tried again")


def drifted(folder: Path, experiment: Experiment) -> dict[str, str]:
    """By challenger what drifts of its answers since the test began. Where the champion's drift, too, it is the world that changes.

    Of the champion monitoring's own alarm is enough, a challenger's must hold at the level that its guard has left for this window.
    """
    guard, (champion, *challengers) = experiment.rules.guard, experiment.arms
    found = {}
    for arm in standing.read(folder).arms:
        alarms = [test for test in arm.tests if test.alarm and test.side == "output"]
        if not alarms or arm.since is None or arm.since < experiment.began:
            continue
        if arm.arm == champion:
            return {}
        if guard.drifts(min(test.p for test in alarms), max(1, arm.windows), len(challengers)):
            found[arm.arm] = alarms[0].says
    return found


def message(deployment: Deployment, news: News, url: str) -> Message:
    """What webhooks, commands and mail are sent."""
    model, version = news.version
    return Message(
        deployment.name,
        news.arm,
        model,
        version,
        news.kind,
        news.said,
        news.at,
        news.began,
        news.at,
        news.requests,
        {"test": news.said},
        url,
    )

"""Sets a replica to counting (`serving.meters`), and tells once a second how it is."""

import asyncio

from daybreak.serving.engine import Engine
from daybreak.serving.meters import Meter

EVERY = 1.0  # seconds


async def attach(engine: Engine, replica: int) -> None:
    """Count from now on."""
    engine.meter = Meter(engine.folder, replica)
    engine.observers.append(engine.meter)
    _tick(engine, engine.meter)


def _tick(engine: Engine, meter: Meter) -> None:
    meter.gauge(sum(lane.pending for lane in engine.arms.values()))
    asyncio.get_running_loop().call_later(EVERY, _tick, engine, meter)

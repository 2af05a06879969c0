"""`--engine ray`: the same shares as actors of a Ray cluster that is already there. Every node must see inputs, output and package.

Ray is told the cluster's address and nothing is started here; RAY_AUTH_MODE=token and a token of one's own keep others out.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import ModelFailed, UsageError
from daybreak.batch.places import Out
from daybreak.batch.plan import Plan
from daybreak.batch.running import Share

Tell = Callable[[int, int, float], None]
POLL = 0.5  # seconds between two looks at what actors did


class Worker:
    """What runs inside an actor: one share, done on a thread of its own, so that progress can be asked for."""

    def __init__(self, order: bytes) -> None:
        from daybreak.batch.processes import Order

        self._order = msgspec.json.decode(order, type=Order)
        self._told: list[tuple[int, int, float]] = []

    def work(self) -> str:
        """Do the share; an error as "Class: message", empty when it is done."""
        from daybreak.base.errors import DaybreakError

        try:
            self._order.follow(lambda *told: self._told.append(told))
        except DaybreakError as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def news(self) -> list[tuple[int, int, float]]:
        """What was done since it was last asked."""
        told, self._told = self._told, []
        return told


def run(plan: Plan, folder: Path, out: Out, workers: int, threads: int, tell: Tell, address: str) -> None:
    """Do it by `workers` actors with `threads` CPUs each. Raises `UsageError`, `ModelFailed`; what was done stays done."""
    ray = _connected(address)
    try:
        actor = ray.remote(num_cpus=threads, max_concurrency=2, max_restarts=0)(Worker)
        actors = [actor.remote(_order(plan, folder, out, Share(index, workers), threads)) for index in range(workers)]
        _follow(ray, actors, tell)
    finally:
        ray.shutdown()


def _connected(address: str) -> Any:
    try:
        import ray
    except ImportError as error:
        raise UsageError("--engine ray needs Ray: pip install 'daybreak[ray]'") from error
    where = address or os.environ.get("RAY_ADDRESS", "")
    if not where:
        raise UsageError(
            "--engine ray uses a cluster that is there: give --address HOST:PORT, or set RAY_ADDRESS; start one with `ray start --head`"
        )
    try:
        ray.init(address=where, log_to_driver=False, logging_level="error", namespace="daybreak")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"no Ray cluster answers at {where}: {error}") from error
    return ray


def _order(plan: Plan, folder: Path, out: Out, share: Share, threads: int) -> bytes:
    from daybreak.batch.processes import Order

    return msgspec.json.encode(Order(plan, str(folder), out.path, share, threads))


def _follow(ray: Any, actors: list[Any], tell: Tell) -> None:
    left = {actor.work.remote(): actor for actor in actors}
    shares = dict.fromkeys(range(len(actors)), 0.0)
    while left:
        ready, _ = ray.wait(list(left), timeout=POLL)
        for index, actor in enumerate(actors):
            if actor in left.values():
                _hear(ray, actor, index, shares, tell)
        for done in ready:
            left.pop(done)
            _finish(ray, done)


def _hear(ray: Any, actor: Any, index: int, shares: dict[int, float], tell: Tell) -> None:
    try:
        news = ray.get(actor.news.remote())
    except ray.exceptions.RayError as error:
        raise ModelFailed(f"an actor was lost ({error}); the same command goes on where it was") from error
    for rows, rejected, share in news:
        shares[index] = share
        tell(rows, rejected, sum(shares.values()) / len(shares))


def _finish(ray: Any, done: Any) -> None:
    try:
        error = ray.get(done)
    except ray.exceptions.RayError as lost:
        raise ModelFailed(f"an actor was lost ({lost}); the same command goes on where it was") from lost
    if error:
        raise ModelFailed(f"an actor failed: {error}")

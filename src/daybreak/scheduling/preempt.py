"""Whom to freeze for a more important demand.

Only holdings of a lower priority count. Of those the lowest priority goes first, then the most recent grant (it has the least
to finish its unit for). A gang's slots must come from one machine: the machine whose victims are the least important is taken.
"""

from collections.abc import Iterable

from daybreak.scheduling.pool import Pool
from daybreak.scheduling.values import Demand, Holding


def victims(pool: Pool, demand: Demand, priority: int, holdings: Iterable[Holding]) -> list[Holding]:
    """The fewest least important holdings that make room for the demand on one machine; [] when none do.

    `holdings` are those not asked to freeze yet; slots that are about to be free are the caller's to count.
    """
    by_place: dict[tuple[str, str], list[Holding]] = {}
    for holding in holdings:
        allowed = demand.machines is None or holding.machine in demand.machines
        if allowed and holding.priority < priority and demand.kind in ("any", holding.kind):
            by_place.setdefault((holding.machine, holding.kind), []).append(holding)
    best: tuple[tuple[int, int], list[Holding]] | None = None
    for (machine, kind), held in sorted(by_place.items()):
        chosen = _enough(held, demand.slots - pool.free_on(machine, kind))
        if chosen and (best is None or _pain(chosen) < best[0]):
            best = (_pain(chosen), chosen)
    return best[1] if best else []


def _enough(held: list[Holding], missing: int) -> list[Holding]:
    held.sort(key=lambda h: (h.priority, -h.since, tuple(-part for part in h.key)))
    chosen = []
    for holding in held:
        if missing <= 0:
            break
        chosen.append(holding)
        missing -= holding.slots
    return chosen if missing <= 0 else []


def _pain(chosen: list[Holding]) -> tuple[int, int]:
    return max(h.priority for h in chosen), sum(h.slots for h in chosen)

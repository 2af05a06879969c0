"""Who gets the free slots.

Owners are served by priority, and among equals the one that holds the fewest slots first: the least served. Within an owner its
own order of demands holds. An owner whose next demand does not fit is set aside and smaller demands of others go by it, so
nothing waits while a slot that fits it idles.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from daybreak.scheduling.pool import Pool
from daybreak.scheduling.values import Claim, Demand, Grant


def place(
    pool: Pool, claims: Iterable[Claim], ask: Callable[[int], Demand | None], grant: Callable[[Grant], None]
) -> list[Demand]:
    """Hand out free slots until nobody wants what is left; the demands that did not fit, most important first.

    `ask(owner)` gives the owner's next demand without using it up; `grant` uses it up.
    """
    queue = [(-c.priority, c.held, c.owner, c.limit) for c in claims]
    heapify(queue)
    unmet = []
    while queue:
        rank, held, owner, limit = heappop(queue)
        demand = ask(owner)
        if demand is None or (limit is not None and held + demand.slots > limit):
            continue
        found = pool.take(demand.kind, demand.slots, demand.machines, demand.avoids)
        if found is None:
            unmet.append(demand)
            continue
        grant(Grant(demand, found[0], found[1]))
        heappush(queue, (rank, held + demand.slots, owner, limit))
    return unmet

"""Who gets the free slots, and who gives way."""

import pytest

from daybreak.scheduling.place import place
from daybreak.scheduling.pool import Pool
from daybreak.scheduling.preempt import victims
from daybreak.scheduling.values import Claim, Demand, Holding


def pool(**machines):
    made = Pool()
    for machine, slots in machines.items():
        for number, kind in enumerate(slots):
            made.offer(machine, number, {"c": "cpu", "g": "gpu", "m": "mig"}[kind])
    return made


def demand(owner, slots=1, kind="any"):
    return Demand(owner, 1, slots, kind)


def served(free, claims, wants, slots=1):
    """The owners served, in order; each wants so many gangs."""
    left, grants = dict(wants), []

    def grant(given):
        left[given.demand.owner] -= 1
        grants.append(given.demand.owner)

    unmet = place(free, claims, lambda owner: demand(owner, slots) if left[owner] else None, grant)
    return grants, [d.owner for d in unmet]


def test_a_higher_priority_is_served_first():
    assert served(pool(m="ccc"), [Claim(1, 0, 0), Claim(2, 5, 0)], {1: 3, 2: 2}) == ([2, 2, 1], [1])


def test_among_equals_whoever_holds_fewest_is_served_next():
    assert served(pool(m="cccc"), [Claim(1, 0, 2), Claim(2, 0, 0)], {1: 9, 2: 9})[0] == [2, 2, 1, 2]


def test_a_limit_holds():
    assert served(pool(m="cccc"), [Claim(1, 0, 0, limit=2)], {1: 9}) == ([1, 1], [])


def test_gangs_come_from_one_machine_and_small_ones_leave_large_ones_room():
    free = pool(a="cccc", b="cc")

    assert free.take("cpu", 2) == ("b", (0, 1))
    assert free.take("cpu", 4) == ("a", (0, 1, 2, 3))
    assert free.take("cpu", 1) is None


def test_twelve_slots_on_eight_and_eight_do_not_fit_and_say_so():
    free = pool(a="c" * 8, b="c" * 8)

    assert free.take("cpu", 12) is None
    assert free.largest("cpu") == 8


def test_a_kind_is_kept_for_those_that_ask_for_it_and_any_takes_the_fastest():
    free = pool(a="cg")

    assert free.take("gpu", 1) == ("a", (1,))
    assert free.take("gpu", 1) is None
    assert free.take("any", 1) == ("a", (0,))


def test_a_slot_lost_while_held_does_not_come_back_with_its_holder():
    free = pool(a="cc")
    machine, slots = free.take("cpu", 2)
    assert free.lose("a", 0)
    free.release(machine, slots)

    assert (free.free("cpu"), free.total("cpu")) == (1, 1)
    assert free.take("cpu", 1) == ("a", (1,))


@pytest.mark.parametrize(
    ("holdings", "expected"),
    [
        ([(1, 0, "a", 5.0), (2, 1, "a", 9.0)], [1]),  # the lower priority
        ([(1, 0, "a", 5.0), (2, 0, "a", 9.0)], [2]),  # the more recent
        ([(1, 2, "a", 5.0)], []),  # an equal keeps what it has
    ],
)
def test_the_least_important_gives_way(holdings, expected):
    free = pool(a="cc")
    free.take("cpu", 2)
    held = [
        Holding(owner, priority, machine, "cpu", 1, since, (owner, 1, 1))
        for owner, priority, machine, since in holdings
    ]

    assert [h.owner for h in victims(free, demand(9), 2, held)] == expected


def test_room_for_a_gang_is_made_on_one_machine_beside_what_is_free_there():
    free = pool(a="ccc", b="cc")
    free.take("cpu", 2)  # all of b
    machine, _ = free.take("cpu", 2)
    assert machine == "a"
    held = [Holding(1, 0, m, "cpu", 1, t, (1, n, 1)) for n, (m, t) in enumerate([("a", 1.0), ("a", 2.0), ("b", 3.0)])]

    chosen = victims(free, demand(9, slots=2), 1, held)

    assert [(h.machine, h.since) for h in chosen] == [("a", 2.0)]

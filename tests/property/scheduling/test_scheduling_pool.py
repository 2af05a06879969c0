"""Whatever is offered, taken, given back and lost: every slot is free or held, and held by one."""

from hypothesis import given
from hypothesis import strategies as st

from daybreak.scheduling.pool import Pool

machines, numbers, kinds = st.sampled_from("ab"), st.integers(0, 4), st.sampled_from(["cpu", "gpu", "mig"])
actions = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), machines, numbers, kinds),
        st.tuples(st.just("lose"), machines, numbers),
        st.tuples(st.just("take"), st.sampled_from(["any", "cpu", "gpu"]), st.integers(1, 3)),
        st.tuples(st.just("release"), st.integers(0, 20)),
    ),
    max_size=60,
)


@given(actions)
def test_a_slot_is_free_or_held_by_one_holder(history):
    pool, offered, held = Pool(), {}, []
    for name, *what in history:
        if name == "offer":
            machine, number, kind = what
            holder = any(machine == m and number in slots for m, slots in held)
            if pool.offer(machine, number, kind, held=holder):
                offered[machine, number] = kind
        elif name == "lose":
            pool.lose(*what)
            offered.pop(tuple(what), None)
        elif name == "take":
            kind, count = what
            fitted = pool.fits(kind, count)
            found = pool.take(kind, count)
            assert (found is not None) == fitted
            if found is not None:
                held.append(found)
                assert len({offered[found[0], number] for number in found[1]}) == 1, "a gang is of one kind"
        elif held:
            pool.release(*held.pop(what[0] % len(held)))

        places = [(machine, number) for machine, slots in held for number in slots]
        assert len(places) == len(set(places))
        assert pool.used == sum(place in offered for place in places)
        assert pool.free("any") == pool.idle == len(offered) - pool.used
        assert pool.numbers("a") == sorted(number for machine, number in offered if machine == "a")

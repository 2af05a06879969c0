"""Any space: what is drawn is of it, survives encoding, and depends on nothing but seed and trial."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.search.axes import axis_of
from daybreak.search.samplers.registry import make_sampler
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform
from daybreak.spec.models import Experiment, Objective, Search

floats = st.floats(min_value=-1e6, max_value=1e6).map(lambda x: round(x, 6))
positive = st.floats(min_value=1e-9, max_value=1e6)
counts = st.integers(min_value=1, max_value=5)


def ends(values):
    return st.tuples(values, values).map(sorted)


domains = st.one_of(
    ends(floats).map(lambda e: Uniform(low=e[0], high=e[1])),
    st.builds(
        lambda low, step, n: Uniform(low=low, high=low + step * n, step=step),
        floats,
        st.sampled_from([0.1, 0.25, 3.0]),
        st.integers(0, 20),
    ),
    ends(positive).map(lambda e: Log(low=e[0], high=e[1])),
    st.builds(lambda e, step: Int(low=e[0], high=e[1], step=step), ends(st.integers(-50, 50)), counts),
    st.builds(lambda e, step: Int(low=e[0], high=e[1], step=step, log=True), ends(st.integers(1, 5000)), counts),
    st.lists(st.one_of(st.integers(-3, 3), st.text(max_size=2), st.booleans(), st.none()), min_size=1, max_size=5, unique_by=repr).map(
        lambda options: Choice(options=tuple(options))
    ),
    st.just(Constant(value=1)),
)  # fmt: skip
seeds, trials, coordinates = st.integers(0, 2**40), st.integers(1, 10**6), st.floats(0.0, 1.0)


@st.composite
def spaces(draw):
    """Up to five names; each later one may hang on a comparison with a number before it."""
    named = {}
    for i, domain in enumerate(draw(st.lists(domains, min_size=0, max_size=5))):
        parent = draw(st.sampled_from([None, *named]))
        numeric = parent is not None and isinstance(named[parent], Uniform | Log | Int)
        when = f"{parent} > {named[parent].low + (named[parent].high - named[parent].low) / 2}" if numeric else None
        named[f"p{i}"] = domain.model_copy(update={"when": when})
    return Space(named)


@given(domains, coordinates)
def test_every_coordinate_is_a_value_of_the_domain_and_comes_back(domain, at):
    axis = axis_of("x", domain)
    value = axis.value(at)
    assert axis.holds(value)
    back = axis.coordinate(value)
    assert 0.0 <= back <= 1.0
    again = axis.value(back)
    assert again == value or math.isclose(again, value, rel_tol=1e-9, abs_tol=1e-9)


@given(spaces(), seeds, trials)
@settings(max_examples=60)
def test_draws_are_of_the_space_and_repeat(space, seed, trial):
    point = space.draw(seed, trial)
    assert space.problem(point) is None
    assert space.draw(seed, trial) == point


@given(spaces(), seeds)
@settings(max_examples=60)
def test_decoding_undoes_encoding(space, seed):
    point = space.draw(seed, 1)
    decoded = space.decode([0.5 if math.isnan(at) else at for at in space.encode(point)])
    near = {
        n
        for n, v in decoded.items()
        if n in point and (v == point[n] or math.isclose(v, point[n], rel_tol=1e-9, abs_tol=1e-9))
    }
    # A value within rounding of its condition's threshold may fall to the other side: such a space is not compared.
    threshold = any(
        d.when and math.isclose(point.get(d.when.split()[0], 0), float(d.when.split()[2]), rel_tol=1e-9, abs_tol=1e-9)
        for d in space.domains.values()
    )
    assert threshold or (near == set(point) == set(decoded))


@given(st.sampled_from(["random", "sobol", "density"]), st.integers(1, 4), st.integers(1, 3), seeds)
@settings(max_examples=25)
def test_small_spaces_are_used_up_exactly(sampler, a, b, seed):
    space = {"a": Int(low=1, high=a), "b": Choice(options=tuple(range(b)))}
    metric = (Objective(metric="m", direction="minimize"),)
    made = make_sampler(
        Experiment(name="x", run="a:b", space=space, objectives=metric, search=Search(sampler=sampler), seed=seed)
    )
    points = []
    while (point := made.ask(len(points) + 1, {})) is not None:
        points.append((point["a"], point["b"]))
        made.tell(len(points), point, 1, (float(point["a"]),))
    assert len(points) == len(set(points)) == a * b

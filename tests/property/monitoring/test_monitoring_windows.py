"""However rows are cut into batches and parts, a window counts the same; and no row is lost or counted twice."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from daybreak.monitoring import reference
from daybreak.monitoring.bins import cut, groups, tally
from daybreak.monitoring.distances import jensen_shannon, psi, total_variation, wasserstein
from daybreak.monitoring.drift import holm, judge
from daybreak.monitoring.records import Numbers
from daybreak.monitoring.window import Window, decode, encode, merge, tracks_of

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
VALUES = arrays(np.float64, st.integers(1, 60), elements=NUMBERS)
WORDS = st.none() | st.sampled_from(["a", "b", "c", "new", ""])
TEXTS = st.none() | st.text(max_size=30)
COUNTS = arrays(np.int64, st.integers(2, 12), elements=st.integers(1, 500))


@st.composite
def rows(draw):
    n = draw(st.integers(1, 30))
    return {
        "x": np.array(draw(st.lists(NUMBERS, min_size=n, max_size=n))),
        "word": np.array(draw(st.lists(WORDS, min_size=n, max_size=n)), object),
        "text": np.array(draw(st.lists(TEXTS, min_size=n, max_size=n)), object),
    }


def length(values):
    return len(values["x"])


def made(values):
    return reference.make(values, {}, kinds={"word": "category", "text": "text", "x": "number"})


@settings(max_examples=40, deadline=None)
@given(rows(), rows(), st.data())
def test_any_cut_into_batches_and_parts_counts_the_same(before, values, data):
    held = made(before)
    whole = Window(held)
    whole.add(values, {}, length(values))
    first, second = Window(held), Window(held)
    at = data.draw(st.integers(0, length(values)))
    for window, begin, end in ((first, 0, at), (second, at, length(values))):
        if end > begin:
            window.add({name: column[begin:end] for name, column in values.items()}, {}, end - begin)
    together, alone = merge(first.take(), decode(encode(second.take()))), whole.take()
    assert together.rows == alone.rows
    for name, counted in alone.tracks.items():
        other = together.tracks[name]
        assert (other.bins, other.missing, other.new, other.other) == (
            counted.bins,
            counted.missing,
            counted.new,
            counted.other,
        )
        assert (other.low, other.high) == (counted.low, counted.high)


@settings(max_examples=40, deadline=None)
@given(rows(), rows())
def test_every_row_is_counted_once_in_every_track(before, values):
    held = made(before)
    window = Window(held)
    window.add(values, {}, length(values))
    part = window.take()
    assert part.unread == 0
    for counted in part.tracks.values():
        assert sum(counted.bins) + counted.missing + sum(counted.new.values()) + counted.other == length(values)


@settings(max_examples=40, deadline=None)
@given(rows(), rows())
def test_any_window_can_be_judged(before, values):
    held = made(before)
    window = Window(held)
    for _ in range(20):
        window.add(values, {}, length(values))
    part = window.take()
    verdict = judge(held, decode(encode(part)))
    assert verdict.rows == 20 * length(values)
    assert all(0 <= test.p <= 1 for test in verdict.tests)
    assert {name for name, (_, _, track) in tracks_of(held).items() if isinstance(track, Numbers)} <= set(part.tracks)


@given(VALUES, VALUES)
def test_a_tally_is_what_a_loop_would_count(before, values):
    edges = cut(before)
    counted = tally(values, edges)
    present = values[~np.isnan(values)]
    expected = [np.sum(present <= edges[0])]
    expected += [np.sum((present > low) & (present <= high)) for low, high in pairwise(edges)]
    expected.append(np.sum(present > edges[-1]))
    assert counted.bins.tolist() == expected
    assert counted.missing == len(values) - len(present)


@given(COUNTS, st.integers(1, 12), st.floats(1, 100))
def test_groups_are_neighbours_and_have_rows_enough(counts, most, fewest):
    group = groups(counts, most, fewest)
    assert group[0] == 0
    assert set(np.diff(group)) <= {0, 1}
    sizes = np.bincount(group, counts)
    assert len(sizes) == 1 or sizes.min() >= min(fewest, counts.sum())


@given(COUNTS, st.data())
def test_distances_are_zero_of_equal_shares_and_never_negative(counts, data):
    other = data.draw(arrays(np.int64, len(counts), elements=st.integers(0, 500)).filter(lambda x: x.sum() > 0))
    edges = np.arange(len(counts) + 1.0)
    for distance in (psi, jensen_shannon, total_variation, lambda a, b, level: wasserstein(a, b, edges, 1.0, level)):
        assert distance(counts, 3 * counts, 0.01).value < 1e-6
        found = distance(counts, other, 0.01)
        assert found.value >= 0
        assert 0 <= found.p <= 1
        assert found.cut >= 0


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_only_raises_and_keeps_the_order(p):
    corrected = holm(p)
    assert all(after >= before for before, after in zip(p, corrected, strict=True))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(np.array(corrected)[order]) >= 0)

"""A window counts live rows in constant memory; parts of it are merged."""

import json

import numpy as np
import pytest

from daybreak.monitoring import reference
from daybreak.monitoring.bins import cut, groups, tally
from daybreak.monitoring.records import Partial
from daybreak.monitoring.window import MOST_NEW, Window, decode, encode, merge


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    return reference.make(
        {"age": rng.uniform(18, 80, 2000), "job": rng.choice(["cook", "nurse"], 2000).astype(object)},
        {"price": rng.normal(size=2000)},
    )


def rows(ages, jobs):
    return {"age": np.array(ages, float), "job": np.array(jobs, object)}


def test_missing_out_of_range_and_new_values_are_counted(made):
    window = Window(made)
    window.add(rows([30, np.nan, 200, -1, np.inf], ["cook", "pilot", None, "pilot", "nurse"]), {}, 5)
    part = window.take()
    age, job, price = (part.tracks[name] for name in ("input\tage\t", "input\tjob\t", "output\tprice\t"))
    assert (age.bins[0], age.bins[-1], age.missing) == (1, 2, 1)
    assert (age.low, age.high, age.total) == (-1, 200, 229)
    assert (sum(job.bins), job.new, job.missing) == (2, {"pilot": 2}, 1)
    assert price.missing == 5, "a column that is not there is missing in all rows"
    assert (part.rows, part.unread) == (5, 0)


def test_take_begins_anew(made):
    window = Window(made)
    window.add(rows([30], ["cook"]), {}, 1)
    window.take()
    assert window.take().rows == 0
    window.add(rows([30], ["cook"]), {}, 1)
    assert sum(window.take().tracks["input\tage\t"].bins) == 1


def test_memory_is_bounded_whatever_new_values_come(made):
    window = Window(made)
    many = [f"job {i}" for i in range(5000)]
    window.add(rows([30] * 5000, many), {}, 5000)
    job = window.take().tracks["input\tjob\t"]
    assert (len(job.new), sum(job.new.values()) + job.other) == (MOST_NEW, 5000)


def test_a_column_of_another_type_is_unread_and_fails_nothing(made):
    window = Window(made)
    window.add({"age": np.array(["old"], object), "job": np.array(["cook"], object)}, {}, 1)
    part = window.take()
    assert (part.unread, part.tracks["input\tage\t"].missing, sum(part.tracks["input\tjob\t"].bins)) == (1, 1, 1)


def test_parts_travel_as_json(made):
    window = Window(made)
    window.add(rows([30, np.inf], ["cook", "spy"]), {"price": np.array([1.0, np.nan])}, 2)
    part = window.take()
    assert decode(encode(part)) == part
    assert json.loads(encode(Partial())) == {"rows": 0, "tracks": {}, "unread": 0}


def test_merged_parts_are_what_one_window_would_have_counted(made):
    values = rows([30, np.nan, 200, -1, 55], ["cook", "pilot", None, "pilot", "nurse"])
    whole, first, second = (Window(made) for _ in range(3))
    whole.add(values, {}, 5)
    first.add({name: column[:2] for name, column in values.items()}, {}, 2)
    second.add({name: column[2:] for name, column in values.items()}, {}, 3)
    assert merge(first.take(), second.take()) == whole.take()


def test_edges_put_each_value_where_it_is():
    values = np.array([1.0, 1.0, 2.0, 3.0])
    edges = cut(values)
    counted = tally(np.array([0.5, 1.0, 1.5, 2.0, 3.0, 3.1, np.nan]), edges)
    assert counted.bins.tolist() == [1, 1, 2, 1, 1]
    assert counted.missing == 1


def test_neighbouring_bins_are_put_together_until_each_has_rows_enough():
    counts = np.array([100, 1, 1, 1, 97, 100, 2])
    group = groups(counts, 3, 20)
    assert group.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert groups(np.array([5, 5]), 10, 20).tolist() == [0, 0]

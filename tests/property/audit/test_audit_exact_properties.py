"""Any two tables: the answer depends on the rows, not on how they came; and it is what comparing each with each says."""

import math

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.audit.about import About, Column
from daybreak.audit.overlap.exact import Exact
from daybreak.testing.folds import MemorySpill, folded, folded_as_tree

COLUMNS = (Column("a", "number"), Column("b", "integer"), Column("c", "category"), Column("y", "category", "target"))
ABOUT = About(COLUMNS, "classification")
SCHEMA = pa.schema([("a", pa.float64()), ("b", pa.int64()), ("c", pa.string()), ("y", pa.string())])

rows = st.tuples(
    st.sampled_from([0.0, -0.0, math.nan, None, 0.5, 0.1]),
    st.sampled_from([0, 1, None]),
    st.sampled_from(["u", "v ", "v", None]),
    st.sampled_from(["p", "q"]),
)
sides = st.lists(rows, min_size=1, max_size=30)
few = st.lists(rows, min_size=1, max_size=19)  # in more rows a column with one value a side is left out


def table(found):
    return pa.Table.from_pylist([dict(zip("abcy", row, strict=True)) for row in found], SCHEMA)


def plain(row):
    a, b, c, _ = row
    return (None if a is None or math.isnan(a) else a + 0.0, b, c.strip() if c else None)


def said(outcome):
    hits = outcome.hits
    return hits.test.tolist(), hits.train.tolist(), outcome.measured, [finding.what for finding in outcome.findings]


@given(few, few)
@settings(deadline=None)
def test_hits_are_what_comparing_each_with_each_finds(train, test):
    outcome = folded(Exact(ABOUT, MemorySpill()), {"train": table(train), "test": table(test)})
    known = {plain(row) for row in train}
    assert outcome.hits.test.tolist() == [at for at, row in enumerate(test) if plain(row) in known]
    for at, of in zip(outcome.hits.test, outcome.hits.train, strict=True):
        assert plain(test[at]) == plain(train[of])
    twins = [plain(row) for row in train]
    null = sum(twins.count(row) > 1 for row in twins) / len(twins)
    assert outcome.measured["overlap"]["test in train"]["features"]["null"] == round(null, 6)


@given(sides, sides, st.integers(1, 9), st.lists(st.integers(0, 99), max_size=40), st.sampled_from([3, 1 << 20]))
@settings(deadline=None)
def test_batches_order_of_merging_and_spilling_change_nothing(train, test, size, choices, resident):
    both = {"train": table(train), "test": table(test)}
    once = folded(Exact(ABOUT, MemorySpill()), both)
    cut = folded_as_tree(Exact(ABOUT, MemorySpill(), resident), both, size, choices)
    assert said(cut) == said(once)


@given(sides, sides, st.permutations("abcy"))
@settings(deadline=None)
def test_order_of_columns_changes_nothing(train, test, order):
    other = table(test).select(list(order))
    once = folded(Exact(ABOUT, MemorySpill()), {"train": table(train), "test": table(test)})
    assert said(folded(Exact(ABOUT, MemorySpill()), {"train": table(train), "test": other})) == said(once)


@given(sides, sides, st.booleans(), st.booleans())
@settings(deadline=None)
def test_precision_of_either_side_changes_nothing(train, test, single, dictionary):
    other = table(test)
    if single:
        other = other.set_column(0, "a", other.column("a").cast(pa.float32()))
    if dictionary:
        other = other.set_column(2, "c", other.column("c").dictionary_encode())
    once = folded(Exact(ABOUT, MemorySpill()), {"train": table(train), "test": table(test)})
    assert said(folded(Exact(ABOUT, MemorySpill()), {"train": table(train), "test": other})) == said(once)

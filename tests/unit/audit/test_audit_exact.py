"""Test rows that stand in train: all found, whatever two programs made of one value, and told from natural twins."""

from datetime import time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from daybreak.audit.about import About, Column
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap.exact import Exact, exact
from daybreak.testing.folds import MemorySpill, folded


def columns(**types):
    """Columns by type; one called y is the target."""
    return tuple(Column(name, kind, "target" if name == "y" else "feature") for name, kind in types.items())


def ask(train, test, task=None, rows=1 << 16, validation=None, purposes=None, **types):
    """The outcome for two dicts of Arrow arrays."""
    purposes = purposes or {}
    made = tuple(
        Column(column.name, column.type, purposes.get(column.name, column.purpose)) for column in columns(**types)
    )
    sides = {"train": pa.table(train), "test": pa.table(test)}
    if validation is not None:
        sides["validation"] = pa.table(validation)
    return folded(exact(About(made, task), MemorySpill()), sides, rows)


def hits(outcome):
    return list(zip(outcome.hits.test.tolist(), outcome.hits.train.tolist(), strict=True))


def measured(outcome, pair="test in train"):
    return outcome.measured["overlap"][pair]


# The traps: one value, written by two programs.

TRAPS = {
    "float32 against float64": ("number", pa.array([0.1, 0.7]), pa.array([0.7, 5], pa.float32())),
    "float64 against float32": ("number", pa.array([0.1, 0.7], pa.float32()), pa.array([0.7, 5.0])),
    "NaN and null": ("number", pa.array([1.5, float("nan")]), pa.array([None, 8.5])),
    "other bits of NaN": (
        "number",
        pa.array([1.5, np.uint64(0xFFF8000000000001).view(np.float64)]),
        pa.array([float("nan"), 8.5]),
    ),
    "minus zero": ("number", pa.array([1.5, -0.0]), pa.array([0.0, 8.5])),
    "integer against float": ("number", pa.array([1, 2]), pa.array([2.0, 8.5])),
    "small integers": ("integer", pa.array([1, 2], pa.int8()), pa.array([2, 9], pa.int64())),
    "truth against integer": ("integer", pa.array([False, True]), pa.array([1, 9])),
    "truth written out": ("category", pa.array(["false", "true"]), pa.array(["1", "maybe"])),
    "text of numbers against numbers": ("category", pa.array(["x", "2"]), pa.array([2.0, 9.5])),
    "numbers against text of numbers": ("number", pa.array([1.0, 2.5]), pa.array([" 2.50", "9"])),
    "trailing spaces": ("category", pa.array(["a", "b "]), pa.array([" b", "c"])),
    "runs of spaces and line ends": ("text", pa.array(["a", "one  two\r\nthree"]), pa.array(["one two\nthree", "c"])),
    "composed against decomposed": ("text", pa.array(["a", "caf\u00e9"]), pa.array(["cafe\u0301", "c"])),
    "dictionaries": ("category", pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"])),
    "units of time": (
        "time",
        pa.array([0, 1_000_000], pa.timestamp("us")),
        pa.array([1, 7], pa.timestamp("s")),
    ),
    "vectors": (
        "vector",
        pa.array([[1.0, 2.0], [-0.0, float("nan")]], pa.list_(pa.float64(), 2)),
        pa.array([[0.0, float("nan")], [5.0, 5.0]], pa.list_(pa.float32(), 2)),
    ),
    "digests": ("digest", pa.array([b"a" * 16, b"b" * 16], pa.binary(16)), pa.array([b"b" * 16, b"c" * 16], pa.binary(16))),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_one_value_in_two_spellings_is_one(trap):
    kind, train, test = TRAPS[trap]
    more = pa.array([3, 4])
    outcome = ask({"a": train, "b": more}, {"b": pa.array([4, 4]), "a": test}, a=kind, b="integer")
    assert hits(outcome) == [(0, 1)], (
        "the first test row is the second of train, whatever the order of columns; the second is new"
    )
    assert measured(outcome)["compared_value_for_value"] == 1
    assert measured(outcome)["key_equal_but_values_differ"] == 0


ODD = {
    "decimal": ("number", pa.array([Decimal("1.50"), None])),
    "half": ("number", pa.array([0.5, None], pa.float16())),
    "words among numbers": ("number", pa.array(["x", "1"])),
    "unsigned": ("integer", pa.array([2**64 - 1, None], pa.uint64())),
    "time of day": ("integer", pa.array([time(1, 2), None])),
    "duration": ("time", pa.array([timedelta(1), None])),
    "binary": ("category", pa.array([b"a", None])),
    "lists of any length": ("category", pa.array([[1, 2], None])),
    "lists of text": ("category", pa.array([["x"], None], pa.large_list(pa.string()))),
    "structs": ("text", pa.array([{"a": 1}, None])),
    "views": ("text", pa.array(["a", None], pa.string_view())),
    "nothing": ("category", pa.nulls(2)),
    "missing vectors": ("vector", pa.array([[1, 2], None], pa.list_(pa.int64(), 2))),
    "short digests": ("digest", pa.array([b"a" * 8, None], pa.binary(8))),
}


@pytest.mark.parametrize("way", ODD)
def test_any_stored_type_can_be_compared(way):
    kind, values = ODD[way]
    more = pa.array([0.5, 0.25])
    outcome = ask({"a": values, "b": more}, {"a": values, "b": more}, a=kind, b="number")
    assert hits(outcome) == [(0, 0), (1, 1)]
    assert measured(outcome)["compared_value_for_value"] == 2
    assert measured(outcome)["key_equal_but_values_differ"] == 0


@pytest.mark.parametrize(
    ("kind", "train", "test"),
    [
        ("number", pa.array([0.1]), pa.array([0.1 + 1e-12])),
        ("integer", pa.array([2**60]), pa.array([2**60 + 1])),
        ("text", pa.array(["ab c"]), pa.array(["a bc"])),
        ("category", pa.array(["007"]), pa.array(["7"])),
        ("category", pa.array(["1.10"]), pa.array(["1.1"])),
    ],
)
def test_two_values_are_two(kind, train, test):
    assert hits(ask({"a": train}, {"a": test}, a=kind)) == []


def test_a_value_in_another_column_is_another_row():
    outcome = ask({"a": pa.array([1, 2]), "b": pa.array([2, 2])}, {"a": [2], "b": [1]}, a="integer", b="integer")
    assert hits(outcome) == []


LABELS = {
    "text against number": (pa.array(["1", "0"]), pa.array([1, 0])),
    "number against float": (pa.array([1, 0]), pa.array([1.0, 0.0])),
    "the dot of adult's test labels": (pa.array([" >50K", " <=50K"]), pa.array([">50K.", "<=50K."])),
    "capital letters": (pa.array(["Yes", "No"]), pa.array(["yes", "no"])),
    "truth": (pa.array([True, False]), pa.array(["1", "0"])),
}


@pytest.mark.parametrize("way", LABELS)
def test_classes_are_one_however_they_are_written(way):
    left, right = LABELS[way]
    x = pa.array([0.5, 0.25])
    outcome = ask({"x": x, "y": left}, {"x": x, "y": right}, "classification", x="number", y="category")
    assert measured(outcome)["features_and_label"]["rows"] == 2


def test_what_was_done_to_labels_is_told():
    outcome = ask(
        {"x": [0.5, 0.2], "y": ["a", "b"]},
        {"x": [0.5, 0.1], "y": ["a.", "b."]},
        "classification",
        x="number",
        y="category",
    )
    assert measured(outcome)["labels"] == "all labels of test end with '.', which was taken off"
    assert "taken off" in outcome.findings[0].because


def test_features_alone_and_with_their_label():
    train = {"x": [0.5, 0.5, 0.25], "y": ["a", "b", "a"]}
    outcome = ask(train, {"x": [0.5, 0.25, 0.1], "y": ["b", "b", "b"]}, "classification", x="number", y="category")
    assert measured(outcome)["features"]["rows"] == 2
    assert measured(outcome)["features_and_label"]["rows"] == 1
    assert hits(outcome) == [(0, 1), (1, 2)], "the partner with the same label where there is one"
    assert [pair.note for pair in outcome.findings[0].pairs] == ["", "the label differs"]
    assert outcome.measured["within"]["train_twins_with_another_label"] == 2


def test_files_are_compared_by_their_content():
    names = {"@name": pa.array(["a.png", "b.png"]), "@digest": pa.array([b"a" * 16, b"b" * 16], pa.binary(16))}
    test = {"@name": pa.array(["copy of b.png"]), "@digest": pa.array([b"b" * 16], pa.binary(16))}
    about = About((Column("@name", "category", "name"), Column("@digest", "digest", "content")))
    outcome = folded(exact(about, MemorySpill()), {"train": pa.table(names), "test": pa.table(test)})
    assert hits(outcome) == [(0, 1)]
    assert "1 test samples" in outcome.findings[0].what


# What is compared.


def planted(rng, train=400, test=100, copies=20, width=4):
    """Random numbers; the first test rows are copies of train rows, which are named."""
    left, right = rng.standard_normal((train, width)), rng.standard_normal((test, width))
    at = rng.choice(train, copies, replace=False)
    right[:copies] = left[at]
    return table(left), table(right), at


def table(values):
    return {f"x{i}": pa.array(values[:, i].copy()) for i in range(values.shape[1])}


WIDE = {f"x{i}": "number" for i in range(4)}


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("integer", lambda i: i),
        ("category", lambda i: f"PAT-{i:05}"),
        ("text", lambda i: f"{i:08x}-0000-4000-8000-000000000000"),
    ],
)
def test_a_column_that_names_rows_hides_no_copy(rng, kind, number):
    train, test, at = planted(rng)
    train["key"], test["key"] = (
        pa.array([number(i) for i in range(400)]),
        pa.array([number(i) for i in range(400, 500)]),
    )
    outcome = ask(train, test, key=kind, **WIDE)
    assert outcome.hits.train.tolist() == at.tolist()
    assert set(outcome.measured["left_out"]) == {"key"}
    assert ask(train, test, rows=7, key=kind, **WIDE).hits.train.tolist() == at.tolist(), "whatever the batches"


def test_a_declared_id_is_no_feature(rng):
    train, test, at = planted(rng)
    train["key"], test["key"] = pa.array(rng.random(400)), pa.array(rng.random(100))
    outcome = ask(train, test, purposes={"key": "id"}, key="number", **WIDE)
    assert outcome.hits.train.tolist() == at.tolist()


def test_a_column_that_holds_one_value_a_side_is_no_feature(rng):
    train, test, at = planted(rng)
    train["source"], test["source"] = pa.array(["2023.csv"] * 400), pa.array(["2024.csv"] * 100)
    outcome = ask(train, test, source="category", **WIDE)
    assert outcome.hits.train.tolist() == at.tolist()
    assert measured(outcome)["constant_on_each_side"] == ["source"]
    small = Exact(About(columns(source="category", **WIDE)), MemorySpill(), resident=50)
    on_disk = folded(small, {"train": pa.table(train), "test": pa.table(test)}, 30)
    assert on_disk.hits.train.tolist() == at.tolist(), "also where keys were in partitions on disk"
    assert measured(on_disk) == measured(outcome)


def test_whole_numbers_that_repeat_are_features():
    age = pa.array([20 + i % 50 for i in range(200)])
    outcome = ask({"age": age, "x": pa.array(range(0, 4000, 20))}, {"age": [20], "x": [5]}, age="integer", x="category")
    assert outcome.measured["left_out"] == {}


def test_a_series_without_features_is_compared_by_moment_and_value():
    outcome = ask(
        {"t": pa.array([0, 1, 2], pa.timestamp("s")), "y": [1.0, 2.0, 3.0]},
        {"t": pa.array([2, 3], pa.timestamp("s")), "y": [3.0, 3.0]},
        "forecast",
        purposes={"t": "time"},
        t="time",
        y="number",
    )
    assert hits(outcome) == [(0, 2)]


def test_nothing_to_compare_is_said():
    with pytest.raises(NotApplicable, match="no column"):
        exact(About((Column("k", "integer", "id"), Column("y", "integer", "target"))), MemorySpill())


@pytest.mark.parametrize("side", ["train", "test"])
def test_an_empty_side_is_said(side):
    train, test = ([], [1.0]) if side == "train" else ([1.0], [])
    outcome = ask({"x": pa.array(train, pa.float64())}, {"x": pa.array(test, pa.float64())}, x="number")
    assert outcome.status == "not_applicable"
    assert side in outcome.why


def test_a_column_without_values_changes_nothing():
    outcome = ask({"x": [1.0], "e": pa.nulls(1)}, {"x": [1.0], "e": pa.nulls(1)}, x="number", e="empty")
    assert hits(outcome) == [(0, 0)]


def test_validation_is_held_against_both():
    x = {"x": [0.1, 0.2, 0.3]}
    outcome = ask(x, {"x": [0.9, 0.8]}, validation={"x": [0.3, 0.8]}, x="number")
    assert outcome.hits.test.tolist() == []
    found = {finding.subject: finding.rows for finding in outcome.findings}
    assert found == {
        "validation in train": {"train": (2,), "validation": (0,)},
        "test in validation": {"validation": (1,), "test": (1,)},
    }


# How grave it is.


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def kind(outcome):
    return measured(outcome)["kind"], outcome.findings[0].severity


@pytest.mark.parametrize("copies", [5, 25, 100, 500])
def test_planted_copies_are_all_found_and_block(rng, copies):
    train, test, at = planted(rng, 2000, 500, copies)
    outcome = ask(train, test, **WIDE)
    assert outcome.hits.train.tolist() == at.tolist()
    assert outcome.hits.test.tolist() == list(range(copies))
    assert kind(outcome) == ("structural", "error")
    assert measured(outcome)["compared_value_for_value"] == copies


def test_too_few_to_be_sure_are_told_as_such(rng):
    outcome = ask(*planted(rng, 2000, 500, 3)[:2], **WIDE)
    assert kind(outcome) == ("unclear", "warning")
    assert "too few to tell" in outcome.findings[0].what
    one = ask(*planted(rng, 2000, 500, 1)[:2], **WIDE)
    assert kind(one) == ("inherited", "info")
    assert "train itself holds nothing twice" in one.findings[0].what


def test_many_copies_in_very_many_rows_may_be_too_few_to_matter(rng):
    outcome = ask(*planted(rng, 40_000, 40_000, 30)[:2], **WIDE)
    assert kind(outcome) == ("few", "info")


def test_train_as_test_blocks_and_says_so(rng):
    train, _, _ = planted(rng, 300)
    outcome = ask(train, train, **WIDE)
    assert kind(outcome) == ("structural", "error")
    assert "Every one of the 300 test rows" in outcome.findings[0].what
    assert "one file" in outcome.findings[0].advice


def by_lot(rng, values, share=0.2):
    order = rng.permutation(len(values))
    cut = int(len(values) * share)
    return table(values[order[cut:]]), table(values[order[:cut]])


def pairs(rng):
    values = rng.standard_normal((1000, 4))
    values[:60] = values[60:120]
    return values


def one_form_that_repeats(rng):
    values = rng.standard_normal((1000, 4))
    values[:150] = 0
    return values


def samples_in_series(rng):
    return np.repeat(rng.standard_normal((400, 4)), rng.geometric(0.3, 400), axis=0)


def few_values(rng):
    return rng.integers(0, 4, (1500, 4)).astype(float)


@pytest.mark.parametrize("source", [pairs, one_form_that_repeats, samples_in_series, few_values])
def test_duplicates_torn_apart_by_lot_are_inherited(source):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        outcome = ask(*by_lot(rng, source(rng)), **WIDE)
        assert measured(outcome)["kind"] == "inherited"
        assert outcome.findings[0].severity != "error"


def test_copies_among_natural_twins_block(rng):
    train, test = rng.integers(0, 6, (2000, 5)), rng.integers(0, 6, (500, 5))
    test[:100] = train[rng.choice(2000, 100)]
    types = {f"x{i}": "integer" for i in range(5)}
    outcome = ask(table(train), table(test), **types)
    assert kind(outcome) == ("structural", "error")
    assert set(range(100)) <= set(outcome.hits.test.tolist())


def test_a_form_more_frequent_in_test_is_no_copy(rng):
    train, test = rng.standard_normal((2000, 4)), rng.standard_normal((500, 4))
    train[:60], test[:50] = 0, 0
    outcome = ask(table(train), table(test), **WIDE)
    assert measured(outcome)["features"]["z"] > 4
    assert outcome.findings[0].severity != "error"


def test_train_that_repeats_itself_hides_no_copies(rng):
    train, test, _ = planted(rng, 1000, 300, 60)
    twice = {name: pa.concat_arrays([values, values]) for name, values in train.items()}
    outcome = ask(twice, test, **WIDE)
    assert kind(outcome) == ("structural", "error")
    assert "train repeats itself, test does not" in outcome.findings[0].because.lower()


def test_inherited_copies_are_a_warning_and_look_alikes_are_not(rng):
    values = pairs(rng)
    labels = rng.integers(0, 2, 1000)
    labels[:60] = labels[60:120]
    named = {**WIDE, "y": "integer"}

    def split(values, labels):
        train, test = by_lot(np.random.default_rng(1), np.column_stack([values, labels]))
        rename = lambda side: {"y" if name == "x4" else name: column for name, column in side.items()}
        return ask(rename(train), rename(test), "classification", **named)

    assert kind(split(values, labels)) == ("inherited", "warning")
    alike = split(few_values(rng)[:1000], rng.integers(0, 2, 1000))
    assert kind(alike) == ("inherited", "info")


def test_a_class_drawn_again_before_the_split_is_named(rng):
    values = np.column_stack([rng.standard_normal((1000, 4)), np.zeros(1000)])
    rare = np.arange(100)
    values[rare, 4] = 1
    balanced = np.vstack([values, values[rng.choice(rare, 800)]])
    train, test = by_lot(rng, balanced)
    for side in (train, test):
        side["y"] = side.pop("x4")
    outcome = ask(train, test, "classification", y="integer", **WIDE)
    assert kind(outcome) == ("inherited", "warning")
    assert "balanced by drawing rows again before the split" in outcome.findings[0].what
    assert "of class '1'" in outcome.findings[0].what


def test_clean_data_is_clean_and_says_what_was_compared(rng):
    outcome = ask(*planted(rng, copies=0)[:2], **WIDE)
    assert outcome.status == "clean"
    assert outcome.measured["compared_by"] == list(WIDE)
    assert measured(outcome)["kind"] == "none"


def test_rows_that_repeat_within_train_are_told():
    outcome = ask({"x": [1.5, 2.5, 1.5, 1.5]}, {"x": [9.5]}, x="number")
    (finding,) = outcome.findings
    assert (finding.severity, finding.subject, finding.rows) == ("info", "within train", {"train": (2, 3)})
    assert "2 of the 4 train rows (50.0 %) repeat an earlier one" in finding.what


# Bounded memory.


def test_rows_beyond_what_fits_are_confirmed_in_part(rng):
    train, test, at = planted(rng, 4000, 4000, 2000)
    small = Exact(About(columns(**WIDE)), MemorySpill(), kept_bytes=100_000)
    outcome = folded(small, {"train": pa.table(train), "test": pa.table(test)}, 500)
    assert outcome.hits.train.tolist() == at.tolist()
    assert 100 < measured(outcome)["compared_value_for_value"] < 1500
    assert "by a key of 128 bits" in outcome.findings[0].because


def test_equal_keys_are_no_hits_where_the_values_differ(rng, monkeypatch):
    from daybreak.audit.overlap import exact as module
    from daybreak.audit.overlap.rowhash import Hashed

    same = lambda batch, _: Hashed(
        np.arange(batch.num_rows, dtype=np.uint64), np.arange(batch.num_rows, dtype=np.uint64), {}
    )
    monkeypatch.setattr(module, "hashed", same)
    outcome = ask({"x": [0.5, 0.25]}, {"x": [0.5, 0.75]}, x="number")
    assert hits(outcome) == [(0, 0)]
    assert measured(outcome)["key_equal_but_values_differ"] == 1

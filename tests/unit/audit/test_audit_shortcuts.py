"""Targets that metadata alone tell: hits on planted traces, none where metadata say nothing, numbers on spoken digits."""

import numpy as np
import pytest
from audit_frames import frame_of, split_at_random
from audit_opened import adult, needs_data, opened, spoken_digits
from audit_planted import CLEAN, PLANTED, people, pictures, sites_tell, sizes_tell

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.shortcuts import metadata


def shots(seed=0, rows=800, **more):
    data = pictures(np.random.default_rng(seed), rows) | more
    return frame_of(*split_at_random(data), target="label", content="@content")


@pytest.mark.parametrize("name", [name for name, (rule, _) in PLANTED.items() if rule == "shortcuts"])
def test_planted_shortcuts_are_found(name):
    make = PLANTED[name][1]
    assert [[f.severity for f in metadata(make(seed)).findings] for seed in range(2)] == [["warning"]] * 2


@pytest.mark.parametrize(
    "name", ["census", "pictures in folders", "messages", "ids that tell nothing", "split by patient"]
)
def test_metadata_that_tell_nothing_are_clean(name):
    assert [f.what for f in metadata(CLEAN[name](0)).findings] == []


def test_a_finding_names_the_column_the_score_and_its_bound():
    (finding,) = metadata(sizes_tell(0)).findings
    assert finding.columns == ("@meta.bytes",)
    assert "by bytes alone" in finding.what
    assert finding.measured["low"] > 0.6
    assert finding.measured["alone"]["width"] < 0.55
    (finding,) = metadata(sites_tell(0)).findings
    assert "by first part of the name alone" in finding.what


def test_several_metadata_can_tell_together_what_none_tells_alone():
    rng = np.random.default_rng(0)
    width, height = rng.integers(0, 2, 1500), rng.integers(0, 2, 1500)
    data = {"x": rng.normal(size=1500), "@meta.width": width * 64, "@meta.height": height * 64}
    data["y"] = np.where(rng.random(1500) < 0.9, width ^ height, 1 - (width ^ height))
    (finding,) = metadata(frame_of(*split_at_random(data), target="y")).findings
    assert "together" in finding.what
    assert set(finding.columns) == {"@meta.width", "@meta.height"}


def test_the_folder_that_is_the_label_is_no_shortcut_and_neither_is_a_counter_in_it():
    data = pictures(np.random.default_rng(0), 900)
    sizes = {"a": 500, "b": 300, "c": 100}
    data["label"] = np.repeat(list(sizes), list(sizes.values()))
    number = np.concatenate([np.arange(count) for count in sizes.values()])
    data["@name"] = np.array([f"{label}/{label}_{i:04d}.png" for label, i in zip(data["label"], number, strict=True)])
    data |= {"@name.0": data["label"], "@name.1": np.array([f"{i:04d}" for i in number])}
    frame = frame_of(*split_at_random(data), target="label", content="@content", meta=["@name.0", "@name.1"])
    assert metadata(frame).status == "clean"


def test_a_file_sorted_by_its_target_is_told_as_information():
    data = people(np.random.default_rng(0), 1000)
    data = {name: values[np.argsort(data["target"], kind="stable")] for name, values in data.items()}
    (finding,) = metadata(frame_of(*split_at_random(data), target="target")).findings
    assert finding.severity == "info"
    assert "sorted by it" in finding.what


def test_an_id_that_grows_with_a_number_to_be_predicted():
    rng = np.random.default_rng(0)
    data = {"id": rng.permutation(1000), "x": rng.normal(size=1000)}
    data["price"] = data["id"] / 300 + rng.normal(size=1000)
    (finding,) = metadata(frame_of(*split_at_random(data), target="price", id="id")).findings
    assert "by id alone, with a rank correlation of 0.6" in finding.what
    data["price"] = rng.normal(size=1000)
    assert metadata(frame_of(*split_at_random(data), target="price", id="id")).status == "clean"


def test_metadata_of_a_declared_group_do_not_count_as_knowing_its_label():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(60), 15)
    data = {"who": who, "@meta.bytes": rng.integers(0, 10_000, 60)[who], "x": rng.normal(size=900)}
    data["ill"] = (rng.random(60) < 0.5).astype(int)[who]
    at = rng.permutation(900)
    frame = frame_of(*split_at_random({name: values[at] for name, values in data.items()}), target="ill", group="who")
    assert metadata(frame).status == "clean"


def countries():
    """Sixty countries one after the other, fifty years each, with incomes of their own."""
    rng = np.random.default_rng(3)
    country = np.repeat(np.arange(60), 50)
    return {
        "country": country,
        "x": rng.normal(size=3000),
        "income": rng.normal(0, 3, 60)[country] + rng.normal(size=3000),
    }


def test_the_order_of_declared_groups_is_their_names_again():
    data = countries()
    sides = [{name: values[at] for name, values in data.items()} for at in (slice(0, 2000), slice(2000, 3000))]
    assert metadata(frame_of(*sides, target="income")).status == "findings"
    with pytest.raises(NotApplicable, match="besides the content"):
        metadata(frame_of(*sides, target="income", group="country"))


def test_the_order_of_rows_in_time_is_no_shortcut_although_time_was_not_declared():
    day = np.datetime64("2020-01-01", "s") + np.arange(1000) * np.timedelta64(86_400, "s")
    price = np.arange(1000) / 100 + np.random.default_rng(0).normal(size=1000)
    sides = [{"day": day[at], "price": price[at]} for at in (slice(0, 700), slice(700, 1000))]
    with pytest.raises(NotApplicable, match="besides the content"):
        metadata(frame_of(*sides, target="price"))


def test_what_it_needs_is_said():
    with pytest.raises(NotApplicable, match="--target"):
        metadata(frame_of({"x": np.arange(9.0)}, {"x": np.arange(4.0)}))
    with pytest.raises(NotApplicable, match="at least 50 train rows"):
        metadata(frame_of({"y": np.arange(20) % 2}, {"y": np.arange(20) % 2}, target="y"))


@needs_data
def test_adult_is_clean():
    assert metadata(adult()).status == "clean"


@needs_data
def test_how_much_of_a_spoken_digit_its_length_tells():
    outcome = metadata(spoken_digits("random"))
    told = outcome.measured["metadata"]
    assert outcome.status == "clean"
    assert 0.5 < told["score"] < 0.65
    assert 0.12 < told["balanced_accuracy"] < 0.35  # 0.10 is guessing, the sounds themselves give 0.9


@needs_data
def test_length_tells_spam_from_ham(tmp_path):
    from audit_opened import DATA

    lines = (DATA / "sms/sms.tsv").read_text().split("\n")[:2400]
    (tmp_path / "train.tsv").write_text("\n".join(lines[0::2]))
    (tmp_path / "test.tsv").write_text("\n".join(lines[1::2]))
    frame = opened(train=tmp_path / "train.tsv", test=tmp_path / "test.tsv", target="0", header=False, text=("1",))
    (finding,) = metadata(frame).findings
    assert "by the length of column 1 alone" in finding.what
    assert 0.75 < finding.measured["balanced_accuracy"] < 0.92

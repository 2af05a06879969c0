"""What may stand under `data:`, and what is said of what may not."""

import pytest

from daybreak.base.errors import SpecError
from daybreak.spec.loading import from_mapping, load
from daybreak.spec.models import DataSource


def made(data):
    return from_mapping({"run": "train:main", "objective": {"maximize": "acc"}, "data": data}, folder="/project")


def messages(data):
    with pytest.raises(SpecError) as caught:
        made(data)
    return [fault.message for fault in caught.value.faults]


def test_a_path_alone_is_a_dataset():
    assert made({"digits": "./digits"}).data == {"digits": DataSource(path="./digits")}


def test_a_dataset_in_full_and_in_short_side_by_side():
    spec = made({"a": "s3://bucket/a", "b": {"path": "b.csv", "split": "split.csv", "snapshot": True}})
    assert spec.data == {
        "a": DataSource(path="s3://bucket/a"),
        "b": DataSource(path="b.csv", split="split.csv", snapshot=True),
    }


def test_no_data_is_no_fault():
    assert made(None).data == made({}).data == {}


@pytest.mark.parametrize("value", ["digits", ["digits"], 3])
def test_data_without_names_is_refused_with_the_form(value):
    (message,) = messages(value)
    assert message.startswith("`data` maps names to datasets: `data: {digits: ./digits}`, got")


@pytest.mark.parametrize("value", [3, True, None, "", ["a", "b"]])
def test_a_dataset_that_is_no_path(value):
    (message,) = messages({"digits": value})
    assert message.startswith("a dataset is a path, or a mapping with `path`, got")


def test_every_fault_of_a_dataset_has_its_place():
    text = "run: train:main\nobjective: {maximize: acc}\ndata:\n  digits: {path: ./d, snapshott: true}\n"
    with pytest.raises(SpecError) as caught:
        load(text, source="exp.yaml", folder="/project")
    (fault,) = caught.value.faults
    assert "snapshot" in fault.message
    assert (fault.place.line, fault.place.column) == (4, 23)


def test_names_that_no_variable_can_bear():
    (message,) = messages({"my digits": "./d"})
    assert "a dataset's name has letters, digits, `_`, `-` and `.`" in message


def test_two_names_that_become_one_variable():
    (message,) = messages({"train.set": "./a", "train-set": "./b"})
    assert "`train.set` and `train-set` are both DAYBREAK_DATA_TRAIN_SET: rename one" in message


def test_a_resolved_spec_loads_back_to_itself():
    spec = made({"digits": {"path": "./d", "manifest": "ab" * 32}})
    assert from_mapping(spec.model_dump(mode="json"), folder="/project") == spec

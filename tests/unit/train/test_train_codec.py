"""What the encoding does with real training state, with what it cannot lay out, and with damage."""

import copy
import json
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.train import states
from daybreak.train.codec import decode, encode, load_checkpoint
from daybreak.train.states import by_pickle, settle
from daybreak.train.tensorfile import ALIGN, LENGTH


def whole(tree):
    return bytearray(b"".join(map(bytes, encode(tree).chunks())))


def through(tree):
    return decode(whole(tree))


def trained():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


def checkpoint():
    model, optimizer = trained()
    kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    return {"units": 3, "random": {}, "last": {"loss": float("nan")}, "kept": kept}


def test_a_model_and_its_optimizer_need_no_pickle():
    model, optimizer = trained()
    tree = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    assert encode(tree).pickled == []
    back = through(tree)
    assert list(back["optimizer"]["state"]) == [0, 1, 2, 3]
    assert isinstance(back["model"], OrderedDict)
    assert back["model"]._metadata == model.state_dict()._metadata
    other, _ = trained()
    other.load_state_dict(back["model"])
    assert all(map(torch.equal, other.state_dict().values(), model.state_dict().values()))


def test_any_safetensors_reader_finds_the_tensors_by_name():
    found = safetensors.numpy.load(bytes(whole(checkpoint())))
    model, _ = trained()
    assert np.array_equal(found["model.0.weight"], model[0].weight.detach().numpy())
    assert "optimizer.state.0.exp_avg" in found


def test_equal_states_have_equal_bytes():
    assert whole(checkpoint()) == whole(copy.deepcopy(checkpoint()))


def test_what_stands_between_the_fields_of_a_structure_is_not_stored():
    inner = np.dtype([("flag", "u1"), ("x", "f8")], align=True)
    kind = np.dtype([("inner", inner, (2,)), ("last", "i2")], align=True)
    clean, dirty = np.zeros(6, kind), np.full(6 * kind.itemsize, 0xAB, "u1").view(kind)
    for array in (clean, dirty):
        array["inner"]["flag"], array["inner"]["x"], array["last"] = 1, np.pi, 2
    assert clean.tobytes() != dirty.tobytes()
    assert whole(clean) == whole(dirty) == whole(dirty.repeat(2)[:6].copy())
    assert np.array_equal(through(dirty)["inner"]["x"], dirty["inner"]["x"])


def test_equal_forests_have_equal_bytes():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    assert len({bytes(whole(RandomForestClassifier(5, random_state=3).fit(x, y))) for _ in range(3)}) == 1


def test_tensors_are_aligned_and_not_copied_on_the_way_out():
    array = np.arange(1000.0)
    encoded = encode({"name": "x" * 77, "array": array})
    assert len(encoded.header) % ALIGN == 0
    array[0] = 42.0  # after encoding: what is written later shows it, so it is a view
    assert np.frombuffer(encoded.parts[0].data, "f8")[0] == 42.0


def test_loaded_arrays_may_be_changed():
    back = through({"a": np.zeros(3), "t": torch.zeros(3)})
    back["a"] += 1
    back["t"] += 1
    assert back["t"].sum() == 3


@pytest.mark.parametrize(
    "model",
    [
        SGDClassifier(random_state=0),
        MLPClassifier((8,), random_state=0),
        RandomForestClassifier(3, random_state=0),
    ],
)
def test_an_estimator_is_stored_without_pickle_and_trains_on_to_the_same_bits(model):
    x, y = np.random.RandomState(0).randn(40, 6), [0, 1] * 20
    more = (lambda m: m.partial_fit(x, y, classes=[0, 1])) if hasattr(model, "partial_fit") else (lambda m: m.fit(x, y))
    more(model)
    encoded = encode({"model": model})
    assert encoded.pickled == []
    other = settle(through({"model": model})["model"], type(model)(**model.get_params()))
    if hasattr(model, "partial_fit"):
        assert whole({"m": other}) == whole({"m": model})
        assert whole({"m": more(other)}) == whole({"m": more(model)})
    assert np.array_equal(other.predict(x), model.predict(x))
    assert len(getattr(other, "estimators_", ())) == len(getattr(model, "estimators_", ()))


class Thing:
    pass


def test_shared_references_inside_an_object_stay_shared():
    thing, there = Thing(), Thing()
    thing.weights = np.arange(3.0)
    thing.alias = [thing.weights]
    back = settle(through({"it": thing})["it"], there)
    assert back is there
    assert back.alias[0] is back.weights


def test_views_and_conjugates_are_stored_as_they_read():
    expanded = torch.arange(3.0).expand(4, 3)
    assert torch.equal(through(expanded), expanded)
    conjugate = torch.randn(3, dtype=torch.complex64).conj()
    assert torch.equal(through(conjugate), conjugate.resolve_conj())


def test_what_cannot_be_stored_is_named_with_its_place():
    with pytest.raises(UsageError, match=r"rows is a builtins\.generator"):
        encode({"rows": (row for row in [])})


def test_a_tree_that_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(UsageError, match="refers to itself"):
        encode(loop)


def test_another_file_is_no_checkpoint():
    with pytest.raises(DamagedFile):
        decode(bytearray(pickle.dumps([1, 2, 3])))
    with pytest.raises(DamagedFile, match="it is no checkpoint"):
        decode(bytearray(safetensors.numpy.save({"w": np.zeros(2)})))


def test_reading_makes_no_object_and_calls_nothing():
    """A file may name any class: all it yields is a record of what it says."""
    back = through({"it": Thing()})["it"]
    assert isinstance(back, states.ObjectState)
    header = whole({"it": Thing()})
    evil = header.replace(f"{__name__}.Thing".encode(), b"os.system".ljust(len(f"{__name__}.Thing")))
    with pytest.raises((UsageError, DamagedFile)):
        settle(decode(bytearray(evil))["it"])


def test_a_pickle_is_opened_by_name_alone(tmp_path):
    tree = checkpoint() | {"kept": {"helper": by_pickle({"a": {1}}), "w": np.ones(2)}}
    (tmp_path / "best").write_bytes(whole(tree))
    assert isinstance(load_checkpoint(tmp_path / "best")["helper"], states.Pickled)
    assert load_checkpoint(tmp_path / "best", pickle=("helper",))["helper"] == {"a": {1}}
    with pytest.raises(UsageError, match="there is no other: it holds helper, w"):
        load_checkpoint(tmp_path / "best", pickle=("other",))


def test_a_checkpoint_file_opens_by_itself(tmp_path):
    (tmp_path / "best").write_bytes(whole(checkpoint()))
    state = load_checkpoint(tmp_path / "best")["model"]
    assert torch.equal(state["0.weight"], trained()[0][0].weight)


SOUND = bytes(whole(checkpoint()))
HEADER = LENGTH + int.from_bytes(SOUND[:LENGTH], "little")


@given(st.integers(0, HEADER - 1), st.integers(1, 255))
def test_a_damaged_header_is_told_or_harmless(place, change):
    data = bytearray(SOUND)
    data[place] ^= change
    try:
        decode(data)
    except (DamagedFile, UsageError):
        return


@given(st.integers(0, len(SOUND) - 1))
def test_a_truncated_file_is_told(length):
    with pytest.raises(DamagedFile):
        decode(bytearray(SOUND[:length]))


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda t: st.lists(t, max_size=4), max_leaves=8))
def test_a_made_up_tree_is_told_or_harmless(tree):
    text = json.dumps({"__metadata__": {"daybreak": "2", "tree": json.dumps(tree)}}).encode()
    try:
        decode(bytearray(len(text).to_bytes(8, "little") + text))
    except (DamagedFile, UsageError):
        return

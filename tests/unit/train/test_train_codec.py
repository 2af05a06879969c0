"""What the encoding does with real training state, with what it cannot lay out, and with damage."""

import copy
import pickle
from collections import OrderedDict

import msgspec
import numpy as np
import pytest
import torch
from sklearn.linear_model import SGDClassifier

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.train.codec import ALIGN, MAGIC, decode, encode, load_checkpoint


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


def test_equal_states_have_equal_bytes():
    assert whole(trained()[1].state_dict()) == whole(trained()[1].state_dict())


def test_buffers_are_aligned_and_not_copied():
    array = np.arange(1000.0)
    encoded = encode({"name": "x" * 77, "array": array})
    assert all(offset % ALIGN == 0 for offset in encoded.offsets)
    array[0] = 42.0  # after encoding: what is written later shows it, so it is a view
    assert np.frombuffer(encoded.buffers[0], "f8")[0] == 42.0


def test_loaded_arrays_may_be_changed():
    back = through({"a": np.zeros(3), "t": torch.zeros(3)})
    back["a"] += 1
    back["t"] += 1
    assert back["t"].sum() == 3


def test_an_estimator_is_pickled_whole_and_said_so():
    model = SGDClassifier(random_state=0).partial_fit(np.eye(4), [0, 1, 0, 1], classes=[0, 1])
    encoded = encode({"model": model})
    assert encoded.pickled == ["sklearn.linear_model._stochastic_gradient.SGDClassifier"]
    back = through({"model": model})["model"]
    assert np.array_equal(back.coef_, model.coef_)
    back.partial_fit(np.eye(4), [0, 1, 0, 1])


def test_shared_references_inside_a_pickled_object_stay_shared():
    class_ = type("Thing", (), {})
    globals()["Thing"] = class_
    class_.__module__, class_.__qualname__ = __name__, "Thing"
    thing = class_()
    thing.weights = np.arange(3.0)
    thing.alias = [thing.weights]
    back = through(thing)
    assert back.alias[0] is back.weights


def test_accidental_sparsity_and_views_are_stored_as_they_read():
    expanded = torch.arange(3.0).expand(4, 3)
    assert torch.equal(through(expanded), expanded)
    sparse = torch.eye(3).to_sparse()
    assert torch.equal(through(sparse).to_dense(), torch.eye(3))
    conjugate = torch.randn(3, dtype=torch.complex64).conj()
    assert torch.equal(through(conjugate), conjugate.resolve_conj())


def test_what_cannot_be_stored_is_named():
    with pytest.raises(UsageError, match=r"picklable, got a builtins\.generator"):
        encode({"rows": (row for row in [])})


def test_a_tree_that_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(UsageError, match="refers to itself"):
        encode(loop)


def test_another_file_is_no_checkpoint():
    with pytest.raises(DamagedFile, match="must start with DAYBREAK1"):
        decode(bytearray(pickle.dumps([1, 2, 3])))


def test_the_header_is_plain_msgpack():
    data = whole({"w": np.zeros(2, "f4")})
    length = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 8], "little")
    header = msgspec.msgpack.decode(data[len(MAGIC) + 8 :][:length])
    assert header == {"tree": ["d", "w", ["a", "<f4", [2], [0], 0]], "sizes": [8]}


def test_a_checkpoint_file_opens_by_itself(tmp_path):
    model, _ = trained()
    tree = {"units": 3, "random": {}, "last": {}, "kept": {"model": model.state_dict()}}
    (tmp_path / "best").write_bytes(whole(copy.deepcopy(tree)))
    state = load_checkpoint(tmp_path / "best")["model"]
    assert torch.equal(state["0.weight"], model[0].weight)

"""Checkpoints by SHA-256, leaf by leaf, whatever the encoding of their file."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest

from daybreak.train import codec, reading
from daybreak.train.compare import compare
from daybreak.train.fingerprint import differences, fingerprint
from daybreak.wire.comparison import Question


def tree(weights=(1.0, 2.0, 3.0), **kept):
    model = {"layer": {"weight": np.array(weights), "bias": np.zeros(2, np.float32)}}
    return {
        "units": 3,
        "random": {"python": (3, (1, 2), None)},
        "last": {"loss": 0.5},
        "kept": {"model": model, **kept},
    }


def flipped(array):
    """With the last bit of its first number the other way."""
    copy = array.copy()
    copy.view(np.uint8)[0] ^= 1
    return copy


def test_the_encoding_of_the_file_does_not_count():
    original = tree()
    ours = reading.decode(bytearray(b"".join(codec.encode(original).chunks())))
    assert fingerprint(ours) == fingerprint(pickle.loads(pickle.dumps(original))) == fingerprint(original)


def test_the_order_of_a_dict_and_the_layout_of_an_array_do_not_count():
    square = np.arange(6.0).reshape(2, 3)
    before, after = tree(a=square, b=1), tree(b=1, a=np.asfortranarray(square))
    assert fingerprint(before).kept == fingerprint(after).kept
    assert fingerprint(tree(a=square.T)).kept != fingerprint(tree(a=square)).kept


def test_one_flipped_bit_changes_the_hash_and_is_found_by_its_path():
    before, after = tree(), tree()
    after["kept"]["model"]["layer"]["weight"] = flipped(after["kept"]["model"]["layer"]["weight"])
    ours, theirs = fingerprint(before), fingerprint(after)
    assert ours.model != theirs.model
    assert (ours.random, ours.last) == (theirs.random, theirs.last)
    (found,) = differences(before, after)
    assert (found.path, found.before, found.elements, found.of) == ("kept.model.layer.weight", "float64[3]", 1, 3)
    assert 0 < found.largest < 1e-15


def test_the_headline_is_of_the_models_tensors_and_of_all_that_is_kept_where_there_is_no_model():
    assert fingerprint(tree(count=1)).model == fingerprint(tree(count=2)).model
    assert fingerprint(tree(count=1)).kept != fingerprint(tree(count=2)).kept
    bare = {"units": 1, "random": {}, "last": {}, "kept": {"weights": np.ones(2), "count": 1}}
    other = {**bare, "kept": {"weights": np.ones(2) * 2, "count": 1}}
    assert fingerprint(bare).model != fingerprint(other).model


def test_every_leaf_has_a_path():
    leaves = fingerprint(tree(optimizer={"state": [np.ones(1), {"step": 3}]})).leaves
    assert leaves["kept.model.layer.bias"].kind == "float32"
    assert leaves["kept.optimizer.state.0"].shape == (1,)
    assert leaves["kept.optimizer.state.1.step"].kind == "int"
    assert leaves["random.python.1"].shape == (2,)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, -0.0), (1, 1.0), (1, True), ([1, 2], (1, 2)), ([1, 2], [12]), (["a", "b"], ["a\0str b"]), (None, "None"),
        (np.zeros(2), np.zeros(2, np.float32)), (np.zeros((2, 1)), np.zeros((1, 2))), ({"a": 1}, OrderedDict(a=1)),
    ],
)  # fmt: skip
def test_values_that_only_look_alike_differ(one, other):
    assert [found.path for found in differences(tree(x=one), tree(x=other))][:1] in (["kept.x"], ["kept.x.0"])


def test_nan_is_like_itself_and_one_sided_leaves_are_told():
    assert differences(tree([np.nan, 1, 2]), tree([np.nan, 1, 2])) == []
    (found,) = differences(tree(), tree(extra=1))
    assert (found.path, found.before, found.after) == ("kept.extra", "", "int")


def test_objects_are_compared_by_what_pickle_keeps_and_may_contain_themselves():
    class_of = type(np.random.default_rng())
    assert differences(tree(g=class_of(np.random.PCG64(1))), tree(g=class_of(np.random.PCG64(1)))) == []
    assert differences(tree(g=class_of(np.random.PCG64(1))), tree(g=class_of(np.random.PCG64(2))))
    loop = []
    loop.append(loop)
    assert fingerprint(tree(loop=loop)).leaves["kept.loop.0"].kind == "again"


def test_tensors_of_torch_count_by_their_values():
    torch = pytest.importorskip("torch")
    weights = torch.arange(6.0).reshape(2, 3)
    assert fingerprint(tree(w=weights)).kept == fingerprint(tree(w=weights.t().contiguous().t())).kept
    half = weights.bfloat16()
    assert fingerprint(tree(w=half)).leaves["kept.w"].kind == "bfloat16"
    (found,) = differences(tree(w=half), tree(w=half + 1))
    assert (found.elements, found.of) == (6, 6)


def test_types_that_jax_adds_to_numpy_count_by_their_bits():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="it comes with JAX: pip install 'daybreak[jax]'")
    one, same, other = (fingerprint(tree(np.array([value, 2], ml_dtypes.bfloat16))) for value in (1, 1, 3))
    assert one.kept == same.kept != other.kept


def test_a_file_that_is_no_checkpoint_is_told_in_a_sentence(tmp_path):
    (tmp_path / "torn").write_bytes(b"\x81")
    asked = Question(before=str(tmp_path / "torn"), after=str(tmp_path / "torn"))
    assert compare(asked).error.startswith("a checkpoint")
    assert compare(Question(str(tmp_path / "gone"), str(tmp_path / "gone"))).error.startswith("FileNotFoundError: ")

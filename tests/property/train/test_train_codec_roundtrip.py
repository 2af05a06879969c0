"""Whatever is encoded comes back exactly: types, dtypes, shapes, layout in memory, and every bit."""

import struct
from collections import OrderedDict

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from daybreak.train.codec import decode, encode


def through(tree):
    return decode(bytearray(b"".join(map(bytes, encode(tree).chunks()))))


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text(st.characters(categories=["Cs"])),
    st.binary(),
)
keys = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.tuples(st.integers(), st.text())
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=4).map(OrderedDict),
    ),
    max_leaves=20,
)


def same(left, right):
    """Equal, with equal types all the way down, NaN equal to itself bit by bit."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left), list(right)) and same(list(left.values()), list(right.values()))
    return left == right


@given(trees)
def test_plain_values_come_back_with_their_types(tree):
    encoded = encode(tree)
    assert encoded.pickled == []
    assert same(through(tree), tree)


dtypes = st.one_of(
    arrays.scalar_dtypes(),
    arrays.array_dtypes(arrays.integer_dtypes() | arrays.floating_dtypes(), allow_subarrays=True),  # records: by pickle
)


@given(
    dtypes.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_side=5))),
    st.randoms(),
)
def test_arrays_come_back_bit_by_bit_in_their_layout(array, random):
    axes = random.sample(range(array.ndim), array.ndim)
    for value in (array, array.transpose(axes), array[..., ::2] if array.ndim else array):
        back = through({"a": value})["a"]
        assert back.dtype == value.dtype
        assert back.shape == value.shape
        assert back.tobytes() == value.tobytes()
    if array.size > 1 and array.transpose(axes).flags.f_contiguous:
        assert through(array.transpose(axes)).flags.f_contiguous


@given(arrays.arrays(st.sampled_from(["f2", "f4", "f8", "i1", "u4", "c8", "M8[s]", "?"]), ()))
def test_numpy_scalars_stay_numpy_scalars(array):
    scalar = array[()]
    back = through(scalar)
    assert type(back) is type(scalar)
    assert back.tobytes() == scalar.tobytes()


TORCH_DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.int64,
    torch.int8,
    torch.uint8,
    torch.uint16,
    torch.bool,
    torch.complex64,
]


@given(st.sampled_from(TORCH_DTYPES), st.lists(st.integers(0, 4), max_size=4), st.randoms())
def test_tensors_come_back_bit_by_bit_in_their_layout(dtype, shape, random):
    bits = torch.tensor(list(random.randbytes(max(1, int(np.prod(shape))) * dtype.itemsize)), dtype=torch.uint8)
    if dtype is torch.bool:
        bits = bits % 2
    whole = bits.view(dtype)[: int(np.prod(shape))].reshape(shape)
    axes = random.sample(range(len(shape)), len(shape))
    for tensor in (whole, whole.permute(axes)):
        back = through([tensor])[0]
        assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
        assert (
            back.contiguous().reshape(-1).view(torch.uint8).tolist()
            == tensor.contiguous().reshape(-1).view(torch.uint8).tolist()
        )
        if tensor.numel() > 1 and 1 not in tensor.shape:
            assert back.stride() == tensor.stride()


@given(st.integers(1, 5), st.booleans())
def test_parameters_stay_parameters(size, trainable):
    back = through(torch.nn.Parameter(torch.randn(size), requires_grad=trainable))
    assert type(back) is torch.nn.Parameter
    assert back.requires_grad is trainable

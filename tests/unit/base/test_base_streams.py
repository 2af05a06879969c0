"""One seed, one sequence: these values are frozen for ever. A change here changes every search that was ever run."""

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.streams import Stream, derive_seed


def test_frozen_sequence():
    stream = Stream(7, "space", 12, "lr")
    assert [stream.word() for _ in range(3)] == [1402529407552882611, 9213462453174679256, 16115121063000730965]
    assert [stream.uniform(), stream.uniform()] == [0.5188720661274607, 0.610390433749715]
    assert [stream.below(10) for _ in range(8)] == [5, 3, 6, 3, 4, 2, 8, 0]
    assert stream.choice("abcdef") == "a"
    assert stream.normal() == pytest.approx(-0.3795037395791802, rel=1e-12)  # the last bits are the C library's


def test_frozen_seeds_for_others():
    assert derive_seed(7, "trial", 3) == 2953538736
    assert derive_seed(7, "trial", 3, bits=64) == 12685352280319685704
    assert derive_seed(7, "trial", 3, bits=64) >> 32 == derive_seed(7, "trial", 3)


def test_it_is_blake3_in_extendable_output_mode():
    raw = blake3(b"7\x1estr:space\x1fint:12").digest(16)
    stream = Stream(7, "space", 12)
    assert stream.word().to_bytes(8, "little") + stream.word().to_bytes(8, "little") == raw


def test_names_of_different_types_or_cuts_are_different_streams():
    names = [("12",), (12,), ("a", "b"), ("a:b",), ("ab",), ()]
    assert len({Stream(7, *name).word() for name in names}) == len(names)


@given(st.integers(0, 2**40), st.integers(1, 300), st.integers(1, 200))
def test_words_at_once_are_the_words_of_fresh_blocks(seed, count, before):
    one, other = Stream(seed, "x"), Stream(seed, "x")
    for _ in range(before):
        one.word()
        other.word()
    block = one.words(count)
    while other._position % 512:  # words() begins a block of its own
        other.word()
    assert block == b"".join(other.word().to_bytes(8, "little") for _ in range(count))
    assert len(block) == 8 * count


@given(st.integers(), st.integers(1, 10**6))
def test_draws_stay_in_range(seed, bound):
    stream = Stream(seed, "range")
    assert 0 <= stream.below(bound) < bound
    assert 0.0 <= stream.uniform() < 1.0


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="bound must be positive, got 0"):
        Stream(1).below(0)

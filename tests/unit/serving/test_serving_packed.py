"""Packed bodies are unpacked whole and within their limit, or refused."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.serving.packed import unpacked
from daybreak.serving.refusals import Refusal


@given(parts=st.lists(st.binary(max_size=50), min_size=1, max_size=4))
def test_a_gzip_of_several_members_is_read_to_its_end(parts):
    assert unpacked(b"".join(map(gzip.compress, parts)), "gzip", 200) == b"".join(parts)


def test_a_limit_counts_for_all_members_together():
    body = gzip.compress(bytes(60)) * 2
    assert len(unpacked(body, "gzip", 120)) == 120
    with pytest.raises(Refusal, match="at most 119 bytes"):
        unpacked(body, "gzip", 119)


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (gzip.compress(b"") * 1_000, "gzip", "at most 16 members"),
        (gzip.compress(b"rows") + b"more", "gzip", "no gzip"),
        (gzip.compress(b"rows") + gzip.compress(b"more")[:-3], "gzip", "ends too early"),
        (zlib.compress(b"rows") + zlib.compress(b"more"), "deflate", "12 bytes follow the end"),
    ],
    ids=[
        "many members",
        "a rest",
        "half a member",
        "a rest of deflate",
    ],  # packed bytes hold the time, and workers must agree on names
)
def test_what_follows_the_end_and_is_no_member_is_refused(body, encoding, says):
    with pytest.raises(Refusal, match=says):
        unpacked(body, encoding, 1_000)

"""Names of trials and attempts, and hashes by which contents are known."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import BadId
from daybreak.base.hashing import HEX_LENGTH, canonical_json, hash_bytes, hash_file, hash_json
from daybreak.base.home import LONGEST_SOCKET_PATH, Home
from daybreak.base.ids import AttemptKey, TrialKey

numbers = st.integers(0, 10**9)


@given(numbers, numbers, numbers)
def test_what_is_written_is_read_again(experiment, trial, epoch):
    key = AttemptKey(experiment, trial, epoch)
    assert AttemptKey.parse(str(key)) == key
    assert TrialKey.parse(str(key.of)) == key.of == (experiment, trial)


@pytest.mark.parametrize("text", ["", "3", "3.", "3.x", "3.17.2", "-3.1", "3.1 ", "\u0663.\u0661", "3..1"])
def test_what_is_no_trial_is_refused_with_an_example(text):
    with pytest.raises(BadId, match=r"a trial is EXPERIMENT\.TRIAL, for example 3\.17, got"):
        TrialKey.parse(text)


def test_frozen_hashes():
    assert hash_bytes(b"daybreak") == "f14dd22331785f8da7fab60f90c6a84e19cc5a306a1b0e8a7523349f8b6bc4ca"
    assert (
        hash_json({"b": 1, "a": [1.5, None, "é"]}) == "41710bdd0291cbeb8b137734296e8c43d3c7acaba51a402a677997c9aab60c47"
    )
    assert canonical_json({"b": 1, "a": [1.5, None, "é"]}) == '{"a":[1.5,null,"é"],"b":1}'.encode()


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_order_of_keys_does_not_matter(value):
    assert hash_json(dict(reversed(value.items()))) == hash_json(value)


@given(st.binary(max_size=5000))
def test_a_file_has_the_hash_of_its_bytes(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("hash") / "file"
    file.write_bytes(data)
    assert hash_file(file) == hash_bytes(data)
    assert len(hash_file(file)) == HEX_LENGTH


def test_a_home_with_a_long_path_keeps_its_sockets_in_a_short_one(tmp_path):
    near, far = Home(tmp_path / "h"), Home(tmp_path / ("x" * 120))
    assert near.run.parent == near.path or len(str(near.path)) > LONGEST_SOCKET_PATH - 20
    name = hashlib.sha256(bytes(far.path)).hexdigest()[:16]
    assert far.socket.parent.name == f"daybreak-{name}"
    assert len(bytes(far.socket)) <= LONGEST_SOCKET_PATH

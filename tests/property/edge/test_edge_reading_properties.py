"""Whatever stands in a signature, a manifest or a model's file is read or refused with an error of ours."""

import contextlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import BundleError, DamagedBundle, UsageError
from daybreak.edge import manifest, signing
from daybreak.edge.tuning.initializers import places

KEY = ec.generate_private_key(ec.SECP256R1())
DIGESTS = {"a": "11" * 32, "b": "22" * 32}
GOOD = json.loads(signing.sign("m", DIGESTS, ("c",), KEY))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    ("mediaType",),
    ("verificationMaterial",),
    ("verificationMaterial", "publicKey"),
    ("verificationMaterial", "publicKey", "hint"),
    ("dsseEnvelope",),
    ("dsseEnvelope", "payload"),
    ("dsseEnvelope", "signatures"),
    ("dsseEnvelope", "signatures", 0),
    ("dsseEnvelope", "signatures", 0, "sig"),
    ("unknown",),
]


def verify(told):
    return signing.verify(json.dumps(told).encode(), DIGESTS, [KEY.public_key()])


@given(st.sampled_from(PATHS), JSON)
def test_a_signature_with_any_part_exchanged_is_refused(path, value):
    told = json.loads(json.dumps(GOOD))
    inner = told
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    if told != GOOD:
        with pytest.raises(BundleError):
            verify(told)


@given(JSON)
def test_any_json_is_no_signature(told):
    with pytest.raises(DamagedBundle):
        verify(told)


def test_the_signature_that_is_exchanged_is_good():
    assert verify(GOOD) is not None


@given(st.binary(max_size=60) | JSON.map(lambda told: json.dumps(told).encode()))
def test_any_bytes_are_no_manifest(text):
    with pytest.raises(DamagedBundle):
        manifest.decode(text)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_model_without_numbers_or_refused(text):
    with contextlib.suppress(UsageError):
        for place in places(text).values():
            assert 0 <= place.start < place.end <= len(text)

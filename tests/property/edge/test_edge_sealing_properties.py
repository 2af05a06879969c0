"""Whatever is done to a sealed stream or to a bundle's bytes is found; what is left alone comes back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.base.errors import BundleError, DamagedBundle
from daybreak.edge import keys, packing, sealing
from daybreak.edge.unsealing import unseal
from daybreak.edge.verifying import verify
from daybreak.edge.wrapping import DeviceKey
from daybreak.registry import package as packages
from daybreak.signature.fields import Field, Output, Signature

KEY, PREFIX, CHUNK = b"k" * 32, b"prefix!", 16


def seal(text, about=b"a", pieces=5):
    parts = [text[at : at + pieces] for at in range(0, len(text), pieces)]
    return list(sealing.seal(parts, KEY, PREFIX, about, CHUNK))


def unsealed(chunks, about=b"a"):
    return b"".join(sealing.unseal(chunks, KEY, PREFIX, about, CHUNK))


@given(st.binary(max_size=200), st.integers(1, 40))
def test_what_was_sealed_comes_back_however_it_is_cut(text, pieces):
    sealed = b"".join(seal(text, pieces=pieces))
    assert len(sealed) == sealing.sealed_size(len(text), CHUNK)
    assert unsealed(sealed[at : at + pieces] for at in range(0, len(sealed), pieces)) == text


@given(st.binary(max_size=120), st.data())
def test_chunks_that_are_lost_swapped_repeated_or_added_are_found(text, data):
    chunks = seal(text)
    count = len(chunks)
    other = data.draw(
        st.lists(st.integers(0, count - 1), max_size=count + 2).filter(lambda order: order != [*range(count)])
    )
    with pytest.raises(DamagedBundle):
        unsealed(chunks[index] for index in other)


@given(st.binary(max_size=100), st.data())
def test_a_stream_that_is_cut_or_changed_anywhere_is_found(text, data):
    sealed = b"".join(seal(text))
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(DamagedBundle):
        unsealed([sealed[:at]])
    flipped = bytes([sealed[at] ^ data.draw(st.integers(1, 255))])
    with pytest.raises(DamagedBundle):
        unsealed([sealed[:at] + flipped + sealed[at + 1 :]])


def test_a_stream_moved_to_another_bundle_is_found():
    with pytest.raises(DamagedBundle):
        unsealed(seal(b"text", about=b"a"), about=b"b")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle of about ten kilobytes; its bytes; who trusts and opens it."""
    place = tmp_path_factory.mktemp("edge")
    keys.make("signing", place / "signer.pem")
    keys.make("device", place / "device.pem")
    (place / "package").mkdir()
    (place / "package" / "model.onnx").write_bytes(bytes(2000))
    signature = Signature((Field("x", "number"),), (Output("y", "number"),))
    packages.seal(place / "package", packages.Package("small", 1, 1.0, signature, packages.Runtime("onnx")))
    device = keys.device(place / "device.pem")
    recipients = packing.Recipients([device.public_key()])
    packing.pack(place / "package", place / "good.dbk", keys.signer(place / "signer.pem"), recipients)
    return place, (place / "good.dbk").read_bytes(), [keys.signer_public(place / "signer.pub")], DeviceKey(device)


def opens(made, text):
    place, _, trusted, unlock = made
    (place / "tried.dbk").write_bytes(text)
    return unseal(verify(place / "tried.dbk", trusted), unlock)


@settings(max_examples=300)
@given(data=st.data())
def test_a_bundle_with_any_byte_changed_is_refused(made, data):
    good = made[1]
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    with pytest.raises(BundleError):
        opens(made, changed)


@given(data=st.data())
def test_a_bundle_with_bytes_cut_out_or_put_in_is_refused(made, data):
    good = made[1]
    start, end = sorted(data.draw(st.lists(st.integers(0, len(good)), min_size=2, max_size=2)))
    put = data.draw(st.binary(max_size=40))
    changed = good[:start] + put + good[end:]
    if changed != good:
        with pytest.raises(BundleError):
            opens(made, changed)


@given(st.binary(max_size=4000))
def test_any_bytes_are_refused_with_an_error_of_ours(made, text):
    with pytest.raises(BundleError):
        opens(made, text)


def test_the_bundle_that_they_change_is_good(made):
    assert set(opens(made, made[1])) == {"package.json", "model.onnx"}

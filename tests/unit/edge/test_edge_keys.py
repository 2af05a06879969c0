"""Key files: made once, private ones for their owner alone, and each refused where another kind is wanted."""

import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from daybreak.base.errors import NotFound, UsageError
from daybreak.edge import keys


def test_a_private_key_is_its_owners_alone_and_never_written_over(tmp_path):
    public = keys.make("signing", tmp_path / "key.pem")
    assert public == tmp_path / "key.pub"
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="never written over"):
        keys.make("signing", tmp_path / "key.pem")
    assert keys.name(keys.signer(tmp_path / "key.pem").public_key()) == keys.name(keys.signer_public(public))


def test_a_key_of_another_kind_is_told(tmp_path):
    keys.make("signing", tmp_path / "s.pem")
    keys.make("device", tmp_path / "d.pem")
    with pytest.raises(UsageError, match="a device key is an X25519 key"):
        keys.device(tmp_path / "s.pem")
    with pytest.raises(UsageError, match="a signing key is an ECDSA key"):
        keys.signer(tmp_path / "d.pem")
    with pytest.raises(UsageError, match="a signing key is an ECDSA key"):
        keys.signer_public(tmp_path / "d.pub")
    with pytest.raises(UsageError, match="a device key is an X25519 key"):
        keys.device_public(tmp_path / "s.pub")


def test_a_curve_that_model_signing_does_not_take_is_refused(tmp_path):
    odd = ec.generate_private_key(ec.SECP256K1())
    (tmp_path / "k1.pem").write_bytes(odd.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(UsageError, match="P-256, P-384 or P-521"):
        keys.signer(tmp_path / "k1.pem")


def test_what_is_no_key_or_has_a_passphrase_is_told(tmp_path):
    (tmp_path / "text").write_text("hello")
    locked = ec.generate_private_key(ec.SECP256R1())
    text = locked.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "locked.pem").write_bytes(text)
    with pytest.raises(UsageError, match="is no private key in PEM"):
        keys.device(tmp_path / "text")
    with pytest.raises(UsageError, match="is no public key in PEM"):
        keys.device_public(tmp_path / "text")
    with pytest.raises(UsageError, match="openssl pkey"):
        keys.signer(tmp_path / "locked.pem")
    with pytest.raises(NotFound, match="cannot be read"):
        keys.signer(tmp_path / "none.pem")

"""A bundle is made, verified by us and by the public tool, and opened by those whom it is for and by nobody else."""

import base64
import json
import os
import tarfile

import msgspec
import pytest

from daybreak.base.errors import DamagedBundle, DamagedFile, NotFound, UntrustedBundle, UsageError, WrongKey
from daybreak.edge import keys, layout, packing
from daybreak.edge.unsealing import unseal
from daybreak.edge.verifying import claimed, verify
from daybreak.edge.wrapping import DeviceKey, Passphrase, Scrypted
from daybreak.registry import package as packages

EASY = Scrypted(n=16, r=8, p=1)


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def opened(path, people, unlock=None):
    return unseal(verify(path, people.trusted), unlock or DeviceKey(people.device))


def test_a_device_gets_the_packages_files_back(bundle, package, people):
    path = bundle()
    assert opened(path, people) == content(package)
    told = claimed(path)
    assert (told.package.name, told.package.version, told.counter) == ("small", 3, 3)
    assert told.requires == ("onnxruntime>=1.23",)


def test_nothing_of_the_files_can_be_read_in_it(bundle, package):
    sealed = bundle().read_bytes()
    assert (package / "model.onnx").read_bytes()[:32] not in sealed
    assert b"one\ntwo" not in sealed


def test_two_bundles_of_one_package_have_nothing_in_common(bundle):
    first, second = bundle("a.dbk").read_bytes(), bundle("b.dbk").read_bytes()
    with_payload = [text[text.index(b"payload.enc") + layout.BLOCK :] for text in (first, second)]
    assert with_payload[0][:32] != with_payload[1][:32]


def test_the_public_tool_verifies_the_signature_over_manifest_and_ciphertext(bundle, people, tmp_path):
    pytest.importorskip("OpenSSL", reason="model-signing imports pyOpenSSL, which it does not declare")
    from model_signing import verifying

    place = tmp_path / "small"
    with tarfile.open(bundle()) as archive:
        archive.extractall(place, filter="data")
    tool = verifying.Config().use_elliptic_key_verifier(public_key=people.place / "signer.pub")
    tool.verify(place, place / "model.sig")
    text = (place / "payload.enc").read_bytes()
    (place / "payload.enc").write_bytes(bytes([text[0] ^ 1]) + text[1:])
    with pytest.raises(ValueError, match=r"Hash mismatch for .*payload\.enc"):
        tool.verify(place, place / "model.sig")


def test_a_signature_by_the_public_tool_is_verified_here(people, tmp_path):
    pytest.importorskip("OpenSSL", reason="model-signing imports pyOpenSSL, which it does not declare")
    import hashlib

    from model_signing import signing as tool

    from daybreak.edge import signing

    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "weights").write_bytes(b"1234")
    tool.Config().use_elliptic_key_signer(private_key=people.place / "signer.pem").sign(
        tmp_path / "m", tmp_path / "m.sig"
    )
    digests = {"weights": hashlib.sha256(b"1234").hexdigest()}
    text = (tmp_path / "m.sig").read_bytes()
    assert keys.name(signing.verify(text, digests, people.trusted)) == keys.name(people.trusted[0])
    with pytest.raises(UntrustedBundle, match="altered after it was signed"):
        signing.verify(text, {"weights": "00" * 32}, people.trusted)


def test_several_devices_and_a_passphrase_open_one_bundle(bundle, package, people):
    devices = [people.device.public_key(), people.other.public_key()]
    path = bundle(recipients=packing.Recipients(devices, ["correct horse battery"], EASY))
    unlocks = [DeviceKey(people.device), DeviceKey(people.other), Passphrase("correct horse battery")]
    assert all(opened(path, people, unlock) == content(package) for unlock in unlocks)


def test_nobody_else_opens_it(bundle, people):
    path = bundle(recipients=packing.Recipients([people.device.public_key()], ["correct horse battery"], EASY))
    with pytest.raises(WrongKey, match="not for this device"):
        opened(path, people, DeviceKey(people.other))
    with pytest.raises(WrongKey, match="the passphrase does not open it"):
        opened(path, people, Passphrase("correct horse batterie"))
    with pytest.raises(WrongKey, match="it is for no passphrase, it is for device"):
        opened(bundle("b.dbk"), people, Passphrase("correct horse battery"))


def test_a_stranger_s_signature_is_none(bundle, people):
    path = bundle(key=people.stranger)
    with pytest.raises(
        UntrustedBundle, match=r"no trusted key signed it: it names key [0-9a-f]{16}, trusted: [0-9a-f]{16}"
    ):
        verify(path, people.trusted)
    with pytest.raises(UntrustedBundle, match="trusted: none"):
        verify(path, [])


def test_a_stranger_who_claims_the_signers_key_is_found(bundle, people, tmp_path):
    path = bundle(key=people.stranger)
    hints = [keys.hashlib.sha256(keys.pem(key.public_key())).hexdigest() for key in (people.stranger, people.signer)]
    path.write_bytes(path.read_bytes().replace(hints[0].encode(), hints[1].encode()))
    with pytest.raises(UntrustedBundle):
        verify(path, people.trusted)


def test_a_recipient_who_seals_another_payload_is_found(bundle, people, package):
    """Whoever opens a bundle knows its data key, and could seal other chunks with it: the signature is over the ciphertext."""
    path = bundle()
    verified = verify(path, people.trusted)
    told = verified.manifest
    key = DeviceKey(people.device).data_key(told.recipients, told.id)
    from daybreak.edge import sealing

    plain = b"".join(sealing.unseal(iter((_payload(path, verified),)), key, told.cipher.prefix, told.id.encode()))
    forged = b"".join(sealing.seal([plain.replace(b"two", b"six")], key, told.cipher.prefix, told.id.encode()))
    text = path.read_bytes()
    at = verified.members.payload.offset
    path.write_bytes(text[:at] + forged + text[at + len(forged) :])
    with pytest.raises(UntrustedBundle, match="altered after it was signed"):
        verify(path, people.trusted)
    with pytest.raises(UntrustedBundle, match="changed after its signature was verified"):
        unseal(verified, DeviceKey(people.device))


def _payload(path, verified):
    member = verified.members.payload
    return path.read_bytes()[member.offset : member.offset + member.size]


@pytest.mark.parametrize("keep", [0, 100, 511, 600, -1, -1024, -1500])
def test_a_bundle_that_is_cut_off_is_told_as_one(bundle, people, keep):
    path = bundle()
    os.truncate(path, keep if keep >= 0 else path.stat().st_size + keep)
    with pytest.raises(DamagedBundle, match="cut off"):
        verify(path, people.trusted)


def test_more_behind_it_and_other_files_are_refused(bundle, people, tmp_path):
    path = bundle()
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(DamagedBundle, match="damaged at its end"):
        verify(path, people.trusted)
    (tmp_path / "text").write_text("not a bundle " * 100)
    with pytest.raises(DamagedBundle, match="is no bundle"):
        verify(tmp_path / "text", people.trusted)
    with pytest.raises(NotFound, match="cannot be read"):
        verify(tmp_path / "none.dbk", people.trusted)


def test_an_unsigned_bundle_is_refused(bundle, people):
    path = bundle()
    with path.open("rb") as file:
        member = layout.read(file, path).signature
    text = path.read_bytes()
    empty = layout.header(layout.SIGNATURE, 0) + layout.END
    path.write_bytes(text[: member.offset - layout.BLOCK] + empty)
    with pytest.raises(DamagedBundle, match="its signature is none"):
        verify(path, people.trusted)
    path.write_bytes(text[: member.offset - layout.BLOCK] + layout.END)
    with pytest.raises(DamagedBundle, match=r"is not signed, .* ask whoever sent it"):
        verify(path, people.trusted)


def test_a_package_that_was_altered_is_not_bundled(bundle, package, tmp_path):
    (package / "model.onnx").write_bytes(b"other")
    with pytest.raises(DamagedFile, match=r"model\.onnx"):
        bundle()
    assert not list(tmp_path.glob("*.dbk*")) + list(tmp_path.glob(".*partial"))


def test_a_python_model_that_reads_files_is_not_bundled(bundle, package):
    (package / "model").mkdir()
    (package / "model" / "weights").write_bytes(b"1")
    record = packages.read(package)
    packages.seal(package, msgspec.structs.replace(record, runtime=packages.Runtime("python", function="m:load")))
    with pytest.raises(UsageError, match=r"in memory alone, small is served in Python from files .model/weights."):
        bundle()


def test_a_bundle_is_for_somebody_and_its_passphrase_long(bundle):
    with pytest.raises(UsageError, match="for somebody"):
        bundle(recipients=packing.Recipients())
    with pytest.raises(UsageError, match="at least 12 characters, got 5"):
        bundle(recipients=packing.Recipients((), ["short"]))
    with pytest.raises(UsageError, match="whole number from 1, got 0"):
        bundle(counter=0)


def test_a_signed_statement_of_another_kind_is_refused(people):
    from daybreak.edge import signing

    digests = {"a": "11" * 32}
    told = json.loads(signing.sign("m", digests, (), people.signer))
    payload = base64.b64decode(told["dsseEnvelope"]["payload"]).replace(b'"files"', b'"shards"')
    signature = people.signer.sign(signing._authenticated(payload), signing.ec.ECDSA(signing.hashes.SHA256()))
    text = signing._json(signing._bundle(people.trusted[0], payload, signature))
    with pytest.raises(DamagedBundle, match="no statement of OpenSSF model signing"):
        signing.verify(text, digests, people.trusted)

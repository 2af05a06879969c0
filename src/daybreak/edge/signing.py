"""OpenSSF model signatures (OMS 1.0), made and verified with nothing but `cryptography`.

A signature is a Sigstore bundle: a DSSE envelope around an in-toto statement that names the SHA-256 of each file, signed with an ECDSA
key. The public `model_signing` tool verifies what is written here, and the other way round; it is no part of a device, since it brings
Sigstore's clients for the network and takes half a second to import.

Specifications: github.com/ossf/model-signing-spec, github.com/secure-systems-lab/dsse, in-toto.io/Statement/v1.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from daybreak.base.errors import DamagedBundle, UntrustedBundle
from daybreak.edge import keys

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
HASHES: dict[int, hashes.HashAlgorithm] = {
    256: hashes.SHA256(),
    384: hashes.SHA384(),
    521: hashes.SHA512(),
}  # by the curve's bits
Digests = Mapping[str, str]  # file -> SHA-256 in hex


def sign(name: str, digests: Digests, ignored: Sequence[str], key: keys.Signer) -> bytes:
    """The signature of files of these digests, as the file that `model_signing verify` reads; `ignored` lie beside them, unsigned."""
    payload = _json(_statement(name, digests, ignored))
    signature = key.sign(_authenticated(payload), ec.ECDSA(_hash(key.public_key())))
    return _json(_bundle(key.public_key(), payload, signature))


def verify(text: bytes, digests: Digests, trusted: Sequence[keys.SignerPublic]) -> keys.SignerPublic:
    """Who of the trusted signed exactly these files.

    Raises `DamagedBundle` where it is no such signature, `UntrustedBundle` where none of them signed it or where it is of other bytes.
    """
    try:
        told = json.loads(text)
        envelope = told["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
    except (ValueError, LookupError, TypeError, RecursionError, binascii.Error) as error:
        raise DamagedBundle("its signature is none that OpenSSF model signing writes; get it again") from error
    signer = next(
        (key for key in trusted if told == _bundle(key, payload, signature) and _holds(key, payload, signature)), None
    )
    if signer is None:
        raise UntrustedBundle(
            f"no trusted key signed it: {_claimed(told)}, trusted: {', '.join(map(keys.name, trusted)) or 'none'}"
        )
    if _resources(payload) != dict(digests):
        raise UntrustedBundle(
            "it was altered after it was signed: its bytes are not those that the signature names; get it again"
        )
    return signer


def root(digests: Digests) -> str:
    """One SHA-256 over all the files' digests in the order of their names: the subject of the statement."""
    return hashlib.sha256(b"".join(bytes.fromhex(digests[name]) for name in sorted(digests))).hexdigest()


def _statement(name: str, digests: Digests, ignored: Sequence[str]) -> dict[str, Any]:
    resources = [{"name": file, "algorithm": "sha256", "digest": digests[file]} for file in sorted(digests)]
    serialization = {
        "method": "files",
        "hash_type": "sha256",
        "allow_symlinks": False,
        "ignore_paths": list(ignored),
    }
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": root(digests)}}],
        "predicateType": PREDICATE,
        "predicate": {"serialization": serialization, "resources": resources},
    }


def _bundle(key: keys.SignerPublic, payload: bytes, signature: bytes) -> dict[str, Any]:
    """The whole signature file of these parts: what is read must be equal to it, so that nothing in it is unsigned and unread."""
    return {
        "mediaType": BUNDLE,
        "verificationMaterial": {
            "publicKey": {"hint": hashlib.sha256(keys.pem(key)).hexdigest()},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }


def _authenticated(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: type and payload with their lengths."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


def _holds(key: keys.SignerPublic, payload: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, _authenticated(payload), ec.ECDSA(_hash(key)))
    except InvalidSignature:
        return False
    return True


def _resources(payload: bytes) -> dict[str, str]:
    """The files that a signed statement names; signed, so that what is odd in it is the signer's doing."""
    odd = DamagedBundle("what was signed is no statement of OpenSSF model signing 1.0 over files with SHA-256")
    try:
        told = json.loads(payload)
        named = told["predicate"]["resources"]
        found = {each["name"]: each["digest"] for each in named if each["algorithm"] == "sha256"}
        kinds = (told["_type"], told["predicateType"], told["predicate"]["serialization"]["method"])
        subject = told["subject"][0]["digest"]["sha256"], root(found)
    except (ValueError, LookupError, TypeError) as error:
        raise odd from error
    if kinds != (STATEMENT, PREDICATE, "files") or subject[0] != subject[1] or len(found) != len(named):
        raise odd
    return found


def _claimed(told: Any) -> str:
    try:
        return f"it names key {bytes.fromhex(told['verificationMaterial']['publicKey']['hint']).hex()[: keys.SHOWN]}"
    except (LookupError, TypeError, ValueError):
        return "it names no key"


def _hash(key: keys.SignerPublic) -> hashes.HashAlgorithm:
    return HASHES[key.curve.key_size]


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

"""Make a bundle of a package: seal its files, wrap the key, sign the whole. One pass; memory of one chunk."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from daybreak.base.errors import UsageError
from daybreak.edge import keys, layout, manifest, sealing, signing, wrapping
from daybreak.edge.requirements import needed
from daybreak.registry import package as packages
from daybreak.registry.package import Package

READ = 1 << 20
Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True)
class Recipients:
    """Who may open a bundle: devices, passphrases. `hard`: how hard passphrases are to guess."""

    devices: Sequence[keys.DevicePublic] = ()
    passphrases: Sequence[str] = ()
    hard: wrapping.Scrypted | None = None

    def wrap(self, data_key: bytes, bundle: str) -> tuple[wrapping.Recipient, ...]:
        """The data key for each of them. Raises `UsageError` where there is nobody."""
        devices = {keys.name(device): wrapping.for_device(data_key, bundle, device) for device in self.devices}
        phrases = [wrapping.for_passphrase(data_key, bundle, phrase, self.hard) for phrase in self.passphrases]
        if not devices and not phrases:
            raise UsageError("a bundle is for somebody: --for DEVICE.pub, or --passphrase-file FILE")
        return *devices.values(), *phrases


def pack(
    folder: Path,
    target: Path,
    key: keys.Signer,
    recipients: Recipients,
    counter: int | None = None,
    progress: Progress | None = None,
) -> manifest.Manifest:
    """Write a bundle of the package in `folder` to `target`, which is whole or not there; returns what it says of itself.

    `counter`: the package's version where none is given. Raises `UsageError` (nobody to open it, a
    Python model that reads files), `NotFound`, `DamagedFile` where a file of the package was altered.
    """
    package = packages.verify(folder)
    _check_memory(package)
    files = [packages.RECORD, *sorted(package.files)]
    data_key, prefix, bundle = os.urandom(wrapping.KEY), os.urandom(sealing.PREFIX), os.urandom(16).hex()
    made = manifest.Manifest(
        id=bundle,
        counter=_counter(package, counter),
        created=time.time(),
        package=package,
        requires=needed(package),
        recipients=recipients.wrap(data_key, bundle),
        cipher=manifest.Cipher(prefix, sealing.CHUNK),
    )
    index = _index(folder, files)
    total = len(index) + sum((folder / file).stat().st_size for file in files)
    plain = _told(_plain(index, folder, files), total, progress)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("wb") as out:
            _write(out, made, (sealing.sealed_size(total), sealing.seal(plain, data_key, prefix, bundle.encode())), key)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return made


def _check_memory(package: Package) -> None:
    """Raises `UsageError` for a Python model that reads files: on a device there is no folder, only memory."""
    files = sorted(name for name in package.files if name.startswith("model/"))
    if package.runtime.kind == "python" and files:
        raise UsageError(
            f"a device opens a model in memory alone, {package.name} is served in Python from files ({files[0]}): register it as ONNX, "
            "or write a container's context: daybreak bundle --container"
        )


def _counter(package: Package, asked: int | None) -> int:
    counter = package.version if asked is None else asked
    if counter < 1:
        raise UsageError(f"a bundle's counter is a whole number from 1, got {counter}")
    return counter


def _write(out: BinaryIO, made: manifest.Manifest, payload: tuple[int, Iterator[bytes]], key: keys.Signer) -> None:
    text = manifest.encode(made)
    if len(text) > layout.SMALL:
        raise UsageError(
            f"a bundle's manifest has at most {layout.SMALL:,} bytes, this one {len(text):,}; bundle for fewer devices"
        )
    digests = {
        layout.MANIFEST: _member(out, layout.MANIFEST, len(text), iter((text,))),
        layout.PAYLOAD: _member(out, layout.PAYLOAD, *payload),
    }
    signature = signing.sign(made.package.name, digests, (layout.SIGNATURE,), key)
    _member(out, layout.SIGNATURE, len(signature), iter((signature,)))
    out.write(layout.END)
    out.flush()
    os.fsync(out.fileno())


def _member(out: BinaryIO, name: str, size: int, pieces: Iterator[bytes]) -> str:
    out.write(layout.header(name, size))
    digest, written = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        written += out.write(piece)
    if written != size:
        raise UsageError(
            f"a file of the package changed its size while it was bundled: {name} has {written:,} bytes, not {size:,}"
        )
    out.write(layout.padding(size))
    return digest.hexdigest()


def _index(folder: Path, files: Sequence[str]) -> bytes:
    """What the plaintext begins with: the length of a JSON list (8 bytes) and the list of [file, size], in the order of contents."""
    text = msgspec.json.encode([(file, (folder / file).stat().st_size) for file in files])
    return len(text).to_bytes(8, "big") + text


def _plain(index: bytes, folder: Path, files: Sequence[str]) -> Iterator[bytes]:
    yield index
    for file in files:
        with (folder / file).open("rb") as opened:
            while piece := opened.read(READ):
                yield piece


def _told(pieces: Iterator[bytes], total: int, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        done += len(piece)
        if progress is not None:
            progress(done, total)
        yield piece

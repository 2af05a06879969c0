"""A package: one model version as one folder that needs nothing else. It is what a server loads, a bundle seals, a container copies.

    package.json      this record
    model.onnx        the model; or files under model/ for one that is served in Python
    code/             the user's functions that prepare rows or read answers
    assets/           what steps need: a tokenizer, a list of words
    examples.jsonl    {"inputs": a row as the plain route takes it (media in base64), "targets": {output: right answer, as a label, number
                      or span}, where known, "prediction": {output: the model's own, as the plain route tells it}}, one a line
    reference.json    what live rows are compared with (`monitoring.reference`)
    parity.json       original against export, on real samples
    reported.json     what training reported beside what the export reaches (`release.reported`), of a run
    card.html         the model card

Files never change once `package.json` is written, which is written last and names the SHA-256 of each; `digest` is over them all.
"""

import hashlib
import json
import math
from pathlib import Path
from typing import Any, Literal

import msgspec

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.signature.fields import Signature

RECORD = "package.json"
EXAMPLES = "examples.jsonl"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step before or after the model, by the name of a function in `inference.steps`, with its options (plain JSON).

    Steps before turn columns into feeds (name of the model's input -> array); steps after turn the model's outputs into columns.
    `python` is the user's own: options {"function": "module:function"}, run in a worker process.
    """

    name: str
    options: dict[str, Any] = {}


class Runtime(msgspec.Struct, frozen=True, omit_defaults=True):
    """What predicts. onnx: `file` by onnxruntime; python: `function` (module:function(folder) -> predict(feeds) -> outputs) in a worker."""

    kind: Literal["onnx", "python"]
    file: str = "model.onnx"
    function: str = ""
    precision: Literal["float32", "float16", "int8"] = "float32"
    requirements: tuple[str, ...] = ()  # of a Python model: exact versions, as pip takes them


class Stored(msgspec.Struct, frozen=True):
    """One file: SHA-256 in hex, size in bytes."""

    sha256: str
    size: int


class Package(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model version.

    `created`: seconds since 1970; `lineage`: where it comes from (run, checkpoint, code, data, spec: digests);
    `metrics`: what was measured of it, by name; `limits`: where it is known to differ or to fail, in sentences.
    """

    name: str
    version: int
    created: float
    signature: Signature
    runtime: Runtime
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    description: str = ""
    lineage: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    limits: tuple[str, ...] = ()
    files: dict[str, Stored] = {}
    format: int = 1

    @property
    def digest(self) -> str:
        """SHA-256 over what predicts: everything but name, version and time."""
        told = msgspec.to_builtins(self)
        for incidental in ("name", "version", "created"):
            del told[incidental]
        return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(folder: Path, package: Package) -> Package:
    """Name every file of the folder in the record and write it, last and whole; returns the record as written.

    Raises `UsageError` for metrics that are not finite: JSON has no such numbers, and nobody could read the record.
    """
    if odd := [f"{name} {value}" for name, value in package.metrics.items() if not math.isfinite(value)]:
        raise UsageError(
            f"metrics are finite numbers, got {', '.join(odd)}: leave them out, or measure them on other rows"
        )
    text = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(package, files=_files(folder))), indent=1)
    partial = folder / f"{RECORD}.partial"
    partial.write_bytes(text)
    partial.replace(folder / RECORD)
    # as it will be read: a whole number where a float stands has another digest
    return parse(text, str(folder / RECORD))


def read(folder: Path) -> Package:
    """The record of a package. Raises `NotFound` where there is none, `DamagedFile` where it cannot be read."""
    try:
        return parse((folder / RECORD).read_bytes(), str(folder / RECORD))
    except FileNotFoundError as error:
        raise NotFound(f"a package is a folder with a {RECORD}, {folder} has none") from error


def parse(text: bytes, source: str) -> Package:
    """The same from the record's bytes. Raises `DamagedFile`."""
    try:
        return msgspec.json.decode(text, type=Package)
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{source} is no record of a package: {error}") from error


def verify(folder: Path) -> Package:
    """Read a package and hash every file that it names. Raises `NotFound`, `DamagedFile` with each file that differs."""
    package = read(folder)
    if wrong := altered(folder, package):
        raise DamagedFile(f"package {folder} was altered: {', '.join(wrong)}; register the model again")
    return package


def altered(folder: Path, package: Package) -> list[str]:
    """Files that are not as the record names them: changed, missing, or new."""
    found = _files(folder)
    return sorted(name for name in {*package.files, *found} if package.files.get(name) != found.get(name))


def _files(folder: Path) -> dict[str, Stored]:
    found = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.relative_to(folder) != Path(RECORD))
    return {file.relative_to(folder).as_posix(): _stored(file) for file in found if "__pycache__" not in file.parts}


def _stored(file: Path) -> Stored:
    with file.open("rb") as opened:
        return Stored(hashlib.file_digest(opened, "sha256").hexdigest(), file.stat().st_size)

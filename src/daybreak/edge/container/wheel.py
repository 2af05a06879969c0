"""A wheel of the Daybreak that runs here, from its files: a device gets what the model was proven with, whether that was published or not.

Binary distribution format: packaging.python.org/specifications/binary-distribution-format.
"""

import base64
import hashlib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

NAME = "daybreak"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same bytes
WHEEL = "Wheel-Version: 1.0\nGenerator: daybreak\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
LEFT = ("__pycache__",)


def write(folder: Path) -> Path:
    """The wheel, in `folder`."""
    told = distribution(NAME)
    stem = f"{NAME}-{told.version}"
    files = {**_sources(), **_about(stem, told.read_text("METADATA") or "", told.read_text("entry_points.txt") or "")}
    target = folder / f"{stem}-py3-none-any.whl"
    records = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    record = f"{stem}.dist-info/RECORD"
    files[record] = "\n".join([*records, f"{record},,", ""]).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(_entry(name), data)
    return target


def _sources() -> dict[str, bytes]:
    root = Path(__file__).parents[2]
    found = sorted(path for path in root.rglob("*") if path.is_file() and not set(path.parts) & set(LEFT))
    return {f"{NAME}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in found}


def _about(stem: str, metadata: str, entries: str) -> dict[str, bytes]:
    told = {"METADATA": metadata, "WHEEL": WHEEL, "entry_points.txt": entries}
    return {f"{stem}.dist-info/{name}": text.encode() for name, text in told.items()}


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

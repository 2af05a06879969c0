"""Texts that are files of their own."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from blake3 import blake3

from daybreak.audit.about import CONTENT, DIGEST, META
from daybreak.readers.media import Broken
from daybreak.readers.source import told

LONGEST = 2**20  # characters of a document that are compared
SHOWN = 2000


class Documents:
    """Decodes UTF-8, UTF-16 with a mark, and else Windows-1252."""

    what = "texts"
    extensions = frozenset({".txt", ".md", ".text", ".rst"})

    def prepare(self, samples: Sequence[bytes]) -> None:
        """Nothing depends on other files."""

    def fields(self) -> list[pa.Field]:
        """Digest of the normalised text, the text, and what is about the file."""
        return [
            told(DIGEST, pa.binary(16), "digest", "content"),
            told(CONTENT, pa.string(), "text", "content"),
            *(told(f"{META}{name}", pa.int64(), "integer", "meta") for name in ("bytes", "characters", "lines")),
        ]

    def decode(self, data: bytes, name: str) -> dict[str, Any]:
        """One document as values by field. Raises `Broken`."""
        del name
        text = _decoded(data)
        found: dict[str, Any] = {f"{META}bytes": len(data), f"{META}characters": len(text)}
        found[f"{META}lines"] = text.count("\n") + 1
        normal = " ".join(unicodedata.normalize("NFC", text).split())
        found[DIGEST] = blake3(normal.encode()).digest(length=16)
        found[CONTENT] = text[:LONGEST]
        return found

    def shown(self, data: bytes) -> dict[str, str]:
        """Its beginning."""
        return {CONTENT: _decoded(data)[:SHOWN]}


def _decoded(data: bytes) -> str:
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        if b"\x00" in data:
            raise Broken("it holds zero bytes and is no text")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")

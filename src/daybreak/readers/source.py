"""Where rows come from: a file, a folder, an object in memory. What a side is made of, before types and purposes are known."""

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa

from daybreak.audit.about import Column, ColumnType, Purpose
from daybreak.audit.outcome import Finding

_TYPE, _PURPOSE, _SHAPE = b"daybreak.type", b"daybreak.purpose", b"daybreak.shape"
_LOOSE = b"daybreak.loose"


class Source(Protocol):
    """Rows as they were written. Fields say in their metadata what only the reader of the format knows (`told`, `loose`)."""

    name: str  # as a person wrote it

    @property
    def schema(self) -> pa.Schema:
        """Columns and their types as they are stored. Raises `UsageError` if it cannot be read."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order, from the start; memory for one batch. Raises `UsageError`."""

    def rows(self) -> int | None:
        """How many rows there are, if that is known without reading them."""

    def digest(self) -> str:
        """blake3 of the content."""

    def notes(self) -> tuple[Finding, ...]:
        """What was odd; complete once all batches were read."""


def told(name: str, stored: pa.DataType, kind: ColumnType, purpose: Purpose, shape: tuple[int, ...] = ()) -> pa.Field:
    """A field whose type and purpose are known to the reader of the format."""
    says = {_TYPE: kind.encode(), _PURPOSE: purpose.encode(), _SHAPE: ",".join(map(str, shape)).encode()}
    return pa.field(name, stored, metadata=says)


def loose(name: str, purpose: Purpose = "feature") -> pa.Field:
    """A field of strings that may be written numbers, dates or truth values: of a format without types."""
    return pa.field(name, pa.string(), metadata={_LOOSE: b"1", _PURPOSE: purpose.encode()})


def aimed(name: str, stored: pa.DataType, purpose: Purpose) -> pa.Field:
    """A field whose purpose is known, and whose type is decided by its values."""
    return pa.field(name, stored, metadata={_PURPOSE: purpose.encode()})


def is_loose(field: pa.Field) -> bool:
    """Whether strings of this field may mean something else."""
    return bool(field.metadata and _LOOSE in field.metadata)


def purpose_of(field: pa.Field) -> Purpose:
    """What the reader knows of a field's purpose."""
    says: dict[bytes, bytes] = field.metadata or {}
    found: Any = says.get(_PURPOSE, b"feature").decode()
    return found  # type: ignore[no-any-return]


def told_column(field: pa.Field) -> Column | None:
    """What a reader said of a field, if it did."""
    says: dict[bytes, bytes] = field.metadata or {}
    if _TYPE not in says:
        return None
    shape = tuple(int(part) for part in says[_SHAPE].decode().split(",") if part)
    kind: Any = says[_TYPE].decode()
    return Column(field.name, kind, purpose_of(field), shape)


def note(rule: str, what: str, *, severity: Any = "info", subject: str = "", advice: str = "", **more: Any) -> Finding:
    """Something odd about the input. It is certain: it was seen."""
    return Finding(rule, severity, what, "certain", subject=subject, advice=advice, **more)

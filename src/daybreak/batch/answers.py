"""Answers of a part as a file: Parquet, CSV, or JSONL as the plain route tells them.

| output | Parquet and CSV |
|---|---|
| label | NAME: the label; NAME.score; NAME.probabilities: a list in the order of the classes, in CSV a column NAME.CLASS for each |
| number | NAME; with an interval NAME.low, NAME.high |
| text | NAME |
| span | NAME: its text; NAME.start, NAME.end, NAME.score |
| image | NAME: a PNG, in CSV in base64 |
| tensor | NAME: a list; in CSV as JSON |
"""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv

from daybreak.batch.plan import Format
from daybreak.batch.sources import Taken
from daybreak.signature.answers import decided, encoder, undecided
from daybreak.signature.fields import Columns, Output, Signature
from daybreak.signature.media import as_png

Table = dict[str, Any]  # names of the file's columns -> Arrow arrays


class Answers:
    """What writes parts of one job. `file`: the input, as each row names it."""

    def __init__(self, signature: Signature, kind: Format) -> None:
        self._outputs, self._kind = signature.outputs, kind
        self._encode = encoder(signature)
        told = {
            f"classes.{output.name}": msgspec.json.encode(output.classes)
            for output in signature.outputs
            if output.classes
        }
        self._about = told

    def part(self, taken: Taken, outputs: Columns, file: str) -> bytes:
        """A part's bytes: the same for the same rows."""
        rows = taken.rows
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, range) else np.asarray(rows, np.int64)
        place = {"row": pa.array(numbers), "file": _files(taken, file)}
        if self._kind == "jsonl":
            return self._lines({**place, **taken.kept}, outputs)
        columns: Table = {**place, **taken.kept}
        for output in self._outputs:
            columns |= _columns(output, outputs[output.name], flat=self._kind == "csv")
        return _csv(columns) if self._kind == "csv" else self._parquet(columns)

    def _lines(self, columns: Table, outputs: Columns) -> bytes:
        told = zip(*(column.to_pylist() for column in columns.values()), strict=True)
        heads = (msgspec.json.encode(dict(zip(columns, row, strict=True)))[:-1] for row in told)
        return b"".join(
            head + b',"prediction":' + answer + b"}\n"
            for head, answer in zip(heads, self._encode(outputs), strict=True)
        )

    def _parquet(self, columns: Table) -> bytes:
        table = pa.table(columns).replace_schema_metadata(self._about)
        sink = pa.BufferOutputStream()
        words = [
            field.name for field in table.schema if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)
        ]
        pq.write_table(
            table, sink, use_dictionary=words, write_statistics=False, compression="snappy", store_schema=True
        )
        return bytes(sink.getvalue())


def _csv(columns: Table) -> bytes:
    sink = pa.BufferOutputStream()
    csv.write_csv(pa.table({name: _plain(column) for name, column in columns.items()}), sink)
    return bytes(sink.getvalue())


def _plain(column: Any) -> Any:
    """Dictionaries as words, what CSV cannot hold as JSON."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        told = [_cell(value) for value in column.to_pylist()]
        return pa.array(told, pa.string())
    return column


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    return base64.b64encode(value).decode() if isinstance(value, bytes) else msgspec.json.encode(value).decode()


def _files(taken: Taken, file: str) -> Any:
    if taken.files is not None:
        return pa.array([f"{file}/{name}" for name in taken.files], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(taken.rows), np.int32)), pa.array([file]))


def _columns(output: Output, column: NDArray[Any], *, flat: bool) -> Table:
    name = output.name
    if output.kind == "label":
        return _label(output, column, flat=flat)
    if output.kind == "number":
        ends = ("", ".low", ".high") if output.interval else ("",)
        wide = column.reshape(len(column), len(ends))
        return {f"{name}{end}": pa.array(np.ascontiguousarray(wide[:, place])) for place, end in enumerate(ends)}
    if output.kind == "span":
        parts = {"": "text", ".start": "start", ".end": "end", ".score": "score"}
        return {f"{name}{end}": pa.array([getattr(span, part) for span in column]) for end, part in parts.items()}
    if output.kind == "image":
        return {name: pa.array([base64.b64decode(as_png(pixels).partition(",")[2]) for pixels in column], pa.binary())}
    if output.kind == "text":
        return {name: pa.array(column.tolist(), pa.string())}
    return {name: _nested(column)}


def _label(output: Output, scores: NDArray[Any], *, flat: bool) -> Table:
    places, unknown = decided(scores, output.threshold), undecided(scores)
    names = output.classes or tuple(map(str, range(scores.shape[1])))
    told: Table = {
        output.name: pa.DictionaryArray.from_arrays(
            pa.array(places.astype(np.int32), mask=unknown), pa.array(names, pa.string())
        ),
        f"{output.name}.score": pa.array(scores[np.arange(len(scores)), places], mask=unknown),
    }
    if flat:
        return told | {
            f"{output.name}.{label}": pa.array(np.ascontiguousarray(scores[:, at])) for at, label in enumerate(names)
        }
    return told | {f"{output.name}.probabilities": _nested(scores)}


def _nested(column: NDArray[Any]) -> Any:
    """(rows, a, b) as lists of a lists of b."""
    if column.dtype.kind == "O":
        return pa.array([value.tolist() for value in column])
    held = pa.array(np.ascontiguousarray(column).reshape(-1))
    for length in reversed(column.shape[1:]):
        held = pa.FixedSizeListArray.from_arrays(held, length)
    return held


def joined(parts: Sequence[Columns]) -> Columns:
    """Outputs of a part's calls, behind each other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

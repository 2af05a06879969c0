"""JSON lines, and JSON files that hold one list of objects. Objects within are flattened: `a.b`."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_file
from daybreak.readers.dialect import open_bytes
from daybreak.readers.source import loose, note

EXTENSIONS = (".jsonl", ".ndjson", ".json")
ROWS = 2**14
MOST_NAMED = 5
DEEPEST = 4

Row = dict[str, Any]


class JsonLines:
    """A file of objects. Read twice: what types a key has, and then the values."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._broken: list[str] = []
        self._broken_count = self._count = 0
        self._schema = self._look()

    def _look(self) -> pa.Schema:
        kinds: dict[str, set[str]] = defaultdict(set)
        self._count = 0
        for row in self._rows():
            self._count += 1
            for key, value in row.items():
                kinds[key].add(_kind(value))
        if not self._count:
            raise UsageError(f"a table has at least one row, {self.path} has none that is a JSON object")
        return pa.schema([_field(key, kinds[key] - {"null"}) for key in kinds])

    @property
    def schema(self) -> pa.Schema:
        """By the values of the whole file; a key with several types is a string."""
        return self._schema

    def rows(self) -> int | None:
        """Known: it was read once."""
        return self._count

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows by blocks."""
        rows = self._rows()
        while block := list(islice(rows, ROWS)):
            arrays = [_array([row.get(f.name) for row in block], f.type) for f in self._schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _rows(self) -> Iterator[Row]:
        self._broken, self._broken_count = [], 0
        for number, value in self._values():
            if isinstance(value, dict):
                yield _flattened(value)
            else:
                self._note_broken(number, "no object")

    def _values(self) -> Iterator[tuple[int, Any]]:
        with open_bytes(self.path) as file:
            if self.path.name.removesuffix(".gz").endswith(".json"):
                yield from enumerate(self._listed(file.read()))
                return
            decode = msgspec.json.Decoder().decode
            for number, line in enumerate(_lines(file), 1):
                if line.strip():
                    try:
                        yield number, decode(line)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        self._note_broken(number, str(error))

    def _listed(self, data: bytes) -> list[Any]:
        """The one list of objects in a JSON file, or its lines where it is JSON lines after all."""
        try:
            value = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            lines = [line for line in data.splitlines() if line.strip()]
            try:
                return [msgspec.json.decode(line) for line in lines]
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise UsageError(f"{self.path} is no JSON: {error}") from error
        inner = value.values() if isinstance(value, dict) else [value]
        lists = [each for each in inner if isinstance(each, list)]
        fitting = [each for each in lists if each and all(isinstance(row, dict) for row in each)]
        if len(fitting) != 1:
            raise UsageError(f"a JSON file holds one list of objects, {self.path} holds {len(fitting)}")
        return fitting[0]

    def _note_broken(self, number: int, why: str) -> None:
        self._broken_count += 1
        if len(self._broken) < MOST_NAMED:
            self._broken.append(f"line {number}: {why}")

    def digest(self) -> str:
        """blake3 of the file."""
        return hash_file(self.path)

    def notes(self) -> tuple[Finding, ...]:
        """Lines that are no objects."""
        if not self._broken_count:
            return ()
        what = (
            f"{self.name}: {self._broken_count} lines are no JSON objects and were left out ({'; '.join(self._broken)})"
        )
        found = {"rows_left_out": self._broken_count}
        return (
            note("input.rows", what, severity="warning", subject=self.name, advice="mend these lines", measured=found),
        )


def _lines(file: Any) -> Iterator[bytes]:
    rest = b""
    while block := file.read(2**22):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _flattened(value: Row, prefix: str = "", depth: int = 0) -> Row:
    found: Row = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and depth < DEEPEST:
            found |= _flattened(inner, f"{prefix}{key}.", depth + 1)
        else:
            found[prefix + key] = inner
    return found


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list) and value and all(isinstance(x, int | float) and not isinstance(x, bool) for x in value):
        return f"list {len(value)}"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "long"  # kept as a string: no type holds it
    return type(value).__name__


def _field(key: str, kinds: set[str]) -> pa.Field:
    if not kinds:
        return pa.field(key, pa.null())
    if kinds == {"bool"}:
        return pa.field(key, pa.bool_())
    if kinds == {"int"}:
        return pa.field(key, pa.int64())
    if kinds <= {"int", "float"}:
        return pa.field(key, pa.float64())
    if len(kinds) == 1 and (one := next(iter(kinds))).startswith("list "):
        return pa.field(key, pa.list_(pa.float64(), int(one.removeprefix("list "))))
    return loose(key)


def _array(values: list[Any], stored: pa.DataType) -> pa.Array:
    if pa.types.is_string(stored):
        return pa.array([_string(value) for value in values], stored)
    return pa.array(values, stored)


def _string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)

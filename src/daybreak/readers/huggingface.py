"""Datasets that Hugging Face's `save_to_disk` wrote: Arrow streams beside a state.json; several splits beside a dataset_dict.json.

https://huggingface.co/docs/datasets/main/en/package_reference/main_classes#datasets.Dataset.save_to_disk
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_file, hash_json

DICT, STATE, INFO = "dataset_dict.json", "state.json", "dataset_info.json"
ROWS = 2**16


def is_saved(path: Path) -> bool:
    """Whether a folder is one dataset that was saved."""
    return (path / STATE).is_file()


def splits_of(path: Path) -> list[str]:
    """Names of the splits of a folder with several; none if it is no such folder. Raises `UsageError`."""
    file = path / DICT
    if not file.is_file():
        return []
    return [str(name) for name in _json(file).get("splits", [])]


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path} must hold an object, it holds {type(found).__name__}")
    return found


class Saved:
    """One saved dataset. Class labels become their names; a selection that was saved with it is applied."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        state = _json(path / STATE)
        self._files = [path / str(each["filename"]) for each in state.get("_data_files", [])]
        self._selected = [path / str(each["filename"]) for each in state.get("_indices_files") or []]
        info = _json(path / INFO) if (path / INFO).is_file() else {}
        self._classes = _class_names(info.get("features") or {})
        if not self._files:
            raise UsageError(f"{path / STATE} must name data files, it names none")
        self._stored = self._read(self._files[0]).schema

    @property
    def schema(self) -> pa.Schema:
        """As stored, class labels as strings."""
        return pa.schema([pa.field(f.name, pa.string()) if f.name in self._classes else f for f in self._stored])

    def _read(self, file: Path) -> pa.RecordBatchReader:
        try:
            return pa.ipc.open_stream(pa.memory_map(str(file)))
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{file} cannot be read as an Arrow stream: {error}") from error

    def rows(self) -> int | None:
        """By memory map, without reading values."""
        files = self._selected or self._files
        return sum(int(batch.num_rows) for file in files for batch in self._read(file))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order."""
        batches = self._chosen() if self._selected else (b for file in self._files for b in self._read(file))
        for batch in batches:
            yield pa.RecordBatch.from_arrays([self._named(f.name, batch) for f in self._stored], schema=self.schema)

    def _chosen(self) -> Iterator[pa.RecordBatch]:
        """Rows by the saved selection; the table is memory mapped."""
        table = pa.Table.from_batches([batch for file in self._files for batch in self._read(file)], self._stored)
        for file in self._selected:
            for batch in self._read(file):
                yield from table.take(batch.column(0)).combine_chunks().to_batches(ROWS)

    def _named(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        column, classes = batch.column(name), self._classes.get(name)
        if classes is None:
            return column
        valid = pc.and_(pc.greater_equal(column, 0), pc.less(column, len(classes)))
        return pa.array(classes, pa.string()).take(pc.if_else(valid, column, pa.scalar(None, column.type)))

    def digest(self) -> str:
        """Of the data files and the selection, in order."""
        return hash_json([hash_file(file) for file in (*self._files, *self._selected)])

    def notes(self) -> tuple[Finding, ...]:
        """None."""
        return ()


def _class_names(features: dict[str, Any]) -> dict[str, list[str]]:
    """Column -> names of its classes."""
    return {
        name: [str(each) for each in feature["names"]]
        for name, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list)
    }

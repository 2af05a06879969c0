"""Parquet files: their bytes, and rows and columns as the footers tell them.

Without pyarrow (`daybreak[parquet]`) nobody can read a footer: the files are taken by their bytes alone, which is the same root.
"""

import json
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest
from daybreak.provenance.data.file import File
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.sources.files import local_files

ENDINGS = (".parquet", ".pq")


class Parquet:
    """A Parquet file, or a folder that holds one at its top."""

    kind = "parquet"

    def matches(self, place: str) -> bool:
        """By the names of files."""
        path = Path(place)
        if "://" in place or not path.is_dir():
            return place.endswith(ENDINGS) and path.is_file()
        return any(path.glob("*.parquet")) or any(path.glob("*=*/*.parquet"))

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Every file below the folder (or the one), with the footers' facts; those are read once for the same bytes."""
        files = local_files(Path(place), hasher)
        single = Path(place).is_file()
        made = manifest.make(self.kind, files, single=single)
        key = f"parquet {made.root}"
        known = hasher.cache.fact(key)
        if known is None:
            known = json.dumps(_facts(Path(place).parent if single else Path(place), files))
            hasher.cache.keep_fact(key, known)
        facts = json.loads(known)
        return manifest.make(self.kind if facts else "files", files, facts=facts, single=single)


def _facts(folder: Path, files: list[File]) -> dict[str, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return {}
    rows = 0
    columns: dict[str, str] = {}
    for file in files:
        if file.path.endswith(ENDINGS):
            try:
                footer = parquet.read_metadata(folder / file.path)
            except pa.ArrowException as error:
                raise UsageError(f"{folder / file.path} must be a Parquet file, it is none: {error}") from error
            rows += footer.num_rows
            columns |= {field.name: str(field.type) for field in footer.schema.to_arrow_schema()}
    return {"rows": rows, "columns": columns}

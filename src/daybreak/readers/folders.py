"""A folder as a dataset: of pictures, recordings, texts or tables; with or without its sides as subfolders."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from daybreak.base.errors import UsageError
from daybreak.readers import columnar, delimited, huggingface
from daybreak.readers.documents import Documents
from daybreak.readers.joining import columns_for
from daybreak.readers.media import Decoder, Media
from daybreak.readers.origins import Folder
from daybreak.readers.pictures import Pictures
from daybreak.readers.request import Progress
from daybreak.readers.sounds import Sounds
from daybreak.readers.source import Source
from daybreak.readers.splitting import side_of
from daybreak.readers.walking import Files, walk

KINDS: tuple[type[Pictures] | type[Sounds] | type[Documents], ...] = (Pictures, Sounds, Documents)
TABLES = frozenset({*columnar.EXTENSIONS, ".csv", ".tsv"})
ALONE = TABLES | {".jsonl", ".npy", ".npz"}
MOST_TABLES = 50  # files of a folder that may be one table and what describes it
SHARD = re.compile(r"-\d+(-of-\d+)?$")
SIDES = ("train", "test", "validation")


def sides_of(path: Path) -> dict[str, list[Path]]:
    """Side -> its subfolder, or its files; where a folder holds a train and a test. Otherwise nothing.

    Files may be shards, `train-00000-of-00002.parquet`, and lie in a subfolder `data`. A subfolder goes before a file of its name.
    """
    if not path.is_dir() or huggingface.is_saved(path):
        return {}
    found: dict[str, list[Path]] = {}
    called = [entry for entry in _entries(path) if side_of(re.split(r"[.-]", entry.name)[0])]
    for entry in sorted(called, key=lambda each: (not each.is_dir(), each.name)):
        side = _side_named(entry)
        folder = side in found and found[side][0].is_dir()
        if side and not folder:
            found.setdefault(side, []).append(entry)
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    if {"train", "test"} <= found.keys():
        return {side: found[side] for side in SIDES if side in found}
    return sides_of(path / "data") if (path / "data").is_dir() else {}


def _entries(path: Path) -> Iterator[Path]:
    """What lies in a folder, one at a time: there may be a million files. Raises `UsageError` where it may not be listed."""
    try:
        with os.scandir(path) as entries:
            yield from (path / entry.name for entry in entries)
    except OSError as error:
        raise UsageError(f"{path} cannot be listed: {error.strerror}") from error


def _side_named(entry: Path) -> str | None:
    """The side that a subfolder or a file of samples is called by."""
    if entry.is_dir():
        return side_of(entry.name)
    if delimited.extension_of(entry) not in ALONE:
        return None
    stem = entry.name.partition(".")[0]
    return side_of(stem) or (side_of(stem.partition("-")[0]) if SHARD.search(stem) else None)


def open_shards(paths: list[Path], name: str) -> Source:
    """Files of one format that together are one side. Raises `UsageError`."""
    extensions = {delimited.extension_of(path) for path in paths}
    extension = next(iter(extensions))
    if len(extensions) > 1 or extension not in columnar.EXTENSIONS:
        said = ", ".join(path.name for path in paths[:5])
        raise UsageError(
            f"a side is one file, one folder, or shards in Parquet or Arrow, {name} is {said}: name one with --train"
        )
    return columnar.Columnar(paths, name, columnar.EXTENSIONS[extension])


def lone_table(path: Path, besides: str) -> Path | None:
    """The only table at the top of a folder that holds no pictures, recordings or texts. `besides`: the list of the split."""
    named = list(islice(_entries(path), MOST_TABLES))
    tables = [each for each in named if delimited.extension_of(each) in ALONE and each != Path(besides)]
    others = any(each.is_dir() or each.suffix.lower() in kind.extensions for kind in KINDS for each in named)
    return tables[0] if len(tables) == 1 and not others and len(named) < MOST_TABLES else None


def open_folder(path: Path, name: str, progress: Progress | None) -> Source:
    """The samples of a folder: of the kind that most of its files are. Raises `UsageError`."""
    try:
        files = walk(path, progress)
    except OSError as error:
        raise UsageError(f"{name} cannot be listed: {error.strerror}") from error
    counts = {kind: sum(files.extensions[extension] for extension in kind.extensions) for kind in KINDS}
    kind = max(counts, key=lambda each: counts[each])
    tables = [extension for extension in columnar.EXTENSIONS if files.extensions[extension]]
    if tables and not counts[Pictures] and not counts[Sounds]:
        chosen = files.having(frozenset(tables))
        paths = [path / each for each in chosen.names.to_pylist()]
        return columnar.Columnar(paths, name, columnar.EXTENSIONS[tables[0]])
    if not counts[kind]:
        held = ", ".join(f"{n} {extension or '(no extension)'}" for extension, n in files.extensions.most_common(5))
        raise UsageError(
            f"a folder holds pictures, recordings, texts or Parquet files, {name} holds {held or 'nothing'}"
        )
    chosen = files.having(kind.extensions)
    decoder: Decoder = kind()
    return Media(Folder(chosen, name, _listed(path, chosen)), decoder, progress)


def _listed(path: Path, files: Files) -> pa.Table | None:
    """What tables at the top of the folder, or one of its name beside it, say of its files."""
    within = sorted(entry for entry in _entries(path) if delimited.extension_of(entry) in TABLES)
    beside = [path.parent / f"{path.name}{end}" for end in (".csv", "_labels.csv", ".tsv")]
    for table in (*within, *beside):
        if table.is_file():
            read: Source = (
                columnar.Columnar([table], table.name, columnar.EXTENSIONS[table.suffix])
                if table.suffix in columnar.EXTENSIONS
                else delimited.Delimited(table, table.name)
            )
            found = columns_for(files.names, read)
            if found is not None:
                return found
    return None

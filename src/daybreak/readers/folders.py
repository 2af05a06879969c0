"""A folder as a dataset: of pictures, recordings, texts or tables; with or without its sides as subfolders."""

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
SIDES = ("train", "test", "validation")


def sides_of(path: Path) -> dict[str, Path]:
    """Side -> subfolder or file, where a folder holds a train and a test; otherwise nothing."""
    found: dict[str, Path] = {}
    for entry in sorted(path.iterdir()) if path.is_dir() and not huggingface.is_saved(path) else ():
        stem = entry.name.partition(".")[0] if entry.is_file() else entry.name
        side = side_of(stem.partition("-")[0]) or side_of(stem)
        readable = entry.is_dir() or delimited.extension_of(entry) in {*TABLES, ".jsonl", ".npy", ".npz"}
        if side and readable and side not in found:
            found[side] = entry
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    return {side: found[side] for side in SIDES if side in found} if {"train", "test"} <= found.keys() else {}


def lone_table(path: Path, besides: str) -> Path | None:
    """The only table at the top of a folder that holds no pictures, recordings or texts. `besides`: the list of the split."""
    try:
        files = walk(path)
    except OSError:
        return None
    named = [path / name for name in files.names.to_pylist()[:MOST_TABLES]]
    tables = [each for each in named if delimited.extension_of(each) in ALONE and str(each) != str(Path(besides))]
    media = any(files.extensions[extension] for kind in KINDS for extension in kind.extensions)
    return tables[0] if len(tables) == 1 and not media and len(named) < MOST_TABLES else None


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
    """What tables at the top of the folder say of its files."""
    for table in sorted(path.iterdir()):
        if table.is_file() and delimited.extension_of(table) in TABLES:
            read: Source = (
                columnar.Columnar([table], table.name, columnar.EXTENSIONS[table.suffix])
                if table.suffix in columnar.EXTENSIONS
                else delimited.Delimited(table, table.name)
            )
            found = columns_for(files.names, read)
            if found is not None:
                return found
    return None

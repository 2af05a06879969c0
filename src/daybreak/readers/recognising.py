"""Which reader a given thing needs: by what it is, and by its extension."""

import os
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.readers import arrays, columnar, delimited, folders, huggingface, jsonl
from daybreak.readers.attaching import attached
from daybreak.readers.delimited import extension_of
from daybreak.readers.memory import open_memory
from daybreak.readers.request import Progress, Request
from daybreak.readers.source import Source


def recognise(given: Any, request: Request, progress: Progress | None = None, name: str = "") -> Source:
    """The source of what a user names or hands in. Raises `UsageError` for what does not exist or is of no known kind."""
    if not isinstance(given, str | os.PathLike):
        return open_memory(given, name or f"a {type(given).__name__}")
    path = Path(given).expanduser()
    name = str(given)
    if not path.exists():
        raise UsageError(f"there is no {path}")
    if path.is_dir():
        lone = None if huggingface.is_saved(path) else folders.lone_table(path, request.split_by)
        if lone is not None:
            return recognise(str(lone), request, progress)
        return attached(_folder(path, name, progress), path, progress)
    return attached(_file(path, name, request), path.parent, progress)


def sides_within(given: Any, request: Request, progress: Progress | None = None) -> dict[str, Source]:
    """Side -> source, where one thing holds a train and a test by name; otherwise nothing."""
    if isinstance(given, dict) and "train" in given:
        return {side: recognise(each, request, progress, side) for side, each in _by_side(given).items()}
    if not isinstance(given, str | os.PathLike):
        return {}
    path = Path(given).expanduser()
    if path.suffix == ".npz" and path.is_file():
        split = arrays.sides(arrays.load(path))
        return {side: _aimed(parts, f"{given} ({side})") for side, parts in split.items()}
    if splits := huggingface.splits_of(path):
        found: dict[str, Any] = _by_side({split: str(path / split) for split in splits})
    else:
        found = folders.sides_of(path)
    return {side: _side(each, f"{given} ({side})", request, progress) for side, each in found.items()}


def _side(given: str | list[Path], name: str, request: Request, progress: Progress | None) -> Source:
    if isinstance(given, str) or len(given) == 1:
        return recognise(given if isinstance(given, str) else str(given[0]), request, progress)
    return attached(folders.open_shards(given, name), given[0].parent, progress)


def _by_side(given: dict[str, Any]) -> dict[str, Any]:
    from daybreak.readers.splitting import side_of

    found = {side: each for split, each in given.items() if (side := side_of(split))}
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    return found if {"train", "test"} <= found.keys() else {}


def _aimed(parts: dict[str, arrays.Array], name: str) -> Source:
    return arrays.Arrays(parts, name, arrays.target_of(parts))


def _folder(path: Path, name: str, progress: Progress | None) -> Source:
    if huggingface.is_saved(path):
        return huggingface.Saved(path, name)
    return folders.open_folder(path, name, progress)


def _file(path: Path, name: str, request: Request) -> Source:
    extension = extension_of(path)
    if extension in columnar.EXTENSIONS:
        return columnar.Columnar([path], name, columnar.EXTENSIONS[extension])
    if extension in jsonl.EXTENSIONS:
        return jsonl.JsonLines(path, name)
    if extension in arrays.EXTENSIONS or arrays.is_idx(path):
        return _numpy(path, name)
    if extension in delimited.EXTENSIONS:
        return delimited.Delimited(path, name, delimiter=request.delimiter, header=request.header, names=request.names)
    raise UsageError(
        f"{name}: the extension {extension!r} says nothing about its format; known are {', '.join(known())}, and folders of "
        "pictures, recordings, texts or Parquet files"
    )


def _numpy(path: Path, name: str) -> Source:
    """Arrays of a file; those of the target beside it, where names say so."""
    parts = {"": arrays.load_idx(path)} if arrays.is_idx(path) else arrays.load(path)
    beside = arrays.target_beside(path) if len(parts) == 1 else None
    if beside is not None:
        loaded = arrays.load_idx(beside) if arrays.is_idx(beside) else next(iter(arrays.load(beside).values()))
        if len(loaded) == len(next(iter(parts.values()))):
            return arrays.Arrays({**parts, arrays.TARGET: loaded}, name, arrays.TARGET)
    return _aimed(parts, name)


def known() -> list[str]:
    """Extensions of files that can be read."""
    return sorted({*columnar.EXTENSIONS, *delimited.EXTENSIONS, *jsonl.EXTENSIONS, *arrays.EXTENSIONS})

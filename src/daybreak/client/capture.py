"""Capture the source files of an experiment, so that its trials go on with the code they began with.

What is taken: `*.py` below the folder, without hidden folders, environments, caches and homes (which hold captured code), up to
limits that are told when reached.
They are copied to `home.code(digest)` beside a `manifest.json` of relative path -> blake3; the digest is that of the manifest.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from daybreak.base.hashing import hash_file, hash_json
from daybreak.base.home import Home

MANIFEST = "manifest.json"
MOST_FILES = 2000
MOST_BYTES = 20 * 2**20
MOST_SEEN = 200_000  # entries of folders looked through (a second or two); a folder of data is larger
SKIPPED = {"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"}


class TooMuchCode(Exception):
    """The folder holds more Python than is captured; the message says what to do."""


def capture(home: Home, folder: Path) -> str:
    """Copy the folder's Python files into the home; their digest. Raises `TooMuchCode`, `OSError`."""
    files = list(_sources(folder, home))
    manifest = {str(path.relative_to(folder)): hash_file(path) for path in files}
    digest = hash_json(manifest)
    if not home.code(digest).is_dir():
        _store(home.code(digest), folder, manifest)
    return digest


def changed_files(home: Home, digest: str, folder: Path) -> list[str]:
    """Relative paths of captured files that differ in the folder now, or are gone from it; sorted."""
    manifest: dict[str, str] = json.loads((home.code(digest) / MANIFEST).read_text())
    return sorted(
        name
        for name, content in manifest.items()
        if not (folder / name).is_file() or hash_file(folder / name) != content
    )


def _sources(folder: Path, home: Home) -> Iterator[Path]:
    count = size = seen = 0
    for here, folders, names in os.walk(folder):
        seen += len(folders) + len(names)
        if seen > MOST_SEEN:
            raise TooMuchCode(
                f"at most {MOST_SEEN:,} files and folders are looked through for Python code, {folder} holds more; "
                "run from the folder of your own code"
            )
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in SKIPPED and not _is_not_code(Path(here, name), home)
        )
        for name in sorted(names):
            path = Path(here) / name
            if not name.endswith(".py") or name.startswith(".") or not path.is_file():
                continue  # an editor's lock is a hidden link that leads nowhere
            count, size = count + 1, size + path.stat().st_size
            if count > MOST_FILES or size > MOST_BYTES:
                raise TooMuchCode(
                    f"at most {MOST_FILES} Python files of {MOST_BYTES >> 20} MiB are captured, {folder} holds more; "
                    "run from the folder of your own code"
                )
            yield path


def _is_not_code(folder: Path, home: Home) -> bool:
    """An environment, this home or another."""
    is_home = (folder / home.ledger.name).is_file() or folder.resolve() == home.path.resolve()
    return is_home or (folder / "pyvenv.cfg").is_file()


def _store(target: Path, folder: Path, manifest: dict[str, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    for name in manifest:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, made / name)
    (made / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    try:
        made.rename(target)
    except OSError:  # another command stored the same files meanwhile
        shutil.rmtree(made)

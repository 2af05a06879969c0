"""What is said where a file or folder that the user named cannot be written."""

from pathlib import Path

from daybreak.base.errors import UsageError


def unwritable(path: str | Path, error: OSError) -> UsageError:
    """The refusal: the path as the user gave it, why, and what to do. A file's folder must be there; only folders of results are made."""
    folder = Path(path).parent
    if isinstance(error, FileNotFoundError) and not folder.exists():
        return UsageError(f"cannot write {path}: the folder {folder} does not exist; make it, or name another place")
    if isinstance(error, NotADirectoryError | FileExistsError):
        return UsageError(f"cannot write {path}: a file is where a folder must be; name another place")
    return UsageError(f"cannot write {path}: {error.strerror or error}; name another place")

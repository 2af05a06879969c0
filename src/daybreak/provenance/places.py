"""Where provenance keeps below a home what can be made again. Path arithmetic only."""

from pathlib import Path

from daybreak.base.hashing import hash_bytes
from daybreak.base.home import Home


def code_stats(home: Home, folder: Path, roots: tuple[Path, ...]) -> Path:
    """Which file of a folder had which hash; `roots`: the folders of it that were looked through."""
    return home.path / "cache" / f"code-{_name(chr(0).join(map(str, [folder, *roots])))}.json"


def repacked(home: Home, info: str) -> Path:
    """The wheel that a package's installed files were kept as."""
    return home.path / "cache" / f"wheel-{_name(info)}.json"


def interpreter(home: Home, python: str, searched: tuple[str, ...]) -> Path:
    """What an interpreter said of its environment; `searched`: further folders it was told to look in."""
    return home.path / "cache" / f"python-{_name(chr(0).join([python, *searched]))}.json"


def _name(text: str) -> str:
    return hash_bytes(text.encode())[:24]

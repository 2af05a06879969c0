"""Read an experiment file from a disk: what can be wrong with the file itself, and names that installed packages add."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.spec.loading import KnownNames, load
from daybreak.spec.models import METHODS, SAMPLERS, Experiment

ENDINGS = (".yaml", ".yml")


class Registered(Collection[str]):
    """Built-in names, and those of an entry point group; packages are looked through only when a name is none of ours."""

    def __init__(self, ours: Collection[str], group: str) -> None:
        self._ours = ours
        self._group = group

    @cached_property
    def _names(self) -> list[str]:
        from importlib.metadata import entry_points

        return list(dict.fromkeys([*self._ours, *sorted(entry.name for entry in entry_points(group=self._group))]))

    def __contains__(self, name: object) -> bool:
        return name in self._ours or name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def known_names() -> KnownNames:
    """Every search method and sampler that can be named here."""
    return Registered(METHODS, "daybreak.searchers"), Registered(SAMPLERS, "daybreak.samplers")


def read_experiment(path: Path) -> Experiment:
    """The experiment a file describes; its `run` is looked for in the file's folder unless the file names another.

    Raises `UsageError` when there is no such file or it is no text, `SpecError` with all faults of what it says.
    """
    methods, samplers = known_names()
    folder = str(path.parent.absolute())
    return load(_text(path), source=str(path), folder=folder, known_methods=methods, known_samplers=samplers)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}{_instead(path)}") from error
    except IsADirectoryError as error:
        raise UsageError(f"{path} is a folder, not an experiment file{_instead(path / 'x')}") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"an experiment file is text in UTF-8, {path} is not (byte {error.start})") from error


def _instead(path: Path) -> str:
    """Which file may be meant: one of a similar name, else those that are there."""
    folder = path.parent
    files = (
        sorted(f.name for f in folder.glob("*.y*ml") if f.suffix in ENDINGS and f.is_file()) if folder.is_dir() else []
    )
    close = get_close_matches(path.name, files, n=1)
    if close:
        return f"; did you mean {folder / close[0]}?"
    if not folder.is_dir():
        return f": there is no folder {folder}"
    return (
        f"; there {'is' if len(files) == 1 else 'are'} {', '.join(files[:5])}" if files else "; it holds no .yaml file"
    )

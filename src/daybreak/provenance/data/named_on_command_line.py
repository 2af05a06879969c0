"""Data of unedited scripts: words of a command that are files or folders, and are neither its program nor its code.

    daybreak run ... -- python train.py --data ./digits --out results --lr {lr}      captures ./digits

What a script writes to is no data: values of flags such as --out, --log and --checkpoint are passed over. So is what is too large to be
read without being asked; then it is said how to name it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.provenance.data import registered
from daybreak.provenance.data.walk import files_below
from daybreak.spec.models import DataSource, Experiment

MOST_BYTES = 2 * 2**30
MOST_FILES = 50_000
OUTPUT = re.compile(r"-o\Z|--?(out|save|log|checkpoint|ckpt|result|tensorboard|cache|tmp|work_?dir)", re.IGNORECASE)
FLAG = re.compile(r"(--?[A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)
CODE = frozenset({".py", ".sh", ".ipynb", ".yaml", ".yml", ".toml", ".cfg", ".ini"})


def data_of(home: Home, spec: Experiment, folder: Path, tell: Callable[[str], None] | None) -> Mapping[str, DataSource]:
    """What the experiment's command names and its `data:` does not, by the names of the files. `tell` is told of each.

    Raises `UsageError` for a word that names sealed data.
    """
    if isinstance(spec.run, str):
        return {}
    declared = {
        (folder / Path(source.path).expanduser()).resolve(): source.sealed
        for source in spec.data.values()
        if "://" not in source.path
    }
    named = set(declared)
    added = {dataset.path for dataset in registered.every(home)}  # by somebody who has had it read whatever its size
    found: dict[str, DataSource] = {}
    for word in _values(spec.run[1:]):
        path = (folder / Path(word).expanduser()).resolve()
        if declared.get(path):
            raise UsageError(
                f"{word} is sealed, and a command that is told where it lies reads it uncounted: take it off the command line and "
                "score it in a training function, by run.score_test, or do not seal it"
            )
        if path in named or not _is_data(path, folder, home):
            continue
        named.add(path)
        if str(path) not in added and (why := _too_large(path)) is not None:
            _say(
                tell,
                f"{word} holds {why}: it is not captured unless you name it under `data:`, or with daybreak data add {word}",
            )
            continue
        name = _name(path, {*spec.data, *found})
        found[name] = DataSource(path=str(path))
        _say(tell, f"{word} is captured as data `{name}`")
    return found


def _values(words: tuple[str, ...]) -> Iterator[str]:
    """Words that may be paths: flags' values and others, without those that are written to or filled in."""
    output = False
    for word in words:
        flag = FLAG.fullmatch(word)
        if flag is not None:
            output = bool(OUTPUT.match(flag[1]))
        value = flag[2] if flag is not None else word
        if value and not output and "{" not in value and "\0" not in value:
            yield value
        if flag is None or flag[2] is not None:
            output = False


def _is_data(path: Path, folder: Path, home: Home) -> bool:
    """It exists, is no code, and is not a folder in which the experiment itself or the home lies."""
    try:
        exists = path.is_file() or path.is_dir()
    except OSError:  # a word too long for a name
        return False
    system = any(path.is_relative_to(place) for place in ("/dev", "/proc", "/sys", "/usr", "/bin", "/etc"))
    around = folder.is_relative_to(path) or home.path.resolve().is_relative_to(path)
    return exists and not system and not around and not (path.is_file() and path.suffix in CODE)


def _too_large(path: Path) -> str | None:
    if path.is_file():
        size, count = path.stat().st_size, 1
    else:
        size = count = 0
        for file in files_below(path):
            size, count = size + file.stamp.size, count + 1
            if size > MOST_BYTES or count > MOST_FILES:
                break
    if size > MOST_BYTES:
        return f"more than {MOST_BYTES >> 30} GiB"
    return f"more than {MOST_FILES:,} files" if count > MOST_FILES else None


def _name(path: Path, taken: set[str]) -> str:
    base = re.sub(r"[^A-Za-z0-9_.-]", "_", path.stem).lstrip("0123456789.-") or "data"
    name, number = base, 2
    while name.upper() in {other.upper() for other in taken}:
        name, number = f"{base}_{number}", number + 1
    return name


def _say(tell: Callable[[str], None] | None, text: str) -> None:
    if tell is not None:
        tell(text)

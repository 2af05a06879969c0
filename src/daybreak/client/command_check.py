"""Whether a command can be started at all: seen before it is handed in, not once per trial."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from daybreak.base.errors import UsageError

PYTHON = ("python", "python3")  # Daybreak's own stands in for one that is not on the PATH


def check_command(words: Sequence[str], folder: Path, search_path: str | None) -> None:
    """Raises `UsageError` when the program, or the script that a Python is given, is not there. Placeholders are passed over."""
    program = words[0]
    if "{" not in program and program not in PYTHON:
        _check_program(program, folder, search_path)
    script = _script(words)
    if script and not (folder / script).is_file():
        near = get_close_matches(
            script, [str(f.relative_to(folder)) for f in (folder / script).parent.glob("*.py")], n=1
        )
        raise UsageError(f"there is no file {script} in {folder}" + (f"; did you mean {near[0]}?" if near else ""))


def _check_program(program: str, folder: Path, search_path: str | None) -> None:
    if os.sep in program:
        place = folder / program
        if not place.is_file():
            raise UsageError(f"the command's program must be there: there is no file {place}")
        if not os.access(place, os.X_OK):
            raise UsageError(f"the command's program must be executable, {place} is not: chmod +x {place}")
    elif shutil.which(program, path=search_path) is None:
        near = get_close_matches(program, [*PYTHON, *_programs(search_path)], n=1, cutoff=0.75)
        hint = f"did you mean {near[0]!r}?" if near else "install it, activate its environment, or name its path"
        raise UsageError(f"there is no program {program!r} on the PATH; {hint}")


def _programs(search_path: str | None) -> Iterator[str]:
    for folder in (search_path or os.environ.get("PATH", os.defpath)).split(os.pathsep):
        with suppress(OSError):
            yield from (program.name for program in Path(folder).iterdir())


def _script(words: Sequence[str]) -> str:
    """The script of `python [options] script.py ...`; "" where there is none to look for."""
    if not Path(words[0]).name.startswith("python"):
        return ""
    for word in words[1:]:
        if word in ("-m", "-c") or "{" in word:
            return ""
        if not word.startswith("-"):
            return word if word.endswith(".py") else ""
    return ""

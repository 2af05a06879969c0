"""Code from files: Python scripts, notebooks and folders of them, read and told as one project.

A notebook's code cells are read in order, as one script; magics and shell lines are blanked, so that lines keep their numbers.
What cannot be parsed is named and counted, never a traceback: a script as a whole, a notebook by the cell.
"""

import ast
import io
import json
import os
import re
import time
import tokenize
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daybreak.audit.code.analysis import analyse
from daybreak.audit.outcome import MOST_PLACES, Finding, Place
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_json
from daybreak.validation.report import Answer, Report
from daybreak.validation.summing import findings as named

QUESTION = "Does training learn from test rows, as far as the code says?"
MOST_BYTES = 20_000_000  # of one file; generated ones are larger
MOST_FILES = 5_000
MOST_NAMED = 5  # parts that could not be read
_SKIPPED = frozenset(
    {"node_modules", "site-packages", "__pycache__", "venv", "env", "build", "dist", ".ipynb_checkpoints"}
)
_MAGIC = re.compile(r"^\s*(%|!|\?)|^\s*[\w.]+\?{1,2}\s*$")
_TIMED = re.compile(r"^(\s*)%(?:time|timeit|prun|memit)\s+(?!-)(\S.*)$")  # the statement behind it is Python
_ASSIGNED = re.compile(r"^(\s*[\w, ]+=\s*)[!%].*$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "memit", "mprun"})

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Source:
    """One file as Python. `cells`: of a notebook, the first line and the number of each code cell; `broken`: parts that do not parse."""

    name: str
    text: str
    cells: tuple[tuple[int, int], ...] = ()
    broken: list[Place] = field(default_factory=list)


def audit_code(paths: Sequence[str | Path], progress: Progress | None = None, root: str | Path | None = None) -> Report:
    """Look for leaks in scripts, notebooks and folders, all read as one project. `progress(files read, files in all)`.

    `root`: files are named relative to it where they lie below; as they were given otherwise.

    Raises `UsageError` where a path does not exist or is neither Python, nor a notebook, nor a folder that holds such files.
    """
    started = time.perf_counter()
    files = list(_files(paths, Path(root) if root else None))
    sources = []
    for count, (name, path) in enumerate(files):
        sources.append(read_source(path, name))
        if progress:
            progress(count + 1, len(files))
    readable = {source.name: source.text for source in sources if source.text.strip()}
    by_name = {source.name: source for source in sources}
    findings = analyse(readable, lambda file, line: _locate(by_name[file], line))
    seconds = time.perf_counter() - started
    broken = [part for source in sources for part in source.broken]
    measured = {
        "files": len(files),
        "lines": sum(text.count("\n") + 1 for text in readable.values()),
        "unreadable": len(broken),
    }
    answer = Answer(
        rule="code",
        status="failed" if broken and not readable else "findings" if findings else "clean",
        question=QUESTION,
        why=_why(broken),
        measured=measured,
        seconds=seconds,
    )
    code = hash_json(sorted(readable.items()))
    return Report(
        findings=named((*findings, *_unread(broken)), {}, code),
        answers=(answer,),
        kind="code",
        code=code,
        sources={"code": ", ".join(str(path) for path in paths)},
        at=time.time(),
        seconds=seconds,
    )


def _why(broken: list[Place]) -> str:
    if not broken:
        return ""
    named = [f"{place.file} line {place.line} ({place.says})" for place in broken[:MOST_NAMED]]
    more = f"; and {len(broken) - MOST_NAMED} more" if len(broken) > MOST_NAMED else ""
    return f"Could not be read as Python 3, and was not looked at: {'; '.join(named)}{more}."


def _unread(broken: list[Place]) -> tuple[Finding, ...]:
    """What was left out, as information: silence about it would look like a clean answer."""
    if not broken:
        return ()
    files = tuple(dict.fromkeys(place.file for place in broken))
    return (
        Finding(
            rule="code.unread",
            severity="info",
            what=_why(broken),
            sure="certain",
            matters="Nothing is known of these parts: they may leak.",
            advice="Mend them, or convert them to Python 3 (2to3), and audit again.",
            subject=" ".join(files),
            files=files,
            places=tuple(broken[:MOST_PLACES]),
            measured={"parts": len(broken)},
        ),
    )


def _files(paths: Sequence[str | Path], root: Path | None) -> Iterable[tuple[str, Path]]:
    """The files that paths name, each with the name that it is spoken of by."""
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        found = _below(path) if path.is_dir() else [path]
        if not path.exists():
            raise UsageError(
                f"No such file or folder: {path}. Name Python files, notebooks, or folders that hold them."
            )
        if path.is_file() and path.suffix not in {".py", ".ipynb"}:
            raise UsageError(f"Code is read from .py and .ipynb files and folders, got {path}.")
        count = 0
        for each in found:
            count += 1
            if each.resolve() not in seen:
                seen.add(each.resolve())
                yield _spoken(each, root), each
        if not count:
            raise UsageError(f"{path} holds no .py or .ipynb file. Name a folder with code, or the files.")


def _spoken(path: Path, root: Path | None) -> str:
    if root and path.resolve().is_relative_to(root.resolve()):
        return path.resolve().relative_to(root.resolve()).as_posix()
    return str(path)


def _below(folder: Path) -> Iterable[Path]:
    """Python files and notebooks in a folder, in order; installed packages and caches are passed over."""
    count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(names):
            if name.endswith((".py", ".ipynb")):
                count += 1
                if count > MOST_FILES:
                    raise UsageError(
                        f"At most {MOST_FILES:,} files are read at once; {folder} holds more. Name the folders that train."
                    )
                yield Path(root) / name


def read_source(path: Path, name: str) -> Source:
    """One file as Python source; a part that does not parse is blanked and named."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Source(name, "", broken=[Place(name, 1, says=f"larger than {MOST_BYTES // 1_000_000} MB")])
        raw = path.read_bytes()
    except OSError as error:
        return Source(name, "", broken=[Place(name, 1, says=str(error.strerror))])
    if path.suffix == ".ipynb":
        return notebook(raw, name)
    text = _decoded(raw)
    fault = _fault(text)
    return Source(name, text) if fault is None else Source(name, "", broken=[Place(name, fault[0], says=fault[1])])


def _decoded(raw: bytes) -> str:
    """Text of a script, by its own declaration of encoding where it has one."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def _fault(text: str) -> tuple[int, str] | None:
    """Where and why a text is not Python; None where it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 1, str(error) or type(error).__name__
    return None


def notebook(raw: bytes, name: str) -> Source:
    """A notebook's code cells as one script, one after another."""
    try:
        document = json.loads(raw)
        sheets = document.get("worksheets") or [document]  # before version 4, cells stood in worksheets
        cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        return Source(name, "", broken=[Place(name, 1, says=f"not a notebook: {str(error)[:80]}")])
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    broken: list[Place] = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        text = _plain(_source(cell))
        fault = _fault(text)
        if fault is not None:
            broken.append(Place(f"{name} cell {number}", fault[0], says=fault[1]))
            text = "\n" * text.count("\n")
        places.append((len(lines) + 1, number))
        lines += text.split("\n")
    return Source(name, "\n".join(lines), tuple(places), broken)


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    text = "".join(str(line) for line in source) if isinstance(source, list) else str(source)
    return text.replace("\r\n", "\n")


def _plain(text: str) -> str:
    """A cell without magics and shell lines; every line keeps its number."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    magic = _CELL_MAGIC.match(first)
    if magic and magic.group(1) not in _PYTHON_CELLS:
        return "\n" * (len(lines) - 1)
    return "\n".join(_without_magic(line) for line in lines)


def _without_magic(line: str) -> str:
    if not _MAGIC.match(line):
        assigned = _ASSIGNED.match(line)
        return f"{assigned.group(1)}None" if assigned else line
    timed = _TIMED.match(line)
    return timed.group(1) + timed.group(2) if timed else line[: len(line) - len(line.lstrip())] + "pass"


def _locate(source: Source, line: int) -> tuple[str, int]:
    """Where a line stands for a reader: of a notebook, the cell and the line in it."""
    if not source.cells:
        return source.name, line
    start, cell = max((place for place in source.cells if place[0] <= line), default=source.cells[0])
    return f"{source.name} cell {cell}", line - start + 1

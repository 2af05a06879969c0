"""How a delimited file is written: what separates fields, whether quotes mean anything, whether the first line names the columns.

Nothing of that stands in the file. Default quoting swallows rows of a file whose texts begin with a stray quote, and a header read as a
row (or a row as a header) shifts every later claim, so both are looked at instead of assumed.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from daybreak.base.errors import UsageError

DELIMITERS = "\t,;|"
LOOKED_AT = 64 * 2**20  # bytes that quotes are looked for in
FIRST = 2**16  # bytes for delimiter and header
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_NAME_LIKE = re.compile(r"^[^\W\d][\w .\-/()#%@:+*?&'\[\]]{0,47}$")
WRITTEN = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}
_COMMA_NUMBER = re.compile(r"^[+-]?\d+(,\d+)?$")
_MARKS, _SPREADSHEET = ("#", "%", "//"), "sep="
NO_DELIMITER = "\x1f"  # of plain text: stands in no text
_MOSTLY = 0.9  # of the rows of a .txt have one number of fields if it is a table
_ENOUGH = 5  # values, for a repeated one to mean anything
_FEWEST_NUMBERED = 3
_MOST_WORDS = 5  # of a column's name


@dataclass(frozen=True)
class Dialect:
    """How to read it. `swallowed`: rows that default quoting would lose; `stray`: lines on which a quote opens and does not close."""

    delimiter: str
    quoted: bool
    encoding: str
    space_after: bool  # the delimiter is followed by a space that is no part of the value
    first: tuple[str, ...]  # fields of the first line
    header: bool
    stray: int = 0
    swallowed: int = 0
    preamble: int = 0  # lines before the table: comments, or what tells a spreadsheet the delimiter
    decimal_commas: tuple[int, ...] = ()  # columns of numbers such as 7,4


def look(path: Path, delimiter: str = "", header: bool | None = None) -> Dialect:
    """The dialect of a file, compressed or not. Raises `UsageError` if it holds nothing or is no text."""
    start = _start(path)
    if not start.strip():
        raise UsageError(f"a table has at least one row, {path} is empty")
    encoding = _encoding(start, path)
    text = start.decode(encoding, "replace").lstrip("\ufeff")
    lines = _lines(text, whole=len(start) < FIRST)
    delimiter = WRITTEN.get(delimiter.lower(), delimiter)
    if len(delimiter) > 1 or delimiter in {'"', "\n", "\r"}:
        raise UsageError(f"a delimiter is one character, such as ';' or 'tab', got {delimiter!r}")
    delimiter = delimiter or _delimiter(lines, path)
    preamble = _preamble(lines, delimiter)
    lines = lines[preamble:]
    quoted, stray, swallowed = _quoting(path, delimiter, len(_rows(lines[:1], delimiter, quoted=True)[0]))
    rows = _rows(lines, delimiter, quoted)
    space_after = len(rows[0]) > 1 and all(cell.startswith(" ") for row in rows for cell in row[1:])
    cells = [[cell.strip() for cell in row] for row in rows]
    has_header = _has_header(cells) if header is None else header
    return Dialect(
        delimiter,
        quoted,
        encoding,
        space_after,
        tuple(cells[0]),
        has_header,
        stray,
        swallowed,
        preamble,
        _decimal_commas(cells[has_header:], delimiter),
    )


def _start(path: Path) -> bytes:
    try:
        with open_bytes(path) as stream:
            return stream.read(FIRST)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def open_bytes(path: Path) -> IO[bytes]:
    """A file's bytes, decompressed by its extension (.gz, .bz2, .zst). Raises `UsageError`."""
    try:
        return pa.input_stream(str(path), compression="detect")  # type: ignore[no-any-return]
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _preamble(lines: list[str], delimiter: str) -> int:
    """How many lines at the start are comments: they begin with a mark, and are no row of the table."""
    fields = Counter(map(len, _rows(lines, delimiter, quoted=True))).most_common(1)[0][0]
    count = 0
    for line in lines[:-1]:
        comment = line.startswith(_MARKS) and not len(line.split(delimiter)) == fields > 1
        if not comment and not line.lower().startswith(_SPREADSHEET):
            break
        count += 1
    return count


def _decimal_commas(rows: list[list[str]], delimiter: str) -> tuple[int, ...]:
    """Columns whose values are numbers with a comma for a point; where the comma is no delimiter."""
    if delimiter == "," or not rows:
        return ()
    columns = zip(*(row for row in rows if len(row) == len(rows[0])), strict=True)
    return tuple(i for i, column in enumerate(columns) if _are_comma_numbers([cell for cell in column if cell]))


def _are_comma_numbers(cells: list[str]) -> bool:
    some = any("," in cell for cell in cells)
    return some and all(_COMMA_NUMBER.match(cell) for cell in cells)


def _encoding(start: bytes, path: Path) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in start:
        raise UsageError(
            f"a table in text holds no zero bytes, {path} does: is it another format with a wrong extension?"
        )
    try:
        start[: -4 if len(start) == FIRST else None].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.end >= FIRST - 4 else "cp1252"
    return "utf-8"


def _lines(text: str, *, whole: bool) -> list[str]:
    """The first lines that are not blank; the last one is left out where it may be cut."""
    lines = text.splitlines() if whole else text.splitlines()[:-1] or [text]
    return [line for line in lines if line.strip()][:200]


def _delimiter(lines: list[str], path: Path) -> str:
    """What cuts most rows into the same number of fields, at least two; a file's extension decides a draw.

    Lines of plain text are one field each.
    """
    name = path.name.removesuffix(".gz")
    wanted = "\t" if name.endswith((".tsv", ".tab")) else ","

    def fitness(delimiter: str) -> tuple[float, bool, int]:
        counts = Counter(map(len, _rows(lines, delimiter, quoted=True)))
        often = {fields: n for fields, n in counts.items() if fields > 1}
        fields = max(often, key=lambda each: (often[each], each), default=0)
        return (often.get(fields, 0) / counts.total(), delimiter == wanted, fields)

    best = max(DELIMITERS, key=fitness)
    found = fitness(best)[0]
    if name.endswith((".txt", ".text")) and found < _MOSTLY:
        return NO_DELIMITER
    return best if found > 0 else wanted


def _rows(lines: list[str], delimiter: str, quoted: bool) -> list[list[str]]:
    """Fields by rows; a quoted field may go over several lines."""
    if not quoted:
        return [line.split(delimiter) for line in lines]
    limit = csv.field_size_limit(2**31 - 1)
    try:
        return [row for row in csv.reader((line + "\n" for line in lines), delimiter=delimiter) if row] or [[""]]
    except csv.Error:
        return [line.split(delimiter) for line in lines]
    finally:
        csv.field_size_limit(limit)


def _quoting(path: Path, delimiter: str, fields: int) -> tuple[bool, int, int]:
    """Whether quotes enclose fields. Then: lines with a quote that opens and does not close, rows lost if quoting were on.

    Quotes mean nothing where every line with one has the right number of fields without quoting, and some line has a field that
    a quote opens and none closes. A text over several lines breaks the first condition.
    """
    stray = odd = 0
    with open_bytes(path) as stream:
        for line in _quoted_lines(stream):
            if line.count(delimiter.encode()) != fields - 1:
                odd += 1
                break
            stray += not _closes(line, delimiter)
    if odd or not stray:
        return True, 0, 0
    return False, stray, _swallowed(path, delimiter)


def _quoted_lines(stream: IO[bytes]) -> "list[bytes]":
    """Lines that hold a quote, of the first part of the file."""
    found: list[bytes] = []
    rest, seen = b"", 0
    while seen < LOOKED_AT and (block := stream.read(2**22)):
        seen += len(block)
        whole, cut, last = (rest + block).rpartition(b"\n")
        rest = last if cut else whole + last
        if b'"' in whole:
            found += [line for line in whole.splitlines() if b'"' in line]
    if b'"' in rest and seen < LOOKED_AT:
        found.append(rest)
    return found


def _closes(line: bytes, delimiter: str) -> bool:
    """Whether each field that a quote opens is closed by one."""
    try:
        next(csv.reader([line.decode("utf-8", "replace")], delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _swallowed(path: Path, delimiter: str) -> int:
    with open_bytes(path) as stream:
        text = stream.read(LOOKED_AT).decode("utf-8", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) - len(_rows(lines, delimiter, quoted=True))


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first line names columns: it differs in kind from the lines below it."""
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not rest:
        return all(_NAME_LIKE.match(cell) for cell in first)
    named = [cell for cell in first if cell]
    if _numbered(named):
        return True
    if any(_NUMBER.match(cell) for cell in named):
        return False
    votes = sum(_vote(cell, [row[i] for row in rest]) for i, cell in enumerate(first))
    unlike = len(set(named)) == len(named) and all(_looks_like_name(cell) for cell in named)
    return votes > 0 or (votes == 0 and unlike)


def _numbered(cells: list[str]) -> bool:
    """Names such as 0, 1, 2 and perhaps y: what data frames without names are written with."""
    numbers = [cell for cell in cells if cell.isdigit()]
    return len(numbers) >= _FEWEST_NUMBERED and numbers == [str(i) for i in range(len(numbers))]


def _vote(cell: str, below: list[str]) -> int:
    """1: a name, as the values below are of another kind; -1: one more value; 0: cannot be told."""
    values = [value for value in below if value]
    if values and sum(bool(_NUMBER.match(value)) for value in values) > 0.8 * len(values):
        return 0 if not cell else (1 if not _NUMBER.match(cell) else -1)
    if cell in values:
        return -1
    few = len(set(values)) <= max(2, len(values) // 5)
    return 1 if few and len(values) >= _ENOUGH else 0


def _looks_like_name(cell: str) -> bool:
    return bool(_NAME_LIKE.match(cell)) and len(cell.split()) <= _MOST_WORDS

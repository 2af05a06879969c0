"""CSV, TSV and their kin, in a stream: every field as the string that is written; types are seen later, over both sides."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_file
from daybreak.readers.dialect import look, open_bytes
from daybreak.readers.source import loose, note

EXTENSIONS = (".csv", ".tsv", ".tab", ".data", ".dat", ".txt")
COMPRESSED = (".gz", ".bz2", ".zst")
BLOCK = 8 * 2**20  # bytes parsed at once; also the longest row
MOST_NAMED = 5
INDEX = ("unnamed_0", "Unnamed: 0")  # what pandas calls it once it was read and written again
UNNAMED = "unnamed_0"  # a first column without a name: the row numbers of a data frame that was written with its index


class Delimited:
    """A file of fields and delimiters. Columns of a file without a header are named 0, 1, 2, ..."""

    def __init__(
        self,
        path: Path,
        name: str = "",
        *,
        delimiter: str = "",
        header: bool | None = None,
        names: tuple[str, ...] = (),
    ) -> None:
        self.path, self.name = path, name or str(path)
        if names and header is None and tuple(names) != look(path, delimiter).first:
            header = False
        self.dialect = look(path, delimiter, header)
        self._names = self._named(names)
        self._odd: dict[int, str] = {}  # rows with another number of fields: number of the line -> why
        self._odd_count = 0
        self._count: int | None = None

    def _named(self, names: tuple[str, ...]) -> list[str]:
        first, wanted = self.dialect.first, len(self.dialect.first)
        if names:
            if len(names) != wanted:
                raise UsageError(f"there must be a name for each column, got {len(names)} for {wanted} in {self.path}")
            return list(names)
        if not self.dialect.header:
            return [str(i) for i in range(wanted)]
        found: list[str] = []
        for i, cell in enumerate(first):
            base = cell or f"unnamed_{i}"
            base = UNNAMED if i == 0 and base in INDEX else base
            found.append(base if base not in found else f"{base}_{i}")
        return found

    def rename(self, names: list[str]) -> None:
        """Columns of a file without a header, by names that another one gives."""
        self._names = list(names)

    @property
    def header(self) -> bool:
        """Whether the first line names the columns."""
        return self.dialect.header

    @property
    def schema(self) -> pa.Schema:
        """Strings all, which may mean numbers."""
        return pa.schema([loose(name, "id" if name == UNNAMED else "feature") for name in self._names])

    def rows(self) -> int | None:
        """Known after the file was read once."""
        return self._count

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows by blocks. Rows with a wrong number of fields are left out and counted."""
        self._odd, self._odd_count, count = {}, 0, 0
        try:
            for batch in self._reader():
                count += batch.num_rows
                if batch.num_rows:
                    yield self._trimmed(batch)
        except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
            raise UsageError(
                f"{self.path} does not parse as a table delimited by {self.dialect.delimiter!r}: {error}"
            ) from error
        self._count = count
        if self._odd_count > max(count, 1):
            raise UsageError(
                f"rows of {self.path} must have {len(self._names)} fields like its first line, "
                f"{self._odd_count} of {self._odd_count + count} have not; name the delimiter with --delimiter"
            )

    def _trimmed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Without the space that follows each delimiter, where the file is written so."""
        columns = batch.columns
        if self.dialect.space_after:
            columns = [columns[0], *(pc.utf8_ltrim(column, " ") for column in columns[1:])]
        for i in self.dialect.decimal_commas:
            columns[i] = pc.replace_substring(columns[i], ",", ".", max_replacements=1)
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _reader(self) -> csv.CSVStreamingReader:
        dialect, kept = self.dialect, self._names
        return csv.open_csv(
            open_bytes(self.path),
            csv.ReadOptions(
                column_names=kept,
                skip_rows=dialect.preamble + dialect.header,
                block_size=BLOCK,
                encoding=_arrow(dialect.encoding),
            ),
            csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if dialect.quoted else False,
                newlines_in_values=dialect.quoted,
                invalid_row_handler=self._skip,
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(kept, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                check_utf8=True,
            ),
        )

    def _skip(self, row: csv.InvalidRow) -> str:
        self._odd_count += 1
        if len(self._odd) < MOST_NAMED:
            self._odd[len(self._odd)] = f"{row.actual_columns} fields: {(row.text or '')[:80]}"
        return "skip"

    def digest(self) -> str:
        """blake3 of the file as it lies there."""
        return hash_file(self.path)

    def notes(self) -> tuple[Finding, ...]:
        """Quotes that mean nothing, rows left out, an encoding that is not UTF-8."""
        return (*self._quoting_note(), *self._rows_note(), *self._encoding_note())

    def _quoting_note(self) -> tuple[Finding, ...]:
        if self.dialect.quoted:
            return ()
        lost = self.dialect.swallowed
        return (
            note(
                "input.quoting",
                f"{self.name}: on {self.dialect.stray} lines a quote opens and never closes, so quotes were read as plain characters; "
                f"a reader with default CSV quoting silently loses {lost} rows",
                severity="warning" if lost else "info",
                subject=self.name,
                advice="read it with quoting off: quoting=csv.QUOTE_NONE (pandas), quote_char=None (polars)",
                measured={"stray_lines": self.dialect.stray, "rows_swallowed": lost},
            ),
        )

    def _rows_note(self) -> tuple[Finding, ...]:
        if not self._odd_count:
            return ()
        return (
            note(
                "input.rows",
                f"{self.name}: {self._odd_count} rows were left out, since they do not have {len(self._names)} fields "
                f"({'; '.join(self._odd.values())})",
                severity="warning",
                subject=self.name,
                advice="mend these rows, or say with --delimiter what separates the fields",
                measured={"rows_left_out": self._odd_count},
            ),
        )

    def _encoding_note(self) -> tuple[Finding, ...]:
        if self.dialect.encoding == "utf-8":
            return ()
        what = f"{self.name} is not UTF-8 and was read as {self.dialect.encoding}"
        return (note("input.encoding", what, subject=self.name, advice="write it in UTF-8"),)


def extension_of(path: Path) -> str:
    """The extension in small letters, without that of a compression."""
    inner = Path(path.stem) if path.suffix.lower() in COMPRESSED else path
    return inner.suffix.lower()


def _arrow(encoding: str) -> str:
    return "utf8" if encoding == "utf-8" else encoding

"""Inputs as pieces: fixed ranges of rows, read in order, each the same however often a job is cut off and whoever reads it."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from daybreak.base.errors import BadRow
from daybreak.signature.fields import Columns

Wanted = Callable[[int], bool]  # whether a piece, by number, is still to be done


class Piece(NamedTuple):
    """Rows of an input as they were read; what they mean is made of them by `Source.taken`, on another thread.

    `at`: how far the input is read after it, 0..1.
    """

    source: int
    number: int
    held: Any
    at: float


class Taken(NamedTuple):
    """What a piece holds: columns of the valid rows, their places in the input, kept columns (Arrow), the others' faults by place."""

    columns: Columns
    rows: list[int] | range
    kept: dict[str, Any]
    faults: dict[int, BadRow]
    files: list[str] | None = None  # of a folder: each row's own


class Source(Protocol):
    """One input."""

    def check(self) -> None:
        """Whether its rows can be the model's. Raises `UsageError` before the first row is read."""

    def count(self) -> int | None:
        """Rows, where that is known without reading all."""

    def pieces(self, wanted: Wanted) -> Iterator[Piece]:
        """Those that are wanted, in order."""

    def taken(self, piece: Piece) -> Taken:
        """What a piece holds. For use by any thread."""

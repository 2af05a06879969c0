"""What is to be read: paths and what the columns are for, as the command line and `daybreak.audit.run` take them."""

from collections.abc import Callable
from typing import Any

import msgspec

from daybreak.audit.about import Task

Progress = Callable[[str, int, int], None]  # what is read, done, of how many (0: not known)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Either `train` and `test` (files, folders, or in Python arrays, Arrow or data frames), or `data` with `split_by`.

    Columns are named, or numbered from 0 (negative from the end) where a file has no header.
    """

    train: Any = None
    test: Any = None
    validation: Any = None
    data: Any = None
    split_by: str = ""  # a CSV file with the columns sample, split; or a column of `data` itself
    target: str = ""
    group: tuple[str, ...] = ()
    time: str = ""
    id: tuple[str, ...] = ()
    task: Task | None = None
    known: tuple[str, ...] = ()  # columns declared known when a prediction is asked for
    unknown: tuple[str, ...] = ()  # columns declared not to be known then
    text: tuple[str, ...] = ()  # columns to be read as free text, where it is not guessed right
    names: tuple[str, ...] = ()  # of the columns of a table without a header
    header: bool | None = None  # None: looked at
    delimiter: str = ""  # "": looked at

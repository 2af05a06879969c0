"""One dataset that is split by a list or by a column of its own: which of its rows are in which side."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_json
from daybreak.readers.naming import matched
from daybreak.readers.source import Source, note

SIDES = {
    "train": "train",
    "training": "train",
    "fit": "train",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "holdout": "test",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "dev": "validation",
}
MOST_NAMED = 5


def side_of(word: str) -> str | None:
    """The side that a word such as `dev` or `Train` stands for."""
    return SIDES.get(re.sub(r"[^a-z]", "", word.strip().lower()))


class Chosen:
    """The rows of a source that are in one side. `codes`: the side's code of every row; `code`: whose rows are meant."""

    def __init__(
        self,
        whole: Source,
        codes: "np.ndarray[Any, np.dtype[np.int8]]",
        code: int,
        side: str,
        without: str = "",
        odd: tuple[Finding, ...] = (),
    ) -> None:
        """`without`: a column that is left out, since it says which side a row is in. `odd`: what is to be said of the split."""
        self._odd = odd
        self.whole, self.codes, self.code, self.without = whole, codes, code, without
        self.name = f"{whole.name} ({side})"

    @property
    def schema(self) -> pa.Schema:
        """That of the whole, without the column that splits it."""
        return pa.schema([field for field in self.whole.schema if field.name != self.without])

    def rows(self) -> int | None:
        """Counted from the codes."""
        return int((self.codes == self.code).sum())

    @property
    def positions(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Where this side's rows stand in the whole."""
        return np.flatnonzero(self.codes == self.code)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The chosen rows, in the order of the whole."""
        start = 0
        for batch in self.whole.batches():
            mask = self.codes[start : start + batch.num_rows] == self.code
            start += batch.num_rows
            if mask.any():
                kept = batch if mask.all() else batch.filter(pa.array(mask))
                yield kept.drop_columns([self.without]) if self.without else kept

    def place(self, position: int) -> int:
        """Where a row of this side stands in the whole."""
        return int(self.positions[position])

    def digest(self) -> str:
        """Of the whole's content and the positions of this side's rows."""
        return hash_json([self.whole.digest(), self.positions.tolist()])

    def notes(self) -> tuple[Finding, ...]:
        """The whole's, and what was odd about the split."""
        return (*self.whole.notes(), *self._odd)


def by_column(whole: Source, column: str) -> dict[str, Chosen]:
    """Sides by the values of a column, such as train, test, dev. Raises `UsageError` where they name no side."""
    words: list[str | None] = []
    for batch in whole.batches():
        words += batch.column(batch.schema.get_field_index(column)).cast(pa.string()).to_pylist()
    return _chosen(whole, words, f"column {column!r} of {whole.name}", without=column)


def by_list(whole: Source, listed: Source, key: str | None) -> dict[str, Chosen]:
    """Sides by a table with the columns sample and split. `key`: the column of `whole` that holds samples' names, if they have any.

    A sample is a file's path relative to the dataset, its name alone where that is unique, its path without extension, or the number
    of a row from 0. Raises `UsageError` where none is found.
    """
    split = _split_of(listed)
    names = _names(whole, key)
    found = _matched(names, split)
    if not any(found):
        raise UsageError(
            f"samples of {listed.name} must name rows of {whole.name}, none does: it lists {_some(split)}, "
            f"the data holds {_some(names)}"
        )
    return _chosen(whole, found, listed.name, listed=len(split))


def _some(names: Any) -> str:
    return ", ".join(repr(name) for name in list(names)[:MOST_NAMED])


def _split_of(listed: Source) -> dict[str, str]:
    columns = {name.strip().lower(): name for name in listed.schema.names}
    if missing := [name for name in ("sample", "split") if name not in columns]:
        raise UsageError(
            f"a split has the columns sample and split, {listed.name} has no {' and no '.join(missing)}: "
            f"its columns are {', '.join(listed.schema.names)}"
        )
    table = pa.Table.from_batches(listed.batches(), listed.schema)
    samples, splits = (table.column(columns[name]).cast(pa.string()).to_pylist() for name in ("sample", "split"))
    found: dict[str, str] = {}
    for sample, split in zip(samples, splits, strict=True):
        if sample is None or split is None:
            continue
        if found.setdefault(sample.strip(), split.strip()) != split.strip():
            raise UsageError(
                f"a sample is in one split, {sample!r} is in {found[sample.strip()]!r} and {split!r} of {listed.name}"
            )
    return found


def _names(whole: Source, key: str | None) -> list[str]:
    if key is None:
        count = whole.rows()
        total = count if count is not None else sum(batch.num_rows for batch in whole.batches())
        return [str(i) for i in range(total)]
    found: list[str] = []
    for batch in whole.batches():
        found += batch.column(batch.schema.get_field_index(key)).cast(pa.string()).to_pylist()
    return found


def _matched(names: list[str], split: dict[str, str]) -> list[str | None]:
    """The word of each row."""
    words = list(split.values())
    return [None if i is None else words[i] for i in matched(names, list(split))]


def _chosen(
    whole: Source, words: list[str | None], where: str, without: str = "", listed: int = 0
) -> dict[str, Chosen]:
    """Sides by each row's word; rows without one are in none."""
    order = ("train", "test", "validation")
    sides = {word: side_of(word) for word in set(words) if word is not None}
    codes = np.full(len(words), -1, np.int8)
    for i, word in enumerate(words):
        side = sides.get(word) if word is not None else None
        codes[i] = order.index(side) if side else -1
    present = [side for i, side in enumerate(order) if (codes == i).any()]
    if "train" not in present or ("test" not in present and "validation" not in present):
        raise UsageError(
            f"a split has samples of train and of test, {where} has {_some(sorted(sides)) or 'none'} "
            f"among rows that were found; call them train, test and (if you like) validation"
        )
    if "test" not in present:  # train and dev alone: what is judged is the test
        codes[codes == order.index("validation")] = order.index("test")
        present = ["train", "test"]
    odd = _left_out(int((codes == -1).sum()), listed - sum(word is not None for word in words), len(words), where)
    return {side: Chosen(whole, codes, order.index(side), side, without, odd) for side in present}


def _left_out(rows: int, absent: int, of: int, where: str) -> tuple[Finding, ...]:
    """A note on rows that are in no side, and on listed samples that are not there."""
    said = [f"{rows:,} of {of:,} rows are in no side and were left out"] if rows else []
    said += [f"{absent:,} listed samples are not in the data"] if absent > 0 else []
    if not said:
        return ()
    found = {"rows_left_out": rows, "samples_not_found": max(absent, 0)}
    return (
        note(
            "input.split",
            f"{where}: {'; '.join(said)}",
            severity="warning" if absent > 0 else "info",
            subject=where,
            advice="see that the list is of this data" if absent > 0 else "",
            measured=found,
        ),
    )

"""Calling the user's functions with train and test, in a process of their interpreter (`called` is what runs there).

A function is called with two tables as the readers had them: pandas DataFrames of all columns, the target included, where pandas is
installed and no column is a picture, sound or vector; otherwise dicts of NumPy arrays. Text and categories are strings with None for
missing ones, times datetime64[us], other columns numbers (whole ones with gaps are float64 with NaN).
"""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit.canonical import plain
from daybreak.audit.encoding import vectors
from daybreak.base.errors import UserCodeError
from daybreak.readers.opened import Opened
from daybreak.validation import called

Columns = dict[str, Any]  # name -> array, or list of strings

PATIENCE = 600.0  # seconds that one call may take


@dataclass(frozen=True)
class Callee:
    """A function `module:function` of the code in `folder`, for the interpreter `python`. `scratch`: a folder for what is handed over."""

    function: str
    python: str
    folder: Path
    scratch: Path

    def call(
        self, pairs: Sequence[tuple[Columns | Path, Columns]], wanted: str, expects: str
    ) -> tuple[list[Any], list[Any]]:
        """What came of each (train, test), or (a model's file, test), as `called` tells it, or the error; [file, line] of the function.

        Raises `UserCodeError` with the end of what it printed where it cannot be imported; `expects` says how it is called.
        """
        calls = [self._written(number, train, test) for number, (train, test) in enumerate(pairs)]
        job, defined = self.scratch / "job.json", self.scratch / "defined.json"
        told = {"function": self.function, "folder": str(self.folder), "wanted": wanted, "defined": str(defined)}
        job.write_text(json.dumps(told | {"calls": calls}))
        printed = self._run(job, len(calls), expects)
        if not defined.exists():
            raise UserCodeError(f"{self.function} cannot be imported: {printed}; {expects}")
        return [self._answer(Path(call["answer"]), printed, expects) for call in calls], json.loads(defined.read_text())

    def _written(self, number: int, train: Columns | Path, test: Columns) -> dict[str, str]:
        first = {"model": str(train)} if isinstance(train, Path) else {"train": self._side("train", number, train)}
        return first | {"test": self._side("test", number, test), "answer": str(self.scratch / f"answer-{number}.json")}

    def _side(self, side: str, number: int, columns: Columns) -> str:
        return str(write(columns, self.scratch / f"{side}-{number}"))

    def _run(self, job: Path, calls: int, expects: str) -> str:
        """The last line of what it printed."""
        words = [self.python, called.__file__, str(job)]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        with subprocess.Popen(
            words,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                _, printed = process.communicate(timeout=PATIENCE * calls)
            except BaseException as error:  # Ctrl-C, too: a session of its own hears nothing of it
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise UserCodeError(
                    f"{self.function} takes at most {PATIENCE:.0f} s a call, {calls} calls took longer; {expects}"
                ) from error
        return (printed.strip().splitlines() or [f"it ended with exit code {process.returncode}"])[-1]

    def _answer(self, answer: Path, printed: str, expects: str) -> Any:
        found = json.loads(answer.read_text()) if answer.exists() else {"failed": f"its process ended: {printed}"}
        return (
            UserCodeError(f"{self.function} failed: {found['failed']}; {expects}")
            if "failed" in found
            else found["found"]
        )


def first_rows(opened: Opened, side: str, most: int) -> pa.Table:
    """The first `most` rows of a side, without what readers added about files."""
    batches, count = [], 0
    for batch in opened.sides[side].batches():
        batches.append(batch.slice(0, most - count))
        count += batches[-1].num_rows
        if count >= most:
            break
    return _told(pa.Table.from_batches(batches), opened)


def rows_of(opened: Opened, side: str) -> pa.Table:
    """All rows of a side, without what readers added about files."""
    return _told(pa.Table.from_batches(list(opened.sides[side].batches())), opened)


def _told(table: pa.Table, opened: Opened) -> pa.Table:
    columns = (c.name for c in opened.about.columns if c.purpose != "meta" and c.type != "digest")
    return table.select([name for name in columns if name in table.column_names])


def arrays(table: pa.Table, opened: Opened) -> Columns:
    """Column -> NumPy array, or list of strings."""
    shapes = {column.name: column.shape for column in opened.about.columns}
    return {name: _array(table[name], shapes.get(name, ())) for name in table.column_names}


def _array(column: Any, shape: tuple[int, ...]) -> Any:
    array = plain(column)
    if pa.types.is_fixed_size_list(array.type):
        values = vectors(array)
        return values.reshape(len(values), *shape) if shape else values
    if pa.types.is_string(array.type):
        return array.to_pylist()
    if pa.types.is_temporal(array.type):
        return array.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(array.type) and array.null_count:
        array = array.cast(pa.float64())
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan)
    return array.to_numpy(zero_copy_only=False)


def write(columns: Columns, folder: Path) -> Path:
    """A file per column in a new folder, and a list of them; the folder."""
    folder.mkdir()
    listed = []
    for index, (name, values) in enumerate(columns.items()):
        if isinstance(values, list):
            listed.append((name, f"{index}.json"))
            (folder / f"{index}.json").write_text(json.dumps(values))
        else:
            listed.append((name, f"{index}.npy"))
            np.save(folder / f"{index}.npy", values, allow_pickle=False)
    (folder / "columns.json").write_text(json.dumps(listed))
    return folder

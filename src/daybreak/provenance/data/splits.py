"""Which sample is in train, validation or test: from a CSV file, or what a function returns.

    sample,split              def split(path):
    7_ada_0.wav,train             return {"train": [...], "test": [...]}
    7_ada_1.wav,test

A sample is a name: a file's, a row's number, whatever the training code knows it by. It stands in one split; one that stands in two is
an error with its name. The function runs in a process of the experiment's own interpreter.
"""

import csv
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from daybreak.base.errors import UsageError, UserCodeError
from daybreak.spec.shorthand import FUNCTION

COLUMNS = ("sample", "split")
MOST_NAMED = 3
PATIENCE = 600.0  # seconds a function may take

Splits = dict[str, tuple[str, ...]]

_CALL = """
import importlib, json, sys
module, _, name = sys.argv[1].partition(":")
sys.path.insert(0, sys.argv[3])
split = importlib.import_module(module)
for part in name.split("."):
    split = getattr(split, part)
found = split(sys.argv[2])
with open(sys.argv[4], "w") as file:
    json.dump({str(name): [str(sample) for sample in samples] for name, samples in dict(found).items()}, file)
"""


def is_function(split: str) -> bool:
    """Whether a split is `module:function` rather than a file."""
    return bool(FUNCTION.fullmatch(split))


def read_csv(file: Path) -> Splits:
    """The splits of a CSV file with the columns sample and split; others are passed over. Raises `UsageError`."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines, strict=True)
            if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
                raise UsageError(
                    f"a split has the columns sample and split, {file} has no {' and no '.join(missing)}: "
                    f"its first line is {','.join(rows.fieldnames or ()) or 'empty'}"
                )
            return joined([_pair(row, file, rows.line_num) for row in rows], str(file))
    except OSError as error:
        raise UsageError(
            f"a split is a CSV file or module:function, {file} cannot be read: {error.strerror}"
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"a split is a CSV file in UTF-8, {file} is not: {error}") from error


def _pair(row: dict[str, str], file: Path, line: int) -> tuple[str, str]:
    sample, split = row["sample"], row["split"]
    if not sample or not split:
        raise UsageError(f"each line of a split names a sample and its split, line {line} of {file} does not")
    return sample, split


def call(function: str, python: str, folder: Path, place: str, answer: Path) -> Splits:
    """What `module:function` returns for a dataset at `place`, called in `folder`, from its code; by way of the file `answer`.

    Raises `UserCodeError` with the end of what it printed, `UsageError` when what it returns is no splits.
    """
    words = [python, "-c", _CALL, function, place, str(folder), str(answer)]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise UserCodeError(
            f"a split takes at most {PATIENCE:.0f} s, {function} took longer: write its result to a CSV file"
        ) from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"it ended with exit code {done.returncode}"]
        raise UserCodeError(
            f"the split {function} failed: {last[0]}; it is called with the path of the dataset, "
            "and returns {split: samples}"
        )
    found: dict[str, list[str]] = json.loads(answer.read_text())
    return joined(((sample, split) for split, samples in found.items() for sample in samples), function)


def joined(pairs: Iterable[tuple[str, str]], source: str) -> Splits:
    """(sample, split) pairs as split -> its samples, both sorted. Raises `UsageError` when there are none, or splits overlap."""
    of: dict[str, str] = {}
    twice: dict[str, str] = {}
    for sample, split in pairs:
        if of.setdefault(sample, split) != split:
            twice.setdefault(sample, f"{sample} is in {of[sample]} and in {split}")
    if twice:
        rest = len(twice) - MOST_NAMED
        named = "; ".join(list(twice.values())[:MOST_NAMED]) + (f"; and {rest} more" if rest > 0 else "")
        raise UsageError(
            f"splits must not overlap, in {source} {len(twice)} {'do' if len(twice) > 1 else 'does'}: {named}"
        )
    if not of:
        raise UsageError(f"a split has at least one sample, {source} has none")
    splits: dict[str, list[str]] = {}
    for sample, split in sorted(of.items()):
        splits.setdefault(split, []).append(sample)
    return {split: tuple(samples) for split, samples in sorted(splits.items())}

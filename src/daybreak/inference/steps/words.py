"""Texts as the numbers that models take: pieces looked up in a list of words, or a tokenizer of Hugging Face."""

import os
import re
from collections import Counter
from typing import Any

import numpy as np

from daybreak.base.errors import UsageError
from daybreak.inference.session import Arrays
from daybreak.inference.steps import Before, Context, Options
from daybreak.inference.steps.tables import found, target
from daybreak.signature.fields import Columns

NAMES = {"ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids"}


def text(options: Options, context: Context) -> Before:
    r"""A text as numbers of its pieces. Options: `field`, `to`, `vocabulary`: a file of the package, one piece a line, numbered from 0.

    `pattern` (\w+): what a piece is; `lower` (true); `unknown`: number of what is not in the list, left out where absent;
    `length`: numbers (rows, length), cut or filled up with `pad` (0); without it counts (rows, words).
    """
    name, to = str(options["field"]), target(options, context)
    known = {word: place for place, word in enumerate(context.read(str(options["vocabulary"])).decode().split("\n"))}
    pattern, lower = re.compile(options.get("pattern", r"\w+")), bool(options.get("lower", True))
    length, pad, unknown = options.get("length"), int(options.get("pad", 0)), options.get("unknown")
    dtype = context.inputs.get(to, (None, ()))[0] or (np.float32 if length is None else np.int64)

    def numbers(value: str | None) -> list[int]:
        pieces = pattern.findall(((value or "").lower() if lower else value) or "")
        places = (known.get(piece, unknown) for piece in pieces)
        return [place for place in places if place is not None]

    def step(columns: Columns, feeds: Arrays) -> None:
        rows = [numbers(value) for value in found(name, columns, feeds)]
        filled = np.full((len(rows), len(known) if length is None else length), 0 if length is None else pad, dtype)
        for place, row in enumerate(rows):
            if length is None:
                for piece, times in Counter(row).items():
                    filled[place, piece] = times
            else:
                filled[place, : len(row[:length])] = row[:length]
        feeds[to] = filled

    return step


def tokenize(options: Options, context: Context) -> Before:
    """One text or a pair by a tokenizer of Hugging Face's `tokenizers`, padded to the longest, or to `length` where the model is fixed.

    Options: `fields` [text] or [question, passage]; `tokenizer`: its file in the package; `length` (512): tokens at most; `stride`:
    where given, a longer passage becomes several windows that share so many tokens; `to`: {"ids", "mask", "types"}:
    names of the model's inputs. In-between stand `tokens.offsets` (windows, tokens, 2), characters [start, end) in the last text
    (0, 0 elsewhere), and `tokens.rows` (windows,), which row each is of; option `as` names them otherwise.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a replica has as many threads as it was given
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UsageError(
            "the model's texts are cut by tokenizers, which is missing: pip install 'daybreak[text]'"
        ) from error
    names = tuple(map(str, options["fields"]))
    tokenizer = Tokenizer.from_str(context.read(str(options["tokenizer"])).decode())
    length, stride = int(options.get("length", 512)), options.get("stride")
    tokenizer.enable_truncation(
        length, stride=int(stride or 0), strategy="only_second" if len(names) > 1 else "longest_first"
    )
    to = {**NAMES, **options.get("to", {})}
    fixed = any(len(shape) == 2 and shape[1] == length for _, shape in context.inputs.values())  # noqa: PLR2004
    padding = tokenizer.padding or {}
    tokenizer.enable_padding(**{**padding, "length": length if fixed else None, "direction": "right"})
    between, last = str(options.get("as", "tokens")), len(names) - 1

    def step(columns: Columns, feeds: Arrays) -> None:
        texts = [[value or "" for value in found(name, columns, feeds)] for name in names]
        encoded = tokenizer.encode_batch(texts[0] if last == 0 else list(zip(*texts, strict=True)))
        windows = [(row, part) for row, whole in enumerate(encoded) for part in _parts(whole, stride)]
        longest = max((len(part.ids) for _, part in windows), default=0)
        held = {kind: np.zeros((len(windows), longest), np.int64) for kind in ("ids", "mask", "types")}
        offsets = np.zeros((len(windows), longest, 2), np.int64)
        for place, (_, part) in enumerate(windows):
            _fill(held, offsets, place, part, last)
        feeds |= {to[kind]: array for kind, array in held.items() if to[kind] in context.inputs or not context.inputs}
        feeds[f"{between}.offsets"], feeds[f"{between}.rows"] = offsets, np.array([row for row, _ in windows], np.int64)

    return step


def _parts(whole: Any, stride: int | None) -> list[Any]:
    return [whole, *whole.overflowing] if stride is not None else [whole]


def _fill(held: Arrays, offsets: Any, place: int, part: Any, last: int) -> None:
    size = len(part.ids)
    held["ids"][place, :size], held["mask"][place, :size] = part.ids, part.attention_mask
    held["types"][place, :size] = part.type_ids
    for token, (sequence, reach) in enumerate(zip(part.sequence_ids, part.offsets, strict=True)):
        if sequence == last:
            offsets[place, token] = reach

"""Texts as counts of their words or of runs of characters: scikit-learn's vectorizers, by their rules, without scikit-learn."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from daybreak.inference.session import Arrays
from daybreak.inference.steps import Before, Context, Options
from daybreak.inference.steps.tables import found, target
from daybreak.signature.fields import Columns

Place = Callable[[str], tuple[int, int] | None]  # of a gram: its column and what it counts there; None for nothing
REMEMBERED = 1 << 16  # hashes of grams
WORD = 0xFFFFFFFF
RUNS = re.compile(r"\s\s+")


def vectorize(options: Options, context: Context) -> Before:
    """Counts (rows, words) of a text, float32. Options: `field`, `to`, `file`: the words and rules that export wrote.

    The file holds `words` in the order of the columns, or `buckets`: how many columns there are for hashes of words (MurmurHash3), and
    `signed`: half of all words count down; `analyzer` (word, char, char_wb), `ngrams` (shortest, longest), `lowercase`,
    `accents` (unicode, ascii or empty: kept), `pattern` of a word, `stop` (words that do not count), `binary` (1 for any count),
    `sublinear` (1 + log(count)).
    """
    name, to = str(options["field"]), target(options, context)
    rules = json.loads(context.read(str(options["file"])))
    grams, binary, sublinear = analyzer(rules), bool(rules["binary"]), bool(rules["sublinear"])
    width, place_of = _hashed(rules) if "buckets" in rules else _listed(rules["words"])

    def step(columns: Columns, feeds: Arrays) -> None:
        texts = found(name, columns, feeds)
        counts = np.zeros((len(texts), width), np.float32)
        for row, text in zip(counts, texts, strict=True):
            for place, weight in filter(None, map(place_of, grams(text or ""))):
                row[place] = 1 if binary else row[place] + weight
        feeds[to] = np.log(counts, out=np.full_like(counts, -1), where=counts > 0) + 1 if sublinear else counts

    return step


def _listed(words: list[str]) -> tuple[int, Place]:
    known = {word: (place, 1) for place, word in enumerate(words)}
    return len(words), known.get


def _hashed(rules: dict[str, Any]) -> tuple[int, Place]:
    buckets, signed = int(rules["buckets"]), bool(rules["signed"])

    @lru_cache(REMEMBERED)
    def place(gram: str) -> tuple[int, int]:
        value = murmur(gram.encode())
        value = value - (1 << 32) if value >= 1 << 31 else value
        return abs(value) % buckets, -1 if signed and value < 0 else 1

    return buckets, place


def murmur(data: bytes) -> int:
    """MurmurHash3 of 32 bits with seed 0 (Austin Appleby, 2011, public domain: MurmurHash3_x86_32)."""
    state = 0
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        state ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        state = (_turned(state, 13) * 5 + 0xE6546B64) & WORD
    state ^= _mixed(int.from_bytes(data[whole:], "little")) ^ len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        state = ((state ^ (state >> shift)) * factor) & WORD
    return state


def _mixed(block: int) -> int:
    return _turned(block * 0xCC9E2D51 & WORD, 15) * 0x1B873593 & WORD


def _turned(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & WORD


def analyzer(rules: dict[str, Any]) -> Callable[[str], Iterator[str]]:
    """A function from a text to all that is counted in it."""
    low, high = rules["ngrams"]
    clean = _cleaner(bool(rules["lowercase"]), str(rules["accents"]))
    if rules["analyzer"] == "char":
        return lambda text: _runs(RUNS.sub(" ", clean(text)), low, high)
    if rules["analyzer"] == "char_wb":
        return lambda text: _padded(RUNS.sub(" ", clean(text)), low, high)
    words, stop = re.compile(rules["pattern"]).findall, frozenset(rules["stop"])
    return lambda text: _joined([word for word in words(clean(text)) if word not in stop], low, high)


def _cleaner(lowercase: bool, accents: str) -> Callable[[str], str]:
    def clean(text: str) -> str:
        text = text.lower() if lowercase else text
        if not accents or text.isascii():
            return text
        apart = unicodedata.normalize("NFKD", text)
        if accents == "ascii":
            return apart.encode("ascii", "ignore").decode()
        return "".join(letter for letter in apart if not unicodedata.combining(letter))

    return clean


def _joined(words: list[str], low: int, high: int) -> Iterator[str]:
    for length in range(low, min(high, len(words)) + 1):
        if length == 1:
            yield from words
        else:
            yield from (" ".join(words[at : at + length]) for at in range(len(words) - length + 1))


def _runs(text: str, low: int, high: int) -> Iterator[str]:
    for length in range(low, min(high, len(text)) + 1):
        yield from (text[at : at + length] for at in range(len(text) - length + 1))


def _padded(text: str, low: int, high: int) -> Iterator[str]:
    """Runs within each word and the blanks around it; a word shorter than a run counts once, whole."""
    for word in text.split():
        padded = f" {word} "
        for length in range(low, high + 1):
            yield from (padded[at : at + length] for at in range(max(len(padded) - length, 0) + 1))
            if length >= len(padded):
                break

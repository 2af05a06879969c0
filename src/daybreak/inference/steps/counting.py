"""Texts as counts of their words or of runs of characters: scikit-learn's CountVectorizer, by its rules, without scikit-learn."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from daybreak.inference.session import Arrays
from daybreak.inference.steps import Before, Context, Options
from daybreak.inference.steps.tables import found, target
from daybreak.signature.fields import Columns

RUNS = re.compile(r"\s\s+")


def vectorize(options: Options, context: Context) -> Before:
    """Counts (rows, words) of a text, float32. Options: `field`, `to`, `file`: the words and rules that export wrote.

    The file holds `words` in the order of the columns, `analyzer` (word, char, char_wb), `ngrams` (shortest, longest), `lowercase`,
    `accents` (unicode, ascii or empty: kept), `pattern` of a word, `stop` (words that do not count), `binary` (1 for any count).
    """
    name, to = str(options["field"]), target(options, context)
    rules = json.loads(context.read(str(options["file"])))
    grams, places = analyzer(rules), {word: place for place, word in enumerate(rules["words"])}
    binary = bool(rules["binary"])

    def step(columns: Columns, feeds: Arrays) -> None:
        texts = found(name, columns, feeds)
        counts = np.zeros((len(texts), len(places)), np.float32)
        for row, text in zip(counts, texts, strict=True):
            for gram in grams(text or ""):
                if (place := places.get(gram)) is not None:
                    row[place] += 1
        feeds[to] = np.minimum(counts, 1) if binary else counts

    return step


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

"""Texts by their length, their letters, digits and capitals, and how many of their words the reference knows."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from functools import lru_cache
from re import compile as pattern
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.special import Vector

MOST_CHARACTERS = 2_000
MOST_WORDS = 200
FILTER_BITS = 1 << 16
PROBES = 3
KNOWN = "known words"
NAMES = ("length", "letters", "digits", "capitals", "foreign letters", KNOWN)

_WORD = pattern(r"[^\W\d_]+")
_LETTER, _DIGIT, _CAPITAL, _FOREIGN = 1, 2, 4, 8
_MET = 16
_CLASSES = np.zeros(0x110000, np.uint8)  # filled as characters are met; pages never met cost no memory


def measure(texts: Sequence[str | None], words: NDArray[np.uint8]) -> dict[str, Vector]:
    """Measures of texts, each (n,): length in characters; shares of characters; the share of words in the filter. NaN: missing."""
    present = [text[:MOST_CHARACTERS] if text is not None else "" for text in texts]
    lengths = np.array([len(text) for text in present])
    flags = _flags("".join(present))
    shares = [_shares((flags & flag) > 0, lengths) for flag in (_LETTER, _DIGIT, _CAPITAL, _FOREIGN)]
    length = np.array([np.nan if text is None else float(len(text)) for text in texts])
    known = [_known(text, words) for text in present]
    return dict(zip(NAMES, (length, *shares, np.array(known, np.float64)), strict=True))


def _flags(text: str) -> NDArray[np.uint8]:
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    flags: NDArray[np.uint8] = _CLASSES[points]
    if len(points) and not flags.all():
        for point in np.unique(points[flags == 0]).tolist():
            _CLASSES[point] = _class_of(chr(point))
        flags = _CLASSES[points]
    return flags


def _class_of(character: str) -> int:
    letter = character.isalpha()
    return (
        _MET
        | _LETTER * letter
        | _DIGIT * character.isdigit()
        | _CAPITAL * character.isupper()
        | _FOREIGN * (letter and not character.isascii())
    )


def _shares(true: NDArray[np.bool_], lengths: NDArray[np.int_]) -> Vector:
    """Means of consecutive pieces; NaN where a piece is empty."""
    sums = np.concatenate([[0], np.cumsum(true)])
    ends = np.cumsum(lengths)
    with np.errstate(invalid="ignore"):
        result: Vector = (sums[ends] - sums[ends - lengths]) / lengths
    return result


def _known(text: str, words: NDArray[np.uint8]) -> float:
    found = _WORD.findall(text.lower())[:MOST_WORDS]
    return sum(_holds(word, words) for word in found) / len(found) if found else float("nan")


def _bits(word: str) -> tuple[int, ...]:
    hashed = crc32(word.encode("utf-8", "surrogatepass"))
    step = (hashed >> 16) | 1
    return tuple((hashed + i * step) % FILTER_BITS for i in range(PROBES))


def _holds(word: str, words: NDArray[np.uint8]) -> bool:
    return all(words[bit >> 3] >> (bit & 7) & 1 for bit in _bits(word))


def known_words(texts: Iterable[str | None]) -> NDArray[np.uint8]:
    """A Bloom filter (Bloom, 1970) of the words of texts: 64 kbit, so that 10,000 words are told from others in 95 of 100 cases."""
    words = np.zeros(FILTER_BITS // 8, np.uint8)
    met = {word for text in texts if text is not None for word in _WORD.findall(text[:MOST_CHARACTERS].lower())}
    for word in met:
        for bit in _bits(word):
            words[bit >> 3] |= np.uint8(1 << (bit & 7))
    return words


def packed(words: NDArray[np.uint8]) -> str:
    """A filter as text."""
    return b64encode(words.tobytes()).decode()


@lru_cache(maxsize=64)
def unpacked(text: str) -> NDArray[np.uint8]:
    """A filter from its text; of no text, one that knows no word."""
    if not text:
        return np.zeros(FILTER_BITS // 8, np.uint8)
    return np.frombuffer(b64decode(text), np.uint8)

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
REMEMBERED = 20_000
KNOWN = "known words"
NAMES = ("length", "letters", "digits", "capitals", "foreign letters", KNOWN)

_WORD = pattern(r"[^\W\d_]+")
_LETTER, _DIGIT, _CAPITAL, _FOREIGN = 1, 2, 4, 8
_MET = 16
_CLASSES = np.zeros(0x110000, np.uint8)  # filled as characters are met; pages never met cost no memory


class Words:
    """A Bloom filter (Bloom, 1970) of words: 64 kbit, so that 10,000 words are told from others in 95 of 100 cases.

    The commonest words are remembered: asking again costs a look into a dict.
    """

    def __init__(self, bits: bytes) -> None:
        self._bits = bits
        self._known: dict[str, bool] = {}

    def __contains__(self, word: str) -> bool:
        known = self._known.get(word)
        if known is None:
            known = all(self._bits[bit >> 3] >> (bit & 7) & 1 for bit in _bits(word))
            if len(self._known) < REMEMBERED:
                self._known[word] = known
        return known


def measure(texts: Sequence[str | None], words: Words) -> dict[str, Vector]:
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


def _known(text: str, words: Words) -> float:
    found = _WORD.findall(text.lower())[:MOST_WORDS]
    return sum(map(words.__contains__, found)) / len(found) if found else float("nan")


@lru_cache(maxsize=64)
def unpacked(text: str) -> Words:
    """A filter from its text; of no text, one that knows no word."""
    return Words(b64decode(text) if text else bytes(FILTER_BITS // 8))


def known_words(texts: Iterable[str | None]) -> str:
    """A filter of the words of texts, as text."""
    bits = bytearray(FILTER_BITS // 8)
    met = {word for text in texts if text is not None for word in _WORD.findall(text[:MOST_CHARACTERS].lower())}
    for word in met:
        for bit in _bits(word):
            bits[bit >> 3] |= 1 << (bit & 7)
    return b64encode(bits).decode()


def _bits(word: str) -> tuple[int, ...]:
    hashed = crc32(word.encode("utf-8", "surrogatepass"))
    step = (hashed >> 16) | 1
    return tuple((hashed + i * step) % FILTER_BITS for i in range(PROBES))

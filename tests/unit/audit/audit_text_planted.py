"""Texts for tests and benchmarks: sentences of words with natural frequencies, and copies of them with small changes."""

from functools import lru_cache

import numpy as np
import pyarrow as pa

from daybreak.audit.about import About, Column
from daybreak.audit.frame import Frame, Part

SYLLABLES = [a + b for a in "bcdfghklmnprstvwz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is", "on")]


@lru_cache
def vocabulary(count=20_000, seed=0):
    """Words of one to four syllables; a real vocabulary's frequent words are short."""
    draw = np.random.default_rng(seed)
    syllables = np.array(SYLLABLES)[draw.integers(0, len(SYLLABLES), (3 * count, 4))]
    lengths = 1 + np.minimum(3, np.log10(1 + np.arange(3 * count)).astype(int) + (draw.random(3 * count) < 0.4))
    words = dict.fromkeys(
        "".join(row[:length]) for row, length in zip(syllables.tolist(), lengths.tolist(), strict=True)
    )
    return np.array(list(words)[:count])


def sentences(count, draw, words=None, shortest=8, longest=25):
    """Sentences whose words follow Zipf's law."""
    words = vocabulary() if words is None else words
    chances = 1 / np.arange(1, len(words) + 1)
    lengths = draw.integers(shortest, longest + 1, count)
    drawn = draw.choice(words, int(lengths.sum()), p=chances / chances.sum())
    return [" ".join(part) for part in np.split(drawn, np.cumsum(lengths)[:-1])]


def changed(text, draw, edits=None):
    """The text but for one or two small things: a word replaced, dropped, added, swapped or mistyped; capitals and punctuation."""
    words = text.split()
    for _ in range(int(draw.integers(1, 3)) if edits is None else edits):
        at = int(draw.integers(len(words)))
        kind = draw.integers(5)
        if kind == 0:
            words[at] = str(draw.choice(SYLLABLES)) + str(draw.choice(SYLLABLES))
        elif kind == 1 and len(words) > 5:
            del words[at]
        elif kind == 2:
            words.insert(at, str(draw.choice(SYLLABLES)))
        elif kind == 3 and at + 1 < len(words):
            words[at], words[at + 1] = words[at + 1], words[at]
        else:
            words[at] = words[at][:1] + words[at]
    text = " ".join(words)
    return text.capitalize() + "!" if draw.random() < 0.5 else text


def planted(count, draw, exact, near, make=sentences, share=0.2):
    """Train texts, test texts, and test position -> train position of planted copies, exact ones and near ones."""
    texts = make(count, draw)
    cut = int(count * (1 - share))
    train, test = texts[:cut], texts[cut:]
    places = draw.permutation(len(test))[: exact + near]
    sources = draw.permutation(len(train))[: exact + near]
    for i, (place, source) in enumerate(zip(places, sources, strict=True)):
        test[place] = train[source] if i < exact else changed(train[source], draw)
    pairs = dict(zip(places.tolist(), sources.tolist(), strict=True))
    exactly = set(places[:exact].tolist())
    return (
        train,
        test,
        {p: s for p, s in pairs.items() if p in exactly},
        {p: s for p, s in pairs.items() if p not in exactly},
    )


def frame_of_texts(train, test, **more):
    """A frame with a column of texts. `more`: further text columns, name -> (train, test)."""
    sides = {"text": (train, test), **more}
    columns = tuple(Column(name, "text") for name in sides)
    parts = [
        Part(
            pa.table({name: pa.array(pair[i], pa.string()) for name, pair in sides.items()}),
            np.arange(len(pair)),
            len(pair),
        )
        for i, pair in enumerate((train, test))
    ]
    return Frame(About(columns, rows={"train": len(train), "test": len(test)}), *parts)

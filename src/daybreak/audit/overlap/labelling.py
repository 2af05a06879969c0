"""Labels beside the keys: 64 bits each, 0 where one is missing; classes that two sides write differently brought together."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from blake3 import blake3

from daybreak.audit.about import Column
from daybreak.audit.canonical import label_texts, numbers, plain, spelling
from daybreak.audit.overlap.keys import Keys
from daybreak.audit.overlap.rowhash import Bits, hashed

MOST_CLASSES = 1000  # labels whose text is kept
FEWEST_OF_CLASS, REPEATED = (
    20,
    0.5,
)  # rows of a class, and the share of them with an equal, from which it looks sampled with replacement


class Labels(NamedTuple):
    """One batch's. `classes`: hash -> canonical text, `counts`: hash -> rows; empty for numbers."""

    hashes: Bits
    classes: dict[int, str]
    counts: Counter[int]


def of(array: pa.Array, target: Column, *, as_classes: bool) -> Labels:
    """Hash labels: classes by their canonical text, values of a regression as float32."""
    if not as_classes and target.type in {"number", "integer"}:
        values = numbers(plain(array))
        named = pa.RecordBatch.from_arrays([values], [target.name])
        return Labels(
            np.where(np.isnan(values.to_numpy()), np.uint64(0), hashed(named, (target,)).coarse), {}, Counter()
        )
    encoded = label_texts(plain(array)).dictionary_encode()
    names = encoded.dictionary.to_pylist()
    hashes = [label_hash(name) for name in names]
    which = encoded.indices.fill_null(len(names)).to_numpy()
    if len(names) > MOST_CLASSES:
        return Labels(np.array([*hashes, 0], np.uint64)[which], {}, Counter())
    counts = np.bincount(which, minlength=len(names)).tolist()
    found = Counter(dict(zip(hashes, counts, strict=False)))
    return Labels(np.array([*hashes, 0], np.uint64)[which], dict(zip(hashes, names, strict=True)), found)


def label_hash(name: str) -> int:
    """64 bits of a class."""
    return int.from_bytes(blake3(name.encode()).digest(8), "little") or 1


class Respelled(NamedTuple):
    """Old hash -> new hash, of the classes that change. `says`: what was done, "" if nothing."""

    left: dict[int, int]
    right: dict[int, int]
    says: str


def respelled(left: dict[int, str], right: dict[int, str]) -> Respelled:
    """Bring the classes of two sides together; nothing is done where there are too many to be classes."""
    if not left or not right or max(len(left), len(right)) > MOST_CLASSES:
        return Respelled({}, {}, "")
    how = spelling(left.values(), right.values())
    changed = [
        {old: label_hash(rename(name)) for old, name in side.items() if rename(name) != name}
        for side, rename in ((left, how.train), (right, how.test))
    ]
    return Respelled(changed[0], changed[1], how.says)


def oversampled(counts: Counter[int], twins: Counter[int], names: dict[int, str]) -> str:
    """Of equal rows that are nearly all of one class, as if it had been sampled with replacement: what is to be said; else ""."""
    shares = {label: twins[label] / count for label, count in counts.items() if count >= FEWEST_OF_CLASS}
    if len(counts) < 2 or not shares:  # noqa: PLR2004
        return ""
    most = max(shares, key=lambda label: shares[label])
    others = sum(count for label, count in twins.items() if label != most) / (counts.total() - counts[most])
    if shares[most] < REPEATED or others > REPEATED / 10:
        return ""
    return f"{shares[most]:.0%} of the train rows of class '{names[most]}' have an equal, of the others {others:.1%}"


def relabelled(keys: Keys, changed: dict[int, int]) -> Keys:
    """Keys with these labels exchanged."""
    if not changed:
        return keys
    olds = np.array(sorted(changed), np.uint64)
    news: np.ndarray[Any, Any] = np.array([changed[int(old)] for old in olds], np.uint64)
    places = np.minimum(np.searchsorted(olds, keys.label), len(olds) - 1)
    return keys._replace(label=np.where(olds[places] == keys.label, news[places], keys.label))

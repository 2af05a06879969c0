"""How good answers are: F1 over words as SQuAD counts them, a baseline that learns nothing, and intervals over articles."""

import re
from collections import Counter

import numpy as np

LENGTHS = (1, 2, 3, 4)  # words of the baseline's answers


def words(text):
    return re.sub(r"\b(a|an|the)\b", " ", re.sub(r"[^\w\s]", "", text.lower())).split()


def f1(told, right):
    """Shared words, as SQuAD counts them."""
    told, right = words(told), words(right)
    shared = sum((Counter(told) & Counter(right)).values())
    return 2 * shared / (len(told) + len(right)) if shared else 0.0


def f1_scores(told, rows):
    return np.array([f1(one, row["answer"]) for one, row in zip(told, rows, strict=True)])


def overlap_baseline(row):
    """No learning: in the sentence that shares most with the question, the words whose neighbours do."""
    asked, counts = set(words(row["question"])), Counter(words(row["passage"]))

    def shared(text):
        return sum(1 / counts[word] for word in set(words(text)) & asked if counts[word])

    def beside(span):
        left, right = span
        around = " ".join(pieces[max(0, left - 6) : left] + pieces[right : right + 6])
        return shared(around) + 0.1 * sum(piece[0].isupper() for piece in pieces[left:right])

    def answers(left, right):
        return not set(words(" ".join(pieces[left:right]))) & asked and words(pieces[left]) and words(pieces[right - 1])

    pieces = max(re.findall(r"[^.!?]+[.!?]?", row["passage"]), key=shared).split()
    spans = [(left, left + size) for left in range(len(pieces)) for size in LENGTHS if left + size <= len(pieces)]
    left, right = max((span for span in spans if answers(*span)), key=beside, default=(0, 1))
    return " ".join(pieces[left:right])


def scores(told, rows):
    """F1 with its 95 % interval, the baseline's, and the interval of how much better the model is, over articles drawn again."""
    told, plain = f1_scores(told, rows), f1_scores(map(overlap_baseline, rows), rows)
    articles = np.array([row["article"] for row in rows])
    names, draws = np.unique(articles), np.random.default_rng(0)
    drawn = [
        np.concatenate([np.flatnonzero(articles == one) for one in draws.choice(names, len(names))])
        for _ in range(2000)
    ]
    low, high = np.percentile([told[place].mean() for place in drawn], (2.5, 97.5))
    better = np.percentile([(told - plain)[place].mean() for place in drawn], (2.5, 97.5))
    return {
        "f1": told.mean(), "f1_low": low, "f1_high": high, "exact": (told == 1).mean(), "baseline_f1": plain.mean(),
        "above_baseline_low": better[0], "above_baseline_high": better[1],
    }  # fmt: skip

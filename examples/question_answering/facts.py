"""What a reader would look at, told to the network: which words of the passage are asked for, how rare they are, which sentence they fill.

Unlike DrQA's features (Chen et al., Reading Wikipedia to Answer Open-Domain Questions, 2017, section 3.2: exact match, lemma, frequency)
these are computed inside the graph, so that training and service cannot differ. Words that training never saw (the names and numbers that
questions are about) come as several pieces: their pieces' sums are compared, for single letters stand everywhere.

Shapes: B questions, T tokens of question and passage together ([CLS] question [SEP] passage [SEP]), Q tokens of the question, F facts about
a token, V tokens of the vocabulary.
"""

import zlib

import numpy as np
import torch
from cloze import SMALL
from torch import nn
from torch.nn import functional

F, SHAPE, ENDINGS, Q = 22, 10, 64, 48
NEAR = (5, 12, 25, 45)  # tokens to either side
OFTEN = 8  # passages that have a word before it is known by itself
ROOT, KIN, UNSEEN = (
    5,
    0.8,
    4.5,
)  # letters that words of one stem share; what those are worth; rarity of a word of several pieces
ASKS = [
    set(group.split())
    for group in (
        "who whom whose", "when year date century decade", "where country city located", "why", "how", "many number",
        "much percentage percent", "what", "which", "name called named term", "did does do", "type kind types",
        "long far old large", "year", "person people group",
    )
]  # fmt: skip
SMALL_WORDS = SMALL | set("what when where how many much did does do".split())  # noqa: SIM905


def tables(tokenizer, passages):
    """What is known of each token of the vocabulary: tensors (V,) or (V, n) by name."""
    names = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda one: one[1])]
    inside, low = np.array([one.startswith("##") for one in names]), [one.removeprefix("##").lower() for one in names]
    forms = {}
    small = np.array([forms.setdefault(one.lower(), number) for number, one in enumerate(names)])
    seen = np.ones(len(names))
    for encoded in tokenizer.encode_batch(passages):
        seen[list({small[number] for number in encoded.ids})] += 1
    seen = seen[small]
    told = {
        "word": np.array([_code(one.lower()) for one in names], np.float32),
        "stem": np.array([_code(_root(one)) for one in low], np.float32) * ~inside,
        "ending": np.array([0 if one.isdigit() else 1 + _code(one[-3:]) % (ENDINGS - 1) for one in low]),
        "inside": inside.astype(np.float32),
        "shape": np.array([_shape(one) for one in names], np.float32),
        "asks": np.array([[one in group for group in ASKS] for one in low], np.float32),
        "rarity": np.log(len(passages) / seen).clip(0).astype(np.float32),
        "own": np.unique(np.where(seen > OFTEN, small, 0), return_inverse=True)[1],
    }
    return {name: torch.as_tensor(table) for name, table in told.items()}


def _code(text):
    """A number under 2 ** 16: sums of a word's are exact."""
    return zlib.crc32(text.encode()) % 65_521


def _root(text):
    return text[:ROOT] if len(text) >= ROOT else text.rstrip("s") if len(text) == ROOT - 1 else text


def _shape(token):
    inside, text = token.startswith("##"), token.removeprefix("##")
    capital, digits = text[:1].isupper() and not inside, text.isdigit()
    return (
        capital, digits, text.isalpha(), inside, digits and len(text) == 4, not text[:1].isalnum(), text in ".!?",
        len(text) <= 3, text.lower() in SMALL_WORDS, len(text) > 1 and text.isupper(),
    )  # fmt: skip


class Facts(nn.Module):
    """(B, T, F) about each token, and (B, T): the number of its sentence."""

    def __init__(self, known):
        super().__init__()
        for name in ("word", "stem", "inside", "shape", "rarity"):
            self.register_buffer(name, known[name])

    def forward(self, ids, question, passage):
        begins = 1 - self.inside[ids]
        word, stem, pieces, rarity = self.words(ids, begins)
        asked_for = (rarity * question * begins, word, stem, question)
        asked_for, *asked = (functional.pad(one, (0, Q))[:, None, :Q] for one in asked_for)
        same, alike = (
            (of[:, :, None] == one).float() * passage[:, :, None] * asked[2]
            for of, one in zip((word, stem), asked[:2], strict=True)
        )
        all_asked = asked_for.sum(2) + 1e-3
        found, kin = same.amax(2), alike.amax(2)
        worth = torch.maximum(found, KIN * kin) * rarity
        counted = worth * begins
        pairs = functional.pad((same[:, :-1, :-1] * same[:, 1:, 1:]).amax(2), (0, 1))
        near = [around(counted, reach) / all_asked * 2 for reach in NEAR]
        best_near = [one / (one.amax(1, keepdim=True) + 1e-3) for one in near[1:]]
        before = [around(counted, reach, 0) / all_asked * 2 for reach in (4, 12)]
        number = functional.pad(self.shape[ids][..., 6] * passage, (1, 0))[:, :-1].cumsum(1)
        sentence = (number[:, :, None] == number[:, None, :]).float() * passage[:, None, :] * passage[:, :, None]
        dense = (sentence @ counted[..., None])[..., 0] / all_asked
        covered = ((sentence @ torch.maximum(same, KIN * alike)).clamp(max=1) * asked_for).sum(2) / all_asked
        rank = covered / (covered.amax(1, keepdim=True) + 1e-3)
        best = (rank > 0.999).float()
        told = [found, kin, worth / 3, pairs, around(pairs * rarity, 12) / all_asked * 2, *near, *best_near, *before]
        told += [dense, covered, rank, best, (rank > 0.8).float(), rarity / 3, (pieces > 1).float()]
        return torch.stack([*told, around(best, 30, 0).clamp(max=1)], -1), number

    def words(self, ids, begins):
        """(B, T) each, of the word that a token is of: its number, its stem's, how many pieces it has, how rare it is."""
        place = begins.cumsum(1)
        one_word = (place[:, :, None] == place[:, None, :]).float()
        parts = torch.stack([self.word[ids], self.stem[ids], torch.ones_like(begins), self.rarity[ids]], -1)
        word, stem, pieces, rarity = (one_word @ parts).unbind(-1)
        return word, stem, pieces, torch.where(pieces > 1, torch.full_like(rarity, UNSEEN), rarity)


def around(values, reach, right=None):
    """Sums over `reach` tokens to the left and as many, or `right`, to the right."""
    length, right = values.shape[1], reach if right is None else right
    before = functional.pad(values, (reach + 1, 0)).cumsum(1)[:, :length]
    return functional.pad(values, (0, right)).cumsum(1)[:, right:] - before

"""A small extractive reader: where in a passage does the answer to a question begin and end?

With under a thousand questions nothing can be learnt of the world, so the network is told what a reader would look at: which tokens stand
in the question, too, how rare they are, how much of the question each sentence covers; and what a token looks like (a capital, a year,
a number). All of that is computed inside the graph, so that training and service cannot differ.

Shapes: B questions, T tokens of question and passage together ([CLS] question [SEP] passage [SEP]), D channels, F facts about a token.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

D, EMBEDDED, SHAPE, F = 48, 24, 8, 15
SPECIAL = 3  # numbers up to this one are [PAD], [UNK], [CLS], [SEP]
FAR = -1e4
NEAR = (5, 12, 25, 45)  # tokens to either side


def tables(tokenizer, passages):
    """Of each token of the vocabulary: the number of its small form (V,), what it looks like (V, SHAPE), how rare it is (V,)."""
    names = {number: token for token, number in tokenizer.get_vocab().items()}
    small, shapes, forms = np.arange(len(names)), np.zeros((len(names), SHAPE), np.float32), {}
    for number, token in names.items():
        inside, text = token.startswith("##"), token.removeprefix("##")
        small[number] = forms.setdefault((inside, text.lower()), number)
        capital, digits = text[:1].isupper() and not inside, text.isdigit()
        year = digits and len(text) == 4
        shapes[number] = (
            capital, digits, text.isalpha(), inside, year, not text[:1].isalnum(), text in ".!?", len(text) <= 3
        )  # fmt: skip
    seen = np.ones(len(names))
    for encoded in tokenizer.encode_batch(passages):
        seen[list({small[number] for number in encoded.ids})] += 1
    rarity = np.log(len(passages) / seen).clip(0)[small]
    return torch.tensor(small), torch.tensor(shapes), torch.tensor(rarity, dtype=torch.float32)


class Block(nn.Module):
    """A gated convolution over five tokens, `step` apart, as one matrix product."""

    def __init__(self, step):
        super().__init__()
        self.step, self.norm, self.mix = step, nn.LayerNorm(D), nn.Linear(5 * D, 2 * D)

    def forward(self, x_BTD, real_BT1):
        padded = functional.pad(self.norm(x_BTD) * real_BT1, (0, 0, 2 * self.step, 2 * self.step))
        shifted = [padded[:, place * self.step : place * self.step + x_BTD.shape[1]] for place in range(5)]
        return x_BTD + functional.glu(self.mix(torch.cat(shifted, -1)), -1)


class Reader(nn.Module):
    """Logits (B, T) of where the answer starts and ends."""

    def __init__(self, small, shapes, rarity, dropout=0.3):
        super().__init__()
        for name, table in (("small", small), ("shapes", shapes), ("rarity", rarity)):
            self.register_buffer(name, table)
        self.words = nn.Embedding(len(small), EMBEDDED, padding_idx=0)
        nn.init.normal_(self.words.weight, 0, 0.3)
        self.enter, self.side = nn.Linear(EMBEDDED + SHAPE + F, D), nn.Embedding(2, D)
        self.alone = nn.ModuleList(map(Block, (1, 2)))
        self.seek, self.asked, self.join = nn.Linear(D, D), nn.Linear(D, 1), nn.Linear(4 * D + F, D)
        self.together = nn.ModuleList(map(Block, (1, 2, 4, 8)))
        self.start, self.end, self.dropout = nn.Linear(D, D), nn.Linear(2 * D, D), dropout

    def drop(self, x, share=1.0):
        return functional.dropout(x, self.dropout * share, self.training)

    def forward(self, ids, types):
        real = (ids > 0).float()[..., None]
        question, passage = ((types == side).float() * (ids > SPECIAL).float() for side in (0, 1))
        facts = self.facts(ids, question, passage)
        x = self.enter(torch.cat([self.drop(self.words(ids)), self.shapes[ids], facts], -1)) + self.side(types)
        for block in self.alone:
            x = self.drop(block(x, real), 0.5)
        weights = (self.seek(x) @ x.transpose(1, 2) / math.sqrt(D)).masked_fill(question[:, None] == 0, FAR).softmax(-1)
        alike = weights @ x  # of each token what in the question is most like it
        whole = self.asked(x)[..., 0].masked_fill(question == 0, FAR).softmax(-1)[:, None] @ x
        y = self.join(torch.cat([x, alike, x * alike, x * whole, facts], -1))
        for block in self.together:
            y = self.drop(block(y, real), 0.5)
        outside = (1 - passage) * FAR
        start = (self.start(y) * whole).sum(-1) / math.sqrt(D) + outside
        begun = (start.softmax(-1)[:, None] @ y).expand(-1, y.shape[1], -1)
        end = (self.end(torch.cat([y, begun], -1)) * whole).sum(-1) / math.sqrt(D) + outside
        return {"start": start, "end": end}

    def facts(self, ids, question, passage):
        """(B, T, F) of each token of the passage: is it asked for, how much of what is asked for stands around it?"""
        small, rarity = self.small[ids], self.rarity[ids]
        same = (small[:, :, None] == small[:, None, :]).float() * passage[:, :, None] * question[:, None, :]
        all_asked = (question * rarity).sum(1, keepdim=True) + 1e-3
        found = same.amax(2)
        worth = found * rarity
        pairs = functional.pad((same[:, :-1, :-1] * same[:, 1:, 1:]).amax(2), (0, 1))
        near = [around(worth, reach) / all_asked * 2 for reach in NEAR]
        best_near = [one / (one.amax(1, keepdim=True) + 1e-3) for one in near[1:]]
        number = functional.pad(self.shapes[ids][..., 6] * passage, (1, 0))[:, :-1].cumsum(1)  # of its sentence
        one_sentence = (number[:, :, None] == number[:, None, :]).float() * passage[:, None, :] * passage[:, :, None]
        dense = (one_sentence @ worth[..., None])[..., 0] / all_asked
        covered = ((one_sentence @ same).clamp(max=1) * (question * rarity)[:, None]).sum(2) / all_asked
        rank = covered / (covered.amax(1, keepdim=True) + 1e-3)
        told = [found, worth / 3, pairs, around(pairs * rarity, 12) / all_asked * 2, *near, *best_near]
        return torch.stack([*told, dense, covered, rank, (rank > 0.999).float()], -1)


def around(values, reach):
    """Sums over `reach` tokens to either side."""
    length = values.shape[1]
    before = functional.pad(values, (reach + 1, 0)).cumsum(1)[:, :length]
    return functional.pad(values, (0, reach)).cumsum(1)[:, reach:] - before

"""A small extractive reader: which words of a passage answer a question?

With under a thousand questions nothing can be learnt of the world: words that stand in few passages have no vector of their own, only an
ending, a shape and the facts of `facts.py`. Whole spans are scored, rather than their two ends apart (Lee et al., Learning Recurrent Span
Representations for Extractive Question Answering, 2016), so that what is trained is what is judged: the F1 to be expected.

Shapes: B questions, T tokens of question and passage together, D channels, H hidden units, L tokens of a span at most.
"""

import math

import torch
from facts import ASKS, ENDINGS, SHAPE, F, Facts
from torch import nn
from torch.nn import functional

D, H, L = 48, 32, 16
WORD, ENDING = 16, 8  # channels of a word and of its ending
SPECIAL = 3  # numbers up to this one are [PAD], [UNK], [CLS], [SEP]
FAR = -1e4


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
    """Logits (B, T) of where the best answer starts, and where the one that starts there ends. `known`: of `facts.tables`."""

    def __init__(self, known, dropout=0.3):
        super().__init__()
        for name in ("own", "ending", "asks", "shape", "inside"):
            self.register_buffer(name, known[name])
        self.facts, self.dropout = Facts(known), dropout
        self.words, self.endings = nn.Embedding(int(known["own"].max()) + 1, WORD), nn.Embedding(ENDINGS, ENDING)
        for table in (self.words, self.endings):
            nn.init.normal_(table.weight, 0, 0.3)
        self.enter, self.side = nn.Linear(WORD + ENDING + SHAPE + F, D), nn.Embedding(2, D)
        self.kind, self.alone = nn.Linear(len(ASKS), D), Block(1)
        self.seek, self.asked, self.join = nn.Linear(D, D), nn.Linear(D, 1), nn.Linear(4 * D + F, D)
        self.together = nn.ModuleList(map(Block, (1, 2, 4)))
        self.first, self.last, self.within = (nn.Linear(D, H) for _ in range(3))
        self.long, self.wanted, self.score = nn.Embedding(L, H), nn.Linear(D + len(ASKS), H), nn.Linear(H, 1)

    def drop(self, x, share=1.0):
        return functional.dropout(x, self.dropout * share, self.training)

    def forward(self, ids, types):
        spans = self.spans(ids, types)
        start = spans.amax(2)
        best = start.argmax(1)[:, None]
        places = torch.arange(start.shape[1])
        further = (places == best).to(spans.dtype)[:, None] @ spans  # (B, 1, L)
        reached = places[:, None] - best[..., None] == torch.arange(L)
        return {"start": start, "end": torch.where(reached, further, FAR).amax(2)}

    def spans(self, ids, types):
        """(B, T, L): how good is the span that starts at a token and ends so many further on?"""
        real = (ids > 0).float()[..., None]
        question, passage = ((types == side).float() * (ids > SPECIAL).float() for side in (0, 1))
        facts, sentence = self.facts(ids, question, passage)
        kind = (self.asks[ids] * question[..., None]).amax(1)
        looks = [self.drop(self.words(self.own[ids])), self.drop(self.endings(self.ending[ids])), self.shape[ids]]
        x = self.enter(torch.cat([*looks, facts], -1)) + self.side(types) + self.kind(kind)[:, None]
        x = self.drop(self.alone(x, real), 0.5)
        weights = (self.seek(x) @ x.transpose(1, 2) / math.sqrt(D)).masked_fill(question[:, None] == 0, FAR).softmax(-1)
        alike = weights @ x  # of each token what in the question is most like it
        whole = self.asked(x)[..., 0].masked_fill(question == 0, FAR).softmax(-1)[:, None] @ x
        y = self.join(torch.cat([x, alike, x * alike, x * whole, facts], -1))
        for block in self.together:
            y = self.drop(block(y, real), 0.5)
        begins = passage * (1 - self.inside[ids])
        ends = passage * (1 - functional.pad(self.inside[ids], (0, 1))[:, 1:])
        return self.scored(y, self.wanted(torch.cat([whole[:, 0], kind], -1)), begins, ends, sentence)

    def scored(self, y, wanted, begins, ends, sentence):
        """Spans by their first token, last token, what lies within, their length and what is asked for; whole words of one sentence."""
        length = y.shape[1]
        sums = functional.pad(self.within(y).cumsum(1), (0, 0, 1, L))
        first, last = self.first(y) + wanted[:, None], functional.pad(self.last(y), (0, 0, 0, L))
        ends, beyond = functional.pad(ends, (0, L)), functional.pad(sentence, (0, L), value=-1.0)
        told = []
        for further in range(L):
            to = slice(further, further + length)
            within = (sums[:, further + 1 : further + 1 + length] - sums[:, :length]) / math.sqrt(further + 1)
            hidden = functional.gelu(first + last[:, to] + within + self.long.weight[further])
            allowed = begins * ends[:, to] * (beyond[:, to] == sentence)
            told.append(self.score(self.drop(hidden, 0.5))[..., 0] + (1 - allowed) * FAR)
        return torch.stack(told, 2)


def loss(spans, first, last, risk=0.5):
    """Cross-entropy of the right span, and minus the logarithm of the F1 (in tokens) to be expected."""
    rows, length, _ = spans.shape
    log_share = spans.reshape(rows, -1).log_softmax(-1)
    left = torch.arange(length)[:, None]
    right = left + torch.arange(L)
    first_, last_ = first[:, None, None], last[:, None, None]
    shared = (torch.minimum(right, last_) - torch.maximum(left, first_) + 1).clamp(min=0)
    f1 = 2 * shared / (right - left + last_ - first_ + 2)
    expected = (log_share.exp() * f1.reshape(rows, -1)).sum(-1)
    place = first * L + (last - first).clamp(max=L - 1)
    told = log_share[torch.arange(rows), place].clamp(min=-20)  # an answer longer than L has no span
    return -(risk * (expected + 1e-3).log() + (1 - risk) * told).mean()

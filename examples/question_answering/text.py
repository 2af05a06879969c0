"""Rows of questions as numbers: word pieces of the training text, and where among them an answer lies."""

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

LONGEST = 300  # tokens of question and passage together
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS, PARTS, SIZES = 20_000, 1500, (2, 3, 4, 5)  # whole words, beginnings and ends of words, their letters


def read(file):
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]


def tokenizer_of(rows):
    """Word pieces of the training text; names keep their capitals. Counted here, for a trained vocabulary differs from run to run."""
    texts = sorted({row["passage"] for row in rows}) + [row["question"] for row in rows]
    cut = pre_tokenizers.BertPreTokenizer()
    words = Counter(word for text in texts for word, _ in cut.pre_tokenize_str(text))
    parts = Counter()
    for word, count in words.items():
        for size in SIZES:
            if len(word) > size:
                parts[word[:size]] += count
                parts[f"##{word[-size:]}"] += count
    letters = sorted({letter for word in words for letter in word})
    common = [*_most(words, WORDS), *_most(parts, PARTS)]
    vocabulary = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *common]
    made = Tokenizer(
        models.WordPiece({piece: place for place, piece in enumerate(dict.fromkeys(vocabulary))}, unk_token="[UNK]")
    )
    made.normalizer, made.pre_tokenizer = normalizers.NFC(), cut
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.add_special_tokens(SPECIAL)
    return made


def _most(counts, size):
    """The most frequent; equal ones by name."""
    return sorted(counts, key=lambda one: (-counts[one], one))[:size]


def shortened(row, chance, spared=2, forgotten=0.1, whole=0.1):
    """(question, passage, start, answer) without some words of the question and some sentences that do not answer: other each time."""
    words = row["question"].split()
    asked = " ".join(word for place, word in enumerate(words) if place < spared or chance.random() > forgotten)
    passage, start, answer = row["passage"], row["start"], row["answer"]
    if chance.random() < whole:
        return asked, passage, start, answer
    left_out, kept, begins = 0.2 + 0.6 * chance.random(), "", 0
    cuts = [0, *(end.end() for end in re.finditer(r"[.!?]\s", passage)), len(passage)]
    for left, right in pairwise(cuts):
        if left <= start < right:
            begins = len(kept) + start - left
        if (left < start + len(answer) and right > start) or chance.random() > left_out:
            kept += passage[left:right]
    return asked, kept, begins, answer


def encoded(tokenizer, asked, passage, start, answer):
    """(ids, types, first token, last token) of the answer; None where it lies beyond the longest."""
    found = tokenizer.encode(asked, passage)
    inside = [
        place for place, (side, (left, right)) in enumerate(zip(found.type_ids, found.offsets, strict=True))
        if side == 1 and left < right and left < start + len(answer) and right > start
    ]  # fmt: skip
    if not inside or inside[-1] >= LONGEST:
        return None
    return found.ids[:LONGEST], found.type_ids[:LONGEST], inside[0], inside[-1]


def batch(rows):
    """Tensors (B, T), (B, T), (B,), (B,)."""
    longest = max(len(row[0]) for row in rows)
    padded = [torch.tensor([row[part] + [0] * (longest - len(row[0])) for row in rows]) for part in (0, 1)]
    return *padded, torch.tensor([row[2] for row in rows]), torch.tensor([row[3] for row in rows])

"""Rows of questions as numbers: word pieces learnt from the training text, and where among them an answer lies."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

LONGEST = 300  # tokens of question and passage together


def read(file):
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]


def tokenizer_of(rows):
    """Word pieces, learnt from the training text; names keep their capitals."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.NFC(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    texts = sorted({row["passage"] for row in rows}) + [row["question"] for row in rows]
    made.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=8000, special_tokens=special, show_progress=False)
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


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

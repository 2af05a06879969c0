"""Texts by a tokenizer of Hugging Face's library: pairs, windows, and where tokens stand."""

import numpy as np
import pytest

from daybreak.inference.steps import Context, making
from daybreak.registry.package import Step
from daybreak.signature.columns import objects
from daybreak.signature.fields import Field, Output, Signature

tokenizers = pytest.importorskip("tokenizers", reason="the tokenizers library is not installed")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "who", "came", "the", "old", "king", "in", "winter"]
INPUTS = dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), (np.int64, (None, None)))


def file():
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    special = [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=special
    )
    return made.to_str().encode()


def fed(columns, **options):
    signature = Signature(tuple(Field(name, "text") for name in columns), (Output("answer", "span", of="passage"),))
    context = Context(signature, INPUTS, ("start", "end"), {"tokenizer.json": file()}.__getitem__, lambda: None)
    feeds = {}
    step = Step("tokenize", {"fields": list(columns), "tokenizer": "tokenizer.json", **options})
    making.before([step], context)[0]({name: objects(texts) for name, texts in columns.items()}, feeds)
    return feeds


def test_texts_are_padded_to_the_longest():
    feeds = fed({"text": ["the old king", "who"]})
    assert feeds["input_ids"].tolist() == [[2, 6, 7, 8, 3], [2, 4, 3, 0, 0]]
    assert feeds["attention_mask"].tolist() == [[1] * 5, [1, 1, 1, 0, 0]]


def test_offsets_are_characters_of_the_passage_alone():
    feeds = fed({"question": ["who came"], "passage": ["the old king"]})
    assert feeds["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]
    assert feeds["tokens.offsets"][0].tolist() == [[0, 0]] * 4 + [[0, 3], [4, 7], [8, 12], [0, 0]]


def test_a_long_passage_becomes_windows_that_share_tokens():
    feeds = fed(
        {"question": ["who came"] * 2, "passage": ["the old king came in winter", "the king"]}, length=9, stride=1
    )
    assert feeds["tokens.rows"].tolist() == [0, 0, 1]
    assert feeds["tokens.offsets"][1, 4].tolist() == [13, 17], "the token that both windows hold"
    assert feeds["input_ids"].shape == (3, 9)


def test_a_text_that_is_too_long_is_cut_without_windows():
    assert fed({"text": ["the old king came in winter"]}, length=4)["input_ids"].tolist() == [[2, 6, 7, 3]]

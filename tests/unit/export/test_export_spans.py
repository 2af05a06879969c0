"""A network with two outputs between declared steps: which part of a passage answers a question."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("tokenizers")
import tokenizers
import torch
from torch import nn

from daybreak.export.exporting import export
from daybreak.export.samples import Samples
from daybreak.inference.loading import load
from daybreak.registry.package import Package, Step, seal
from daybreak.signature.columns import objects
from daybreak.signature.fields import Field, Output, Signature, Span

pytestmark = pytest.mark.xdist_group("export")  # one process traces, which has loaded torch and its exporter

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "who", "when", "came", "the", "king", "smith", "in", "winter"]
ANSWERS = {"who": ("king", "smith"), "when": ("winter",)}
ASKED = {
    "question": ["who came", "when came", "who came"] * 4,
    "passage": ["the king came in winter", "the king came in winter", "in winter came the old smith"] * 4,
}
RIGHT = ["king", "winter", "smith"] * 4


class Reader(nn.Module):
    """A token begins and ends the answer where its word answers the question's."""

    def __init__(self):
        super().__init__()
        fits = torch.zeros(len(WORDS), len(WORDS))
        for asked, answers in ANSWERS.items():
            fits[WORDS.index(asked), [WORDS.index(answer) for answer in answers]] = 9.0
        self.fits = nn.Parameter(fits)

    def forward(self, ids, mask):
        """(rows, tokens) twice: `ids` holds [CLS] and the question's first word in front."""
        scores = self.fits[ids[:, 1:2], ids] * mask
        return {"start": scores, "end": scores * 2}


@pytest.fixture
def assets(tmp_path):
    """A folder with the tokenizer's file."""
    words = {word: place for place, word in enumerate(WORDS)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder = tmp_path / "held"
    folder.mkdir()
    made.save(str(folder / "tokenizer.json"))
    return folder


def test_a_reader_is_exported_with_its_tokenizer_and_tells_spans(assets, tmp_path):
    signature = Signature(
        (Field("question", "text"), Field("passage", "text")), (Output("answer", "span", of="passage"),)
    )
    tokenize = {
        "fields": ["question", "passage"],
        "tokenizer": "assets/tokenizer.json",
        "to": {"ids": "ids", "mask": "mask"},
    }
    samples = Samples(
        {name: objects(texts) for name, texts in ASKED.items()},
        RIGHT,
        before=(Step("tokenize", tokenize),),
        after=(Step("span", {"start": "start", "end": "end", "to": "answer"}),),
        assets=assets,
    )
    folder = tmp_path / "package"
    exported = export(Reader(), samples, folder, signature=signature)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.signature == signature
    assert exported.metrics == {"f1": 1.0, "exact": 1.0}
    made = Package("reader", 1, 0.0, exported.signature, exported.runtime, exported.before, exported.after)
    seal(folder, made)
    model = load(folder)
    asked = {"question": objects(["when came"]), "passage": objects(["the old king came in the winter"])}
    (told,) = model.predict(asked)["answer"]
    assert told == Span("winter", 25, 31, told.score)
    assert np.isfinite(told.score)

"""A folder of Hugging Face: tokenizer, network and task become one package."""

import numpy as np
import pytest

pytest.importorskip("onnxscript")
pytest.importorskip("torch")
pytest.importorskip("transformers")

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.export.exporting import export
from daybreak.export.samples import Samples
from daybreak.signature.fields import Span

pytestmark = pytest.mark.xdist_group("export")  # with the others that trace by torch

PASSAGE = (
    "the battle of hastings was fought on 14 october 1066 between the norman french army of william and an english army"
)
QUESTIONS = ("when was the battle", "who fought", "which battle was fought on 14 october 1066", "whose army")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Question answering by two layers that learnt nothing: export need not be right, only alike."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import DistilBertConfig, DistilBertForQuestionAnswering, PreTrainedTokenizerFast
    from transformers.utils import logging

    torch.set_num_threads(1)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted({*PASSAGE.split(), "who", "when", "which", "whose"})]
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=24,
        model_input_names=["input_ids", "attention_mask"],
    )
    config = DistilBertConfig(
        vocab_size=len(words), dim=16, n_layers=1, n_heads=2, hidden_dim=32, max_position_embeddings=24
    )
    logging.disable_progress_bar()
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("hub")
    DistilBertForQuestionAnswering(config).save_pretrained(made)
    fast.save_pretrained(made)
    return made


def test_question_answering_is_exported_with_its_tokenizer_and_spans(folder, tmp_path):
    """The passage is longer than the network's 24 tokens, so it goes through in windows."""
    place = PASSAGE.index("14 october 1066")
    right = Span("14 october 1066", place, place + 15, 1.0)
    inputs = {"question": [*QUESTIONS] * 3, "passage": [PASSAGE] * 12}
    exported = export(folder, Samples(inputs, [right] * 12, output="answer"), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert [step.name for step in (*exported.before, *exported.after)] == ["tokenize", "span"]
    assert [field.kind for field in exported.signature.inputs] == ["text", "text"]
    assert (exported.signature.outputs[0].kind, exported.signature.outputs[0].of) == ("span", "passage")
    assert set(exported.metrics) == {"f1", "exact"}
    assert (tmp_path / "assets" / "tokenizer.json").exists()
    with pytest.raises(UsageError, match="a question and a passage, in this order"):
        export(folder, Samples(np.array([PASSAGE], object)), tmp_path / "again")


def test_a_folder_of_something_else_is_told(tmp_path):
    with pytest.raises(DamagedFile, match="no folder of Hugging Face"):
        export(tmp_path, Samples([PASSAGE]), tmp_path / "package")

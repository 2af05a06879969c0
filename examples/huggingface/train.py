"""Film reviews with a Hugging Face Trainer: a small BERT, begun from nothing, says whether a sentence is kind.

Data: train.tsv and dev.tsv of SST-2, `text<TAB>0 or 1`, in the folder DAYBREAK_SST2; where there is none, sentences are made up.
On the platform:  daybreak run examples/huggingface/huggingface.yaml
Alone:            python examples/huggingface/train.py --lr 1e-3 --epochs 2
"""

import os
import zlib
from itertools import product
from pathlib import Path

from transformers import BertConfig, BertForSequenceClassification, PrinterCallback, Trainer, TrainingArguments

import daybreak
from daybreak.train.adapters.huggingface import DaybreakCallback

FOLDER = Path(os.environ.get("DAYBREAK_SST2", Path(__file__).parents[3] / "shared/data/sst2"))
WORDS, LENGTH = 4096, 32  # words are told apart by a hash: no vocabulary to download


def sentences(name):
    """Pairs of a text and a label."""
    if (file := FOLDER / f"{name}.tsv").exists():
        return [line.rsplit("\t", 1) for line in file.read_text(encoding="utf-8").splitlines()]
    things, verbs = ("film", "story", "cast", "music", "script", "end"), ("is", "was", "seems", "remains")
    hows = ("very", "rather", "quite", "never less than", "always")
    kinds = {"1": ("fine", "moving", "clever", "warm", "bright"), "0": ("dull", "clumsy", "cold", "hollow", "loud")}
    made = [
        (f"the {thing} {verb} {how} {word}", label)
        for label, words in kinds.items() for thing, verb, how, word in product(things, verbs, hows, words)
    ]  # fmt: skip
    return made[::7] if name == "dev" else [pair for number, pair in enumerate(made) if number % 7]


def encode(text):
    ids = [2 + zlib.crc32(word.encode()) % (WORDS - 2) for word in text.split()[: LENGTH - 1]]
    padding = [0] * (LENGTH - 1 - len(ids))
    return {"input_ids": [1, *ids, *padding], "attention_mask": [1] * (1 + len(ids)) + padding}


def prepare():
    """Runs once; every trial shares it."""
    return {
        name: [{**encode(text), "labels": int(label)} for text, label in sentences(name)] for name in ("train", "dev")
    }


def main(run):
    p = run.params
    config = BertConfig(
        vocab_size=WORDS, hidden_size=p.width, num_hidden_layers=2, num_attention_heads=4, intermediate_size=2 * p.width,
        max_position_embeddings=LENGTH, hidden_dropout_prob=p.dropout, num_labels=2,
    )  # fmt: skip
    arguments = TrainingArguments(
        output_dir=str(run.scratch / "trainer"), num_train_epochs=9, per_device_train_batch_size=p.batch,
        per_device_eval_batch_size=256, learning_rate=p.lr, weight_decay=p.weight_decay, warmup_steps=20, seed=run.seed,
        eval_strategy="epoch", logging_strategy="epoch", save_strategy="no", report_to="none", disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    callback = DaybreakCallback(run)
    trainer = Trainer(
        BertForSequenceClassification(config), arguments, callbacks=[callback],
        train_dataset=run.prepared["train"], eval_dataset=run.prepared["dev"],
        compute_metrics=lambda seen: {"accuracy": (seen.predictions.argmax(1) == seen.label_ids).mean()},
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    callback.train(trainer)


if __name__ == "__main__":
    daybreak.run(main, lr=1e-3, width=64, dropout=0.1, weight_decay=0.01, batch=64)

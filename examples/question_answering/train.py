"""Question answering: a passage and a question in, a part of the passage out. A small reader, from nothing, in minutes on two cores.

Data:    python make_data.py              (XQuAD, split by article)
Search:  daybreak run qa.yaml
Score:   daybreak model score 1 train:final

The first units pre-train on text without labels (`cloze.py`), the others fine-tune on 800 questions, with other sentences and words left
out each time. What is judged and served is the moving average of the weights, for with so little data the weights themselves jump about.
"""

import random

import torch
from cloze import question, sentences
from facts import tables
from network import L, Reader, loss
from scoring import f1_scores, scores
from text import batch, encoded, read, shortened, tokenizer_of

import daybreak
from daybreak import Field, Output, Signature, Step

PRETRAIN, UNITS, STEPS, BATCH = 2, 4, 300, 16  # units, units, steps a unit, rows
AVERAGE, MIXED = 0.995, 0.15  # of the weights; share of unlabelled rows while fine-tuning
VALID = 4  # articles, the last of train
SPAN = {"start": "start", "end": "end", "to": "answer", "longest": L}
SIGNATURE = Signature(
    inputs=(Field("passage", "text", description="a paragraph or so"), Field("question", "text")),
    outputs=(Output("answer", "span", of="passage"),),
)
BEFORE = [
    Step(
        "tokenize",
        {
            "fields": ["question", "passage"],
            "tokenizer": "assets/tokenizer.json",
            "to": {"ids": "ids", "types": "types"},
        },
    )
]


def clozes(text, tokenizer, random_):
    while True:
        made = question(*random_.choice(text), random_)
        if made and (row := encoded(tokenizer, *made)):
            yield row


def questions(rows, tokenizer, random_):
    while True:
        if row := encoded(tokenizer, *shortened(random_.choice(rows), random_)):
            yield row


@torch.no_grad()
def answers(model, tokenizer, rows):
    """The best part of each passage, as the served model chooses it."""
    told = []
    for row in rows:
        found = tokenizer.encode(row["question"], row["passage"])
        logits = model(torch.tensor([found.ids]), torch.tensor([found.type_ids]))
        left, right = (int(logits[name].argmax()) for name in ("start", "end"))
        told.append(row["passage"][found.offsets[left][0] : found.offsets[right][1]])
    return told


def built(run):
    """Everything that is kept, and the rows that train and judge."""
    rows = read(run.data["train"])
    articles = sorted({row["article"] for row in rows})[-VALID:]
    train, valid = [r for r in rows if r["article"] not in articles], [r for r in rows if r["article"] in articles]
    tokenizer = tokenizer_of(train)
    known = tables(tokenizer, sorted({row["passage"] for row in train}))
    model, average = Reader(known, run.params.dropout), Reader(known)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=run.params.lr, weight_decay=0.01)
    run.keep(model=model, average=average, optimizer=optimizer)
    return train, valid, tokenizer, model, average.eval(), optimizer


def main(run):
    train, valid, tokenizer, model, average, optimizer = built(run)
    text = list(sentences(sorted({row["passage"] for row in train})))
    for unit in run.epochs(UNITS):
        chance = random.Random(run.seed_for("rows", unit))
        made, asked = clozes(text, tokenizer, chance), questions(train, tokenizer, chance)
        total, done = (PRETRAIN, unit) if unit < PRETRAIN else (UNITS - PRETRAIN, unit - PRETRAIN)
        for step in range(STEPS):
            share = (done + step / STEPS) / total
            for group in optimizer.param_groups:
                group["lr"] = run.params.lr * min(1, 0.01 + 10 * share) * (1 - 0.9 * share)
            unlabelled = 1 if unit < PRETRAIN else MIXED
            ids, types, first, last = batch(
                [next(made if chance.random() < unlabelled else asked) for _ in range(BATCH)]
            )
            cost = loss(model.train().spans(ids, types), first, last)
            optimizer.zero_grad()
            cost.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            with torch.no_grad():
                for kept, new in zip(average.parameters(), model.parameters(), strict=True):
                    kept.lerp_(new, 1 - AVERAGE)
        run.report(f1=f1_scores(answers(average, tokenizer, valid), valid).mean(), loss=cost)

    assets = run.scratch / "assets"
    assets.mkdir(exist_ok=True)
    tokenizer.save(str(assets / "tokenizer.json"))
    inputs = {name: [row[name] for row in valid] for name in ("passage", "question")}
    run.ship(
        average,
        inputs,
        [row["answer"] for row in valid],
        signature=SIGNATURE,
        before=BEFORE,
        after=[Step("span", SPAN)],
        assets=assets,
        reported="f1",
    )


def final(run):
    """The sealed articles, once: daybreak model score 1 train:final"""
    _, _, tokenizer, _, average, _ = built(run)
    for _ in run.epochs(0):
        pass
    run.score_test(lambda file: scores(answers(average, tokenizer, rows := read(file)), rows))


if __name__ == "__main__":
    daybreak.run(main, lr=2e-3, dropout=0.3)

"""A program that trains over logical shards, as a user would: `python trainings.py --kind cnn --epochs 3 --checkpoint FOLDER`.

Under RANK and WORLD_SIZE it is one of several workers. Prints, on rank 0, the SHA-256 of all that was learnt. Several trainings, one after
another in the same processes, are parted by the word `then`.
"""

import hashlib
import os
import signal
import sys

import torch
from torch import nn

import daybreak
from daybreak.train.codec import encode
from daybreak.train.shards import buckets

ROWS, BATCH = 96, 32


class Tiny(nn.Module):
    """A transformer of one layer over sequences of 8 tokens."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(16, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.head = nn.Linear(16, 16)

    def forward(self, tokens):  # (B, T)
        return self.head(self.layer(self.embed(tokens)).mean(1))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, 16),
    )  # fmt: skip


def data(kind):
    generator = torch.Generator().manual_seed(3)
    x = {"cnn": lambda: torch.randn(ROWS, 1, 8, 8, generator=generator),
         "transformer": lambda: torch.randint(0, 16, (ROWS, 8), generator=generator)}[kind]()  # fmt: skip
    return x, torch.randint(0, 16, (ROWS,), generator=generator)


def augmented(x):
    """Drawn from torch's own generator, as user code does."""
    return x if x.dtype == torch.int64 else torch.roll(x, int(torch.randint(0, 3, ())), 3) + 0.1 * torch.randn_like(x)


def build(p):
    model = Tiny() if p.kind == "transformer" else cnn()
    make = {
        "sgd": lambda w: torch.optim.SGD(w, lr=0.05, momentum=0.9),
        "adamw": lambda w: torch.optim.AdamW(w, lr=0.01),
    }
    return model, make[p.optimizer](model.parameters())


def die(run, step):
    """At one step of one rank, by SIGKILL."""
    if run.params.kill == f"{run.rank}:{step}":
        os.kill(os.getpid(), signal.SIGKILL)


def part(rows, run, own):
    """The whole batch, or this worker's rows of it, as a loader would read them."""
    return rows.chunk(run.world_size)[run.rank] if own else rows


def main(run):
    p, (x, y) = run.params, data(run.params.kind)
    buckets.LARGEST = p.bucket  # bytes: small models have many, too
    model, optimizer = build(p)
    trainer = daybreak.sharded(
        model, shards=p.shards, run=run, accumulate=p.accumulate, overlap=p.overlap, exact=p.exact
    )
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**p.scale, growth_interval=4) if p.scale else None
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 8)
    run.keep(model=model, optimizer=optimizer, schedule=schedule, trainer=trainer)
    if scaler:
        run.keep(scaler=scaler)

    def loss_of(rows):
        with torch.autocast("cpu", dtype=getattr(torch, p.precision), enabled=p.precision != "float32"):
            return nn.functional.cross_entropy(trainer.model(augmented(x[rows])), y[rows])

    for _ in run.epochs(3):
        trainer.train()
        for number, rows in enumerate(torch.randperm(ROWS).split(BATCH)):
            loss = trainer.step(loss_of, part(rows, run, p.own), own=p.own, scaler=scaler)
            die(run, trainer.steps)
            if number % p.every < p.every - 1:
                continue  # gradients of several batches are added up
            if scaler:
                scaler.unscale_(optimizer)
            if p.clip:
                nn.utils.clip_grad_norm_(model.parameters(), p.clip)
            scaler.step(optimizer) if scaler else optimizer.step()
            if scaler:
                scaler.update()
            optimizer.zero_grad()
        schedule.step()
        trainer.eval()
        with torch.no_grad():
            run.report(loss=loss, accuracy=(model(x).argmax(1) == y).float().mean())
    trainer.settle()
    learnt = [model.state_dict(), optimizer.state_dict(), trainer.state_dict(), scaler and scaler.state_dict()]
    if run.rank == 0:
        print("sha256", hashlib.sha256(b"".join(map(bytes, encode(learnt).chunks()))).hexdigest(), flush=True)


if __name__ == "__main__":
    words = " ".join(sys.argv[1:]).split(" then ")
    for training in words:
        sys.argv[1:] = training.split()
        daybreak.run(
            main, kind="cnn", shards=4, optimizer="adamw", accumulate=1, every=1, clip=0.0, precision="float32", scale=0,
            overlap=True, exact=True, own=False, bucket=2**22, kill="",
        )  # fmt: skip
        if torch.distributed.is_initialized():
            torch.distributed.barrier()  # rank 0 has saved when the others look for a checkpoint

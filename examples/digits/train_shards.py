"""Handwritten digits on 1, 2, 4 or 8 workers, to the same bits: a small CNN with BatchNorm, dropout and augmentation.

Several slots a trial:  daybreak run examples/digits/digits_shards.yaml --slots 4
Several workers alone:  torchrun --nproc-per-node 4 examples/digits/train_shards.py
Alone:                  python examples/digits/train_shards.py --lr 0.01 --epochs 3
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import daybreak


def prepare():
    """Runs once; every trial shares what it returns. Shapes: x is (rows, 1, 8, 8), y is (rows,)."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels)
    x_train, x_valid, y_train, y_valid = map(torch.tensor, parts)
    return x_train.float().view(-1, 1, 8, 8), x_valid.float().view(-1, 1, 8, 8), y_train, y_valid


def build(width, dropout):
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(),
        nn.Flatten(), nn.Dropout(dropout), nn.Linear(32 * width, 10),
    )  # fmt: skip


def augment(x):
    """Up to a pixel to either side, and noise; drawn inside the step, so from the random stream of the shard."""
    return torch.roll(x, int(torch.randint(-1, 2, ())), dims=3) + 0.1 * torch.randn_like(x)


def main(run):
    x_train, x_valid, y_train, y_valid = run.prepared
    model = build(run.params.width, run.params.dropout)
    optimizer = torch.optim.AdamW(model.parameters(), lr=run.params.lr)
    trainer = daybreak.sharded(model, shards=8, run=run)
    run.keep(model=model, optimizer=optimizer, trainer=trainer)

    for epoch in run.epochs(9):
        trainer.train()
        for rows in daybreak.batches(len(y_train), 64, seed=run.seed, epoch=epoch, drop_last=True):
            loss = trainer.step(
                lambda part: nn.functional.cross_entropy(model(augment(x_train[part])), y_train[part]), rows
            )
            optimizer.step()
            optimizer.zero_grad()

        trainer.eval()
        with torch.no_grad():
            accuracy = (model(x_valid).argmax(1) == y_valid).float().mean()
        run.report(accuracy=accuracy, loss=loss)


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=8, dropout=0.2)

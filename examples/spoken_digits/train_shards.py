"""Spoken digits on 1, 2, 4 or 8 workers, to the same bits: the network, data and augmentation of train.py, over logical shards.

Several slots a trial:  daybreak run examples/spoken_digits/spoken_digits_shards.yaml --slots 4
Several workers alone:  torchrun --nproc-per-node 4 examples/spoken_digits/train_shards.py
Alone:                  python examples/spoken_digits/train_shards.py --lr 0.005
"""

import torch
from torch import nn
from train import BANDS, accuracy, prepare  # noqa: F401 (`prepare` runs once; every trial shares what it returns)

import daybreak


def build(width, dropout, frames):
    layers = []
    for inputs, outputs in ((1, width), (width, 2 * width), (2 * width, 2 * width)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    size = 2 * width * (BANDS // 8) * (frames // 8)
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(size, 10))


def main(run):
    p, (x_NMT, digit_N) = run.params, run.prepared["train"]
    model = build(p.width, p.dropout, x_NMT.shape[2])
    optimizer = torch.optim.AdamW(model.parameters(), lr=p.lr, weight_decay=p.weight_decay)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
    trainer = daybreak.sharded(model, shards=8, run=run)
    run.keep(model=model, optimizer=optimizer, scheduler=scheduler, trainer=trainer)

    def loss_of(rows):  # what is drawn here comes from the random stream of the shard
        late = int(torch.randint(0, p.augment.shift + 1, ()))
        x_BMT = torch.roll(x_NMT[rows], late, dims=2) + p.augment.noise * torch.randn_like(x_NMT[rows])
        return nn.functional.cross_entropy(model(x_BMT[:, None]), digit_N[rows])

    for epoch in run.epochs(9):
        trainer.train()
        for rows in daybreak.batches(len(x_NMT), p.batch, seed=run.seed, epoch=epoch, drop_last=True):
            loss = trainer.step(loss_of, rows)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
        trainer.eval()
        run.report(val_accuracy=accuracy(model, *run.prepared["valid"]), loss=loss)
    run.report(test_accuracy=accuracy(model, *run.prepared["test"]))  # only trials that came to their end see it


if __name__ == "__main__":
    daybreak.run(main, lr=0.005, width=12, dropout=0.2, weight_decay=0.01, batch=64, augment={"noise": 0.1, "shift": 4})

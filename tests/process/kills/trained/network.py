"""A small network over logical shards: the same bits on one worker or several, with BatchNorm, dropout and random order."""

import hashlib
import os
import time

import torch
from strike import strike
from torch import nn

import daybreak

UNIT = float(os.environ.get("CHAOS_UNIT", "0"))
ROWS, SHARDS = 32, 4


class Struck:
    """Nothing to keep, but being asked for it is the middle of a checkpoint."""

    def state_dict(self):
        strike("saving")
        return {}

    def load_state_dict(self, state):
        pass


def main(run):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, 6, generator=generator)
    y = x.sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1 * run.params.x)
    trainer = daybreak.sharded(model, shards=SHARDS, run=run)
    run.keep(model=model, optimizer=optimizer, trainer=trainer, struck=Struck())

    def loss_of(rows):
        strike("step")  # the other ranks have begun to exchange gradients, or wait for this one
        return nn.functional.mse_loss(model(x[rows]), y[rows])

    for epoch in run.epochs(9):
        time.sleep(UNIT)
        strike("unit")
        trainer.train()
        for rows in daybreak.batches(ROWS, 16, seed=run.seed, epoch=epoch, drop_last=True):
            loss = trainer.step(loss_of, rows)
            optimizer.step()
            optimizer.zero_grad()
        trainer.eval()
        learnt = b"".join(value.numpy().tobytes() for value in model.state_dict().values())
        run.report(value=-loss, bits=int.from_bytes(hashlib.sha256(learnt).digest()[:6], "big"))

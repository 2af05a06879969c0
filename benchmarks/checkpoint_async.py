"""What periodic checkpoints of a state of 100 MB cost a training: none, written behind it, written while it waits.

    python benchmarks/checkpoint_async.py [--rounds 3] [--every 10] [--megabytes 100]

A perceptron with momentum in torch, one thread, trains blocks of `every` seconds' worth of steps; the three ways take turns, so that a busy
machine slows all alike. A block of "behind" and "waiting" takes one checkpoint, as the run does it (`train.checkpoints`, into a vault on
this disk), somewhere before its first step; "behind" ends when the file is in the vault. To reach: behind adds under 2 %.
"""

import argparse
import statistics
import tempfile
import time

import torch

from daybreak.train.checkpoints import Checkpoints
from daybreak.train.randomness import Randomness
from daybreak.vault.store import Vault

GOAL = 0.02
WAYS = ("none", "behind", "waiting")
BATCH = 64


class Training:
    """Weights and momenta of so many MB in all."""

    def __init__(self, megabytes, folder):
        width = int((megabytes * 1e6 / 2 / 4 / 2) ** 0.5)  # two square layers, float32, each with its momentum
        self.model = torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.ReLU(), torch.nn.Linear(width, width))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-6, momentum=0.9)
        self.rows = torch.randn(BATCH, width)
        self.vault = Vault(folder)
        self.checkpoints = Checkpoints(self.vault, Randomness(0))
        self.checkpoints.keep("model", self.model)
        self.checkpoints.keep("optimizer", self.optimizer)
        self.units = 0

    def step(self):
        self.optimizer.zero_grad()
        self.model(self.rows).square().mean().backward()
        self.optimizer.step()

    def block(self, way, steps):
        """(seconds of the block, seconds that training waited, MB); the file is deleted afterwards."""
        self.units += 1
        began, told, waited = time.perf_counter(), [], 0.0
        if way == "behind":
            self.checkpoints.write_behind(self.units, {}, told.append)
        elif way == "waiting":
            told.append(self.checkpoints.write(self.units, {}))
        waited = time.perf_counter() - began
        for _ in range(steps):
            self.step()
        if way == "behind":
            self.checkpoints.behind.outcome(wait=True)
        seconds = time.perf_counter() - began
        for written in told:
            self.vault.delete(written.ref.digest)
        return seconds, waited, told[0].ref.size / 1e6 if told else 0.0


def steps_in(training, seconds):
    for _ in range(3):
        training.step()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < min(seconds, 3.0):
        training.step()
        count += 1
    return max(1, round(count * seconds / (time.perf_counter() - began)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--every", type=float, default=10.0, help="seconds between checkpoints")
    arguments.add_argument("--megabytes", type=float, default=100.0)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        training = Training(given.megabytes, folder)
        steps = steps_in(training, given.every)
        training.block("behind", 3)  # the first copy makes its buffers
        blocks = {way: [] for way in WAYS}
        for number in range(given.rounds):
            for way in WAYS[number % 3 :] + WAYS[: number % 3]:
                blocks[way].append(training.block(way, steps))
    print(f"{steps} steps a block, {blocks['behind'][0][2]:.1f} MB, medians of {given.rounds} blocks")
    ratios = {}
    for way in WAYS:
        seconds, waited = (statistics.median(block[part] for block in blocks[way]) for part in (0, 1))
        pairs = zip(blocks[way], blocks["none"], strict=True)
        ratios[way] = statistics.median(own[0] / none[0] for own, none in pairs)
        print(f"{way:>8}  {seconds:7.2f} s  {ratios[way]:6.3f} of none  training waited {waited:.3f} s")
    added = ratios["behind"] - 1
    print(f"behind adds {added:.1%}, to reach: under {GOAL:.0%}: {'reached' if added < GOAL else 'missed'}")


if __name__ == "__main__":
    main()

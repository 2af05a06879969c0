"""What the order of samples costs: nanoseconds per index, and an epoch of a loader against torch's DataLoader with shuffle=True.

    python benchmarks/order.py [--samples 60000]

Seeding three generators for each sample is most of a loader's cost: some microseconds, little beside reading and decoding a small file.
"""

import argparse
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import daybreak


class Made(Dataset):
    """Samples that cost `work` microseconds each to make."""

    def __init__(self, count, work):
        self.count, self.work = count, work / 1e6

    def __len__(self):
        return self.count

    def __getitem__(self, row):
        end = time.perf_counter() + self.work
        while time.perf_counter() < end:
            pass
        return torch.tensor(row), 0


def seconds(function, repeat=5):
    """The least of `repeat` times."""
    best = float("inf")
    for _ in range(repeat):
        began = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - began)
    return best


def indices():
    for count in (1_000, 60_000, 1_000_000, 10_000_000):
        ours = seconds(lambda count=count: daybreak.order(count, seed=1))
        theirs = seconds(lambda count=count: torch.randperm(count))
        numpy = seconds(lambda count=count: np.random.default_rng(1).permutation(count))
        print(
            f"{count:>10,} samples: {1e9 * ours / count:5.1f} ns per index; torch.randperm {1e9 * theirs / count:5.1f}, "
            f"NumPy {1e9 * numpy / count:5.1f}"
        )
    count = 10**9
    began = time.perf_counter()
    next(iter(daybreak.batches(count, 256, seed=1, start=count // 2)))
    print(f"{count:>10,} samples: the batch in the middle after {1000 * (time.perf_counter() - began):.1f} ms")


def loaders(samples):
    for work, workers, draws in ((0, 0, True), (0, 0, False), (50, 0, True), (50, 0, False), (50, 2, True)):
        data = Made(samples if not work else samples // 6, work)
        ours = daybreak.loader(data, 64, seed=1, workers=workers, draws=draws)
        theirs = DataLoader(data, 64, shuffle=True, num_workers=workers)
        mine, other = seconds(lambda ours=ours: list(ours), 3), seconds(lambda theirs=theirs: list(theirs), 3)
        print(
            f"{work:>3} us to make a sample, {workers} processes, draws={draws}: {1e6 * mine / len(data):6.1f} us per sample, "
            f"DataLoader {1e6 * other / len(data):6.1f}, ratio {mine / other:.2f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=60_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    indices()
    loaders(options.samples)

"""Spoken digits: a small convolutional network on log-mel spectrograms of the Free Spoken Digit Dataset.

Data: {digit}_{speaker}_{take}.wav in the folder DAYBREAK_FSDD. On the platform: daybreak run spoken_digits.yaml;
alone: python train.py --lr 0.005. Shapes: N recordings, M mel bands, T frames of 16 ms, S samples at 8 kHz.
"""

import os
from pathlib import Path

import numpy as np
import torch
from features import BANDS, RATE, log_mel, read_wave
from torch import nn

import daybreak

FOLDER = Path(os.environ.get("DAYBREAK_FSDD", Path(__file__).parents[3] / "shared/data/fsdd/recordings"))
SIGNATURE = daybreak.Signature(
    inputs=(daybreak.Field("recording", "audio", rate=RATE, description="one spoken digit, 0.8 s"),),
    outputs=(daybreak.Output("digit", "label", classes=tuple("0123456789")),),
)
BEFORE = [daybreak.Step("python", {"function": "features:prepare_rows"})]  # the served model hears what training heard


def prepare():
    """Runs once; every trial shares it. Official split: takes 0-4 are for testing. Of the others, 5-9 validate."""
    if not (files := sorted(FOLDER.glob("*.wav"))):
        raise SystemExit(f"no WAV files in {FOLDER}: set DAYBREAK_FSDD to the dataset's folder `recordings`")
    waves = [read_wave(file) for file in files]
    x_NMT = torch.tensor(np.stack([log_mel(wave_S) for wave_S in waves]))
    digit_N, take_N = (torch.tensor([int(file.stem.split("_")[part]) for file in files]) for part in (0, 2))
    splits = {"test": take_N < 5, "valid": (take_N >= 5) & (take_N < 10), "train": take_N >= 10}
    prepared = {name: (x_NMT[rows], digit_N[rows]) for name, rows in splits.items()}
    return prepared | {"recordings": [wave_S for wave_S, take in zip(waves, take_N, strict=True) if 5 <= take < 10]}


@torch.no_grad()
def accuracy(model, x_NMT, digit_N):
    return (model.eval()(x_NMT[:, None]).argmax(1) == digit_N).float().mean()


def main(run):
    p, (x_NMT, digit_N) = run.params, run.prepared["train"]

    def augment(sample, generator):  # each recording's own draws, whatever else is in its batch
        x_MT = sample[0].roll(int(torch.randint(0, p.augment.shift + 1, (), generator=generator)), 1)
        return torch.randn(x_MT.shape, generator=generator).mul_(p.augment.noise).add_(x_MT), sample[1]

    layers = []
    for inputs, outputs in ((1, p.width), (p.width, 2 * p.width), (2 * p.width, 2 * p.width)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    size = 2 * p.width * (BANDS // 8) * (x_NMT.shape[2] // 8)
    model = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(p.dropout), nn.Linear(size, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=p.lr, weight_decay=p.weight_decay)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
    loader = daybreak.loader(list(zip(x_NMT, digit_N)), p.batch, run=run, transform=augment, draws=False)  # noqa: B905
    run.keep(model=model, optimizer=optimizer, scheduler=scheduler, loader=loader)
    for _ in run.epochs(9):
        for x_BMT, digit_B in loader:
            loss = nn.functional.cross_entropy(model.train()(x_BMT[:, None]), digit_B)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        run.report(val_accuracy=accuracy(model, *run.prepared["valid"]), loss=loss)
    run.report(test_accuracy=accuracy(model, *run.prepared["test"]))  # only trials that came to their end see it
    run.ship(
        model.eval(),
        {"recording": run.prepared["recordings"]},
        run.prepared["valid"][1],
        signature=SIGNATURE,
        before=BEFORE,
        reported={"accuracy": "val_accuracy"},
    )


if __name__ == "__main__":
    daybreak.run(main, lr=0.005, width=12, dropout=0.2, weight_decay=0.01, batch=64, augment={"noise": 0.1, "shift": 4})

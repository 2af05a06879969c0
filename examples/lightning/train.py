"""Handwritten digits with Lightning: a convolutional network on 8 x 8 images, shifted and blurred by noise at random.

On the platform:  daybreak run examples/lightning/lightning.yaml
Alone:            python examples/lightning/train.py --lr 0.01 --epochs 5
Shapes: N images, B of them in a batch, 8 rows and columns (H, W).
"""

import torch
from lightning.pytorch import LightningModule, Trainer
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import TensorDataset

import daybreak
from daybreak.train.adapters.lightning import DaybreakCallback


def prepare():
    """Runs once; every trial shares it."""
    images_NHW, labels_N = load_digits(return_X_y=True)
    images_NHW = torch.tensor(images_NHW.reshape(-1, 8, 8) / 16.0).float()
    train, valid = train_test_split(range(len(labels_N)), test_size=0.25, random_state=0, stratify=labels_N)
    labels_N = torch.tensor(labels_N)
    return {"train": (images_NHW[train], labels_N[train]), "valid": (images_NHW[valid], labels_N[valid])}


class Augment:
    """Shift an image by up to one pixel and add noise; `generator` gives each sample its own draws in each epoch."""

    def __init__(self, noise):
        self.noise = noise

    def __call__(self, sample, generator):
        image_HW, label = sample
        shift = torch.randint(-1, 2, (2,), generator=generator).tolist()
        return image_HW.roll(shift, (0, 1)) + self.noise * torch.randn(8, 8, generator=generator), label


class Network(LightningModule):
    def __init__(self, p):
        super().__init__()
        self.p = p
        self.layers = nn.Sequential(
            nn.Conv2d(1, p.width, 3, padding=1), nn.BatchNorm2d(p.width), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(p.dropout), nn.Linear(16 * p.width, 10),
        )  # fmt: skip

    def training_step(self, batch, _):
        x_BHW, y_B = batch
        loss = nn.functional.cross_entropy(self.layers(x_BHW[:, None]), y_B)
        self.log("loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch, _):
        x_BHW, y_B = batch
        self.log("accuracy", (self.layers(x_BHW[:, None]).argmax(1) == y_B).float().mean())

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.p.lr, weight_decay=self.p.weight_decay)
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)]


def main(run):
    train = TensorDataset(*run.prepared["train"])
    valid = torch.utils.data.DataLoader(TensorDataset(*run.prepared["valid"]), batch_size=450)
    callback = DaybreakCallback(run)
    trainer = Trainer(
        max_epochs=9, callbacks=[callback], accelerator="cpu", devices=1, logger=False, log_every_n_steps=1,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    batches = daybreak.loader(train, run.params.batch, run=run, transform=Augment(run.params.noise), draws=False)
    trainer.fit(Network(run.params), batches, valid, ckpt_path=callback.ckpt_path)


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=16, dropout=0.2, weight_decay=0.01, batch=64, noise=0.05)

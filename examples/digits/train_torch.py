"""Handwritten digits with torch: a network of one hidden layer on 8 x 8 images.

On the platform:  daybreak run examples/digits/digits_torch.yaml
Alone:            python examples/digits/train_torch.py --lr 0.01 --epochs 10
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import daybreak


def prepare():
    """Runs once; every trial shares what it returns. Shapes: x is (rows, 64), y is (rows,)."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels)
    x_train, x_valid, y_train, y_valid = map(torch.tensor, parts)
    return x_train.float(), x_valid.float(), y_train, y_valid


def main(run):
    x_train, x_valid, y_train, y_valid = run.prepared
    model = nn.Sequential(nn.Linear(64, run.params.width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(run.params.width, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=run.params.lr, weight_decay=run.params.weight_decay)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=27)
    run.keep(model=model, optimizer=optimizer, scheduler=scheduler)

    for _ in run.epochs(27):
        model.train()
        for batch in torch.randperm(len(y_train)).split(run.params.batch):
            loss = nn.functional.cross_entropy(model(x_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()

        model.eval()
        with torch.no_grad():
            accuracy = (model(x_valid).argmax(1) == y_valid).float().mean()
        run.report(accuracy=accuracy, loss=loss)

    # what `daybreak model register` takes, and what the exported model must reach
    run.ship(model, x_valid, y_valid, names=["pixels"], reported="accuracy")


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=64, weight_decay=1e-4, batch=64)

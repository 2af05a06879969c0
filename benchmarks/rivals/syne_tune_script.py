"""What Syne Tune starts for each trial."""

import argparse

from digits_task import HORIZON, Training
from syne_tune import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--width", type=int)
parser.add_argument("--alpha", type=float)
parser.add_argument("--batch", type=int)
parser.add_argument("--epochs", type=int, default=HORIZON)
options, _ = parser.parse_known_args()
training, report = Training(vars(options)), Reporter()
for epoch in range(1, options.epochs + 1):
    report(epoch=epoch, accuracy=training.epoch())

"""Fit the last layer to few rows without forgetting what it knew. Imports torch: for the tuning process alone.

What is fitted is the change of the layer, which a penalty holds near zero: in the features' own scale and at the temperature that fits
the model's logits best (Guo et al.: On Calibration of Modern Neural Networks, 2017), so that a strength means the same for every model.
The strength is chosen by cross-validation: a weaker penalty has to be clearly better than a stronger one, and any than no change. A
convex problem, solved by L-BFGS (Liu and Nocedal, 1989) in float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

STRENGTHS = (10.0, 1.0, 0.1, 0.01)
TEMPERATURES = tuple(2.0**power for power in range(-2, 15))
FOLDS = 4
STEPS = 40
CLEAR = 2.0  # standard errors by which a change is better
STILL = (
    1e-6  # a feature that deviates by less than this share of the most lively one tells nothing that a bias would not
)
Task = Literal["classes", "two classes", "numbers"]
Scores = tuple[NDArray[np.float64], NDArray[np.float64]]  # of each row: loss, and 1 where it is right
Layer = tuple[NDArray[np.float64], NDArray[np.float64]]  # weight (features, outputs), bias (outputs,)


@dataclass(frozen=True)
class Rows:
    """`x`: features (rows, features); `y`: what is right: class numbers (rows,), or numbers (rows, outputs)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def take(self, which: NDArray[np.int64]) -> "Rows":
        """Some of them."""
        return Rows(self.x[which], self.y[which])

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]))


@dataclass(frozen=True)
class Fitted:
    """`layer`: the best change made to all rows; None where no change was better than none. `strength`: of the penalty.

    `before`, `after`: mean loss of the feedback, without a change and, cross-validated, with it (cross-entropy at the temperature, or
    squared error); `right_before`, `right_after`: share that is answered right, of classes.
    """

    layer: Layer | None
    strength: float | None
    before: float
    after: float
    right_before: float | None
    right_after: float | None


def fit(layer: Layer, feedback: Rows, anchors: Rows, task: Task) -> Fitted:
    """Choose a strength on folds of the feedback, then fit to all of it. Anchors, rows that the model knows, are in every fit."""
    torch.set_num_threads(1)  # small matrices: threads would wait for each other
    heat = _temperature(layer, feedback + anchors, task)
    cool = layer[0] / heat, layer[1] / heat
    if task == "numbers":
        feedback, anchors = Rows(feedback.x, feedback.y / heat), Rows(anchors.x, anchors.y / heat)
    before = _scores(cool, feedback, task)
    best, found = None, before
    for strength in STRENGTHS:
        held = [_held_out(cool, feedback, anchors, task, strength, fold) for fold in _folds(feedback, task)]
        scores = np.concatenate([each[0] for each in held]), np.concatenate([each[1] for each in held])
        order = np.argsort(np.concatenate(_folds(feedback, task)))  # as rows were given, so that scores can be paired
        scores = scores[0][order], scores[1][order]
        if _clearly_better(scores, found, task):
            best, found = strength, scores
    made = None
    if best is not None:
        weight, bias = _fit(cool, feedback + anchors, task, best)
        made = weight * heat, bias * heat
    unit = heat**2 if task == "numbers" else 1.0  # squared errors are told in the numbers' own unit
    rights = (None, None) if task == "numbers" else (float(before[1].mean()), float(found[1].mean()))
    return Fitted(made, best, float(before[0].mean()) * unit, float(found[0].mean()) * unit, *rights)


def _clearly_better(scores: Scores, than: Scores, task: Task) -> bool:
    """Lower losses by more than chance gives (two standard errors of the paired difference), and of classes more that are right."""
    gain = than[0] - scores[0]
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > CLEAR * error and (task == "numbers" or scores[1].sum() > than[1].sum()))


def _temperature(layer: Layer, rows: Rows, task: Task) -> float:
    """By which the logits are divided: the one under which the right classes are most likely; of numbers their deviation."""
    if task == "numbers":
        return float(rows.y.std()) or 1.0
    losses = {heat: _scores((layer[0] / heat, layer[1] / heat), rows, task)[0].mean() for heat in TEMPERATURES}
    return min(losses, key=lambda heat: float(losses[heat]))


def _folds(feedback: Rows, task: Task) -> Sequence[NDArray[np.int64]]:
    """Every class spread over all folds; neighbours in time in one fold where there are no classes."""
    count = min(FOLDS, len(feedback.y))
    if task == "numbers":
        return [each.astype(np.int64) for each in np.array_split(np.arange(len(feedback.y)), count)]
    order = np.argsort(feedback.y, kind="stable")
    return [order[start::count].astype(np.int64) for start in range(count)]


def _held_out(
    layer: Layer, feedback: Rows, anchors: Rows, task: Task, strength: float, fold: NDArray[np.int64]
) -> Scores:
    rest = np.setdiff1d(np.arange(len(feedback.y)), fold)
    made = _fit(layer, feedback.take(rest) + anchors, task, strength)
    return _scores(made, feedback.take(fold), task)


def _scores(layer: Layer, rows: Rows, task: Task) -> Scores:
    """Loss and rightness of each row."""
    logits = torch.from_numpy(rows.x @ layer[0] + layer[1])
    truth = torch.from_numpy(rows.y)
    losses = _losses(logits, truth, task).numpy()
    if task == "numbers":
        return losses, np.zeros(len(losses))
    told = (logits[:, 0] > 0).double() if task == "two classes" else logits.argmax(1).double()
    return losses, (told == truth).numpy().astype(np.float64)


def _losses(logits: torch.Tensor, truth: torch.Tensor, task: Task) -> torch.Tensor:
    if task == "numbers":
        return ((logits - truth.reshape(logits.shape)) ** 2).mean(1)
    if task == "two classes":
        return torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], truth, reduction="none")
    return torch.nn.functional.cross_entropy(logits, truth.long(), reduction="none")


def _fit(layer: Layer, rows: Rows, task: Task, strength: float) -> Layer:
    weight, bias = (torch.from_numpy(part) for part in layer)
    x, y = torch.from_numpy(rows.x), torch.from_numpy(rows.y)
    spread = x.std(0, correction=0)
    scale = torch.where(spread > STILL * spread.max(), spread, torch.inf)[:, None]
    change = torch.zeros_like(weight, requires_grad=True)  # of scaled features: its size is in logits
    offset = torch.zeros_like(bias, requires_grad=True)
    solver = torch.optim.LBFGS([change, offset], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        logits = x @ (weight + change / scale) + bias + offset
        total = _losses(logits, y, task).mean() + strength * (change.square().sum() + offset.square().sum()) / len(x)
        total.backward()
        return total

    solver.step(loss)
    return (weight + change / scale).detach().numpy(), (bias + offset).detach().numpy()

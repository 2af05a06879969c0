"""How good the model is on live rows: measured where the right answers came back, estimated from its confidence where not.

What is measured is of the rows that somebody told the truth of, which are seldom a random sample. What is estimated holds while the same
confidence is right as often as on the evaluation set: it follows a change of the mix of rows, and is blind to a change of what is true.
"""

from collections.abc import Sequence
from math import erfc, sqrt

import msgspec
import numpy as np

from daybreak.monitoring.calibration import Z, accuracy, mean_error
from daybreak.monitoring.columns import CONFIDENCE, WHOLE, Values, classes
from daybreak.monitoring.columns import measured as answers_of
from daybreak.monitoring.policy import Policy
from daybreak.monitoring.records import Calibration, Partial, Reference, Score, key
from daybreak.monitoring.special import Vector, beta_binomial_tail


class Outcomes(msgspec.Struct, frozen=True):
    """Answers whose truth came back. Classes: how many are `right`; numbers: sums of absolute errors and of their squares."""

    rows: int = 0
    right: int = 0
    errors: float = 0.0
    squares: float = 0.0

    def and_class(self, answer: object, truth: object) -> "Outcomes":
        """One answered class more."""
        return msgspec.structs.replace(self, rows=self.rows + 1, right=self.right + (str(answer) == str(truth)))

    def and_number(self, answer: float, truth: float) -> "Outcomes":
        """One answered number more."""
        error = abs(answer - truth)
        return Outcomes(self.rows + 1, self.right, self.errors + error, self.squares + error * error)


def outcomes_of(reference: Reference, outputs: Values, truth: Sequence[object], before: Outcomes) -> Outcomes:
    """Outcomes with a batch more: the model's outputs, and right answers (rows,), None where one is unknown.

    A class is told by its name, or by its place among the label's classes.
    """
    column = next((column for column in reference.outputs if column.name == reference.predicted), None)
    if column is None or column.name not in outputs:
        return before
    places = {str(place): name for place, name in enumerate(column.classes)}
    names = dict.fromkeys(column.classes)
    told = [right if right is None or right in names else places.get(right, right) for right in classes(truth)]
    for answer, right in zip(answers_of(column, outputs[column.name])[WHOLE], told, strict=True):
        if answer is not None and right is not None:
            number = not isinstance(answer, str)
            before = before.and_number(float(answer), float(right)) if number else before.and_class(answer, right)
    return before


class Performance(msgspec.Struct, frozen=True):
    """A measured score. `p`: of one as bad by chance, if the model were as good as on the evaluation set."""

    score: Score
    p: float
    alarm: bool
    says: str


class Estimate(msgspec.Struct, frozen=True):
    """An estimated accuracy with its 95 % interval, never a measured one. `atc`: by the other method."""

    value: float
    low: float
    high: float
    atc: float
    rows: int
    alarm: bool
    says: str


def measured(reference: Reference, outcomes: Outcomes, policy: Policy | None = None) -> Performance | None:
    """The score of answers whose truth came back, against the evaluation set's; None of no rows or of no score to compare with."""
    policy = policy or Policy()
    was = reference.score
    if was is None or outcomes.rows == 0:
        return None
    if was.name == "accuracy":
        return _of_classes(was, outcomes, policy)
    return _of_numbers(was, outcomes, policy)


def _of_classes(was: Score, outcomes: Outcomes, policy: Policy) -> Performance | None:
    score = accuracy(outcomes.right, outcomes.rows)
    if score is None:
        return None
    wrong = round((1 - was.value) * was.rows)
    p = beta_binomial_tail(outcomes.rows - outcomes.right, outcomes.rows, wrong + 1, was.rows - wrong + 1)
    worse = was.value - score.value >= policy.accuracy
    return _performance(score, was, p, policy, worse=worse)


def _of_numbers(was: Score, outcomes: Outcomes, policy: Policy) -> Performance | None:
    score = mean_error(outcomes.rows, outcomes.errors, outcomes.squares)
    if score is None:
        return None
    deviation = sqrt(((score.high - score.value) / Z) ** 2 + ((was.high - was.value) / Z) ** 2)
    z = (score.value - was.value) / deviation if deviation > 0 else (8.0 if score.value > was.value else 0.0)
    p = erfc(z / sqrt(2)) / 2
    return _performance(score, was, p, policy, worse=score.value >= was.value * (1 + policy.error))


def _performance(score: Score, was: Score, p: float, policy: Policy, *, worse: bool) -> Performance:
    alarm = worse and p <= policy.level and score.rows >= policy.truths
    says = f"{_told(score)} of {score.rows} answers whose truth came back; {_told(was)} on the evaluation set"
    return Performance(score, p, alarm, says)


def _told(score: Score) -> str:
    if score.name == "accuracy":
        return f"accuracy {100 * score.value:.1f} % ({100 * score.low:.1f} to {100 * score.high:.1f})"
    return f"mean error {score.value:.4g} ({score.low:.4g} to {score.high:.4g})"


def estimated(reference: Reference, window: Partial, policy: Policy | None = None) -> Estimate | None:
    """The accuracy that the window's confidence makes one expect; None where it cannot be told.

    Each bin of confidence is as often right as on the evaluation set, made monotone (isotonic regression): the confidence-based
    performance estimation of NannyML (Bialek et al., "Estimating model performance under covariate shift without labels", 2024).
    `atc` is the share of rows above the threshold on confidence of Garg et al. ("Leveraging unlabeled data to predict out-of-distribution
    performance", 2022).
    """
    policy = policy or Policy()
    held = reference.calibration
    counted = window.tracks.get(key("output", held.output, CONFIDENCE)) if held else None
    if held is None or reference.score is None or counted is None or len(counted.bins) != len(held.edges) + 1:
        return None
    bins = np.array(counted.bins, np.float64)
    inside = bins[1:-1].copy()
    inside[0] += bins[0]
    inside[-1] += bins[-1]
    if inside.sum() < policy.rows:
        return None
    return _estimate(held, inside, reference.score, policy)


def _estimate(held: Calibration, inside: Vector, was: Score, policy: Policy) -> Estimate:
    rows = float(inside.sum())
    share = inside / rows
    right, blocks = _monotone(np.array(held.right, np.float64), np.array(held.rows, np.float64))
    value = float(share @ right)
    weights = np.bincount(blocks, share)
    sizes = np.bincount(blocks, np.array(held.rows, np.float64))
    rates = np.bincount(blocks, right * inside) / np.maximum(np.bincount(blocks, inside), 1)
    of_reference = float((weights**2 * rates * (1 - rates) / np.maximum(sizes, 1)).sum())
    half = Z * sqrt(of_reference + float(share @ (right - value) ** 2) / rows)
    low, high = max(0.0, value - half), min(1.0, value + half)
    alarm = was.value - value >= policy.accuracy and high < was.low
    says = f"accuracy is estimated at {100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f}); {_told(was)} on the evaluation set"
    return Estimate(value, low, high, _above(held, share), int(rows), alarm, says)


def _monotone(right: Vector, rows: Vector) -> tuple[Vector, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """Shares of right answers that do not fall with confidence, and the block of each bin (pool adjacent violators: Ayer et al., 1955)."""
    blocks: list[list[float]] = []  # right, rows, bins
    for hits, count in zip(right.tolist(), rows.tolist(), strict=True):
        blocks.append([hits, count, 1])
        while len(blocks) > 1 and blocks[-1][0] * blocks[-2][1] <= blocks[-2][0] * blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    sizes = [int(block[2]) for block in blocks]
    return np.repeat([block[0] / max(block[1], 1) for block in blocks], sizes), np.repeat(np.arange(len(blocks)), sizes)


def _above(held: Calibration, share: Vector) -> float:
    """The share of rows above the confidence that as many rows of the evaluation set pass as are right; of its bin the same part."""
    rows = np.array(held.rows, np.float64)
    wanted, total = float(sum(held.right)), 0.0
    for place in range(len(rows) - 1, -1, -1):
        if total + rows[place] >= wanted:
            part = (wanted - total) / rows[place] if rows[place] else 0.0
            return float(share[place + 1 :].sum() + part * share[place])
        total += rows[place]
    return 1.0

"""Shift: does test data come from elsewhere? A classifier tries to tell test rows from train rows (adversarial validation).

If it does so out of fold, better than with the sides dealt out anew at random, the sides differ. Its AUC says how much (0.5: no row
betrays its side; 1: every row does); single columns, corrected for their number, say where.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from daybreak.audit import chance
from daybreak.audit.about import NAME, Column
from daybreak.audit.encoding import Codes, Encoded, Matrix, Vector
from daybreak.audit.frame import Frame
from daybreak.audit.group_guessing import Candidate, candidate, guessed
from daybreak.audit.intervals import Z
from daybreak.audit.outcome import Finding, NotApplicable, Outcome, answered
from daybreak.audit.problem import problem_of
from daybreak.audit.shift_columns import Change, Novelty, changes, new_values, telling_words
from daybreak.audit.sketch import commonest_values, numbers_rows, sketch, spoken, thinned

RULE = "shift"
MOST_ROWS = 5000  # a side
FEWEST = 20
PERMUTATIONS = 8
FOLDS = 3
ROUNDS = 40
BEYOND = 4.0  # standard deviations above the null
TELLING = 0.55  # the AUC's lower bound above which it matters: 0.18 sd of one column
COMBINED = 0.65  # the same where no column on its own differs: session and order leave such traces, and mean little
LARGE = 0.1  # share of rows that a column's values moved by
SURE = 0.001  # p of a column, corrected
NAMED = 8  # columns in a finding


@dataclass(frozen=True)
class Told:
    """How well the sides were told apart: out-of-fold AUC, its 95 % bounds, and of shuffled sides the mean and standard deviation."""

    auc: float
    low: float
    high: float
    null: float
    null_sd: float

    @property
    def z(self) -> float:
        """Standard deviations above the null."""
        return (self.auc - self.null) / self.null_sd


def shift(frame: Frame) -> Outcome:
    """Whether test rows can be told from train rows, by which columns, and whether it is more than chance.

    Raises `NotApplicable` with fewer than 20 rows a side or no feature.
    """
    frame = thinned(frame, MOST_ROWS, RULE)
    if min(len(frame.train.positions), len(frame.test.positions)) < FEWEST:
        raise NotApplicable(
            f"needs at least {FEWEST} rows a side, got {len(frame.train.positions)} and {len(frame.test.positions)}"
        )
    kept_apart = _kept_apart(frame)
    encoded = sketch(frame, _columns(frame, kept_apart))
    if not encoded.names:
        raise NotApplicable("needs at least one feature")
    pieces = _pieces(frame, kept_apart)
    told = told_apart(encoded, pieces, frame.seed)
    evidence = len(np.unique(pieces)) / len(pieces)
    found = changes(encoded, evidence, _called(frame, encoded))
    found = [change for change in found if change.p < SURE]
    categories = [c for c in frame.about.typed("category") if c.name in encoded.sources]
    new = [novelty for column in categories if _counts(novelty := new_values(frame, column))]
    measured = {
        "auc": round(told.auc, 4),
        "auc_low": round(told.low, 4),
        "auc_high": round(told.high, 4),
        "auc_of_shuffled_sides": round(told.null, 4),
        "standard_deviations": round(told.z, 2),
        "groups_kept_apart": [one.name for one in kept_apart],
        "columns": [msgspec.to_builtins(change) for change in found[:NAMED]],
        "new_values": [msgspec.to_builtins(novelty) for novelty in new],
    }
    return answered(
        RULE,
        [*_whole(frame, told, found, measured), *_target(frame, evidence), *map(_novel, new)],
        measured=measured,
        looked_at=frame.counts,
    )


def _columns(frame: Frame, kept_apart: list[Candidate]) -> list[Column]:
    """Features, content and what is known about files; no times, no parts of names, nothing that only names rows or groups."""
    groups = {one.name for one in kept_apart}
    return [
        column
        for column in frame.about.having("feature", "content", "meta")
        if column.type != "time"
        and not column.name.startswith(f"{NAME}.")
        and column.name not in groups
        and not numbers_rows(frame, column)
    ]


def _kept_apart(frame: Frame) -> list[Candidate]:
    """Groups, declared or guessed, that the split keeps apart: then groups were dealt out to the sides, not rows."""
    declared = [candidate(frame, column) for column in frame.about.having("group")]
    return [one for one in [*declared, *guessed(frame, None)] if not len(one.shared) and min(map(len, one.sides)) > 1]


def _pieces(frame: Frame, kept_apart: list[Candidate]) -> Codes:
    """What is dealt out as one piece: the largest groups that are kept apart; otherwise a row."""
    rows = len(frame.train.positions) + len(frame.test.positions)
    if not kept_apart:
        return np.arange(rows)
    both = min(kept_apart, key=lambda one: len(one.values)).both
    return np.where(both < 0, -1 - np.arange(rows), both)


def _called(frame: Frame, encoded: Encoded) -> dict[str, tuple[str, ...]]:
    """What the codes of the sketch's categories mean."""
    wanted = zip(encoded.names, encoded.categorical, strict=True)
    return {name: commonest_values(frame, name) for name, is_category in wanted if is_category}


def told_apart(encoded: Encoded, pieces: Codes, seed: int) -> Told:
    """Adversarial validation with boosted trees. `pieces`: (n + m,), rows of one number stay together under the null and in the folds."""
    X = np.vstack([encoded.train, encoded.test])
    side = np.repeat([0, 1], [len(encoded.train), len(encoded.test)])
    categorical = encoded.categorical
    auc = _out_of_fold_auc(X, categorical, side, pieces, chance.generator(seed, RULE, "folds"))
    null = []
    for i in range(PERMUTATIONS):
        rng = chance.generator(seed, RULE, "null", i)
        null.append(_out_of_fold_auc(X, categorical, _shuffled(side, pieces, rng), pieces, rng))
    n, m = len(encoded.train), len(encoded.test)
    chance_sd = np.sqrt((n + m + 1) / (12 * n * m))  # Mann-Whitney's
    half = Z * _auc_sd(auc, n, m)
    return Told(
        auc,
        auc - half,
        min(auc + half, 1.0),
        max(float(np.mean(null)), 0.5),
        max(float(np.std(null, ddof=1)), float(chance_sd)),
    )


def _auc_sd(auc: float, n: int, m: int) -> float:
    """Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)
    return float(np.sqrt(max(variance, 0.0) / (n * m)))


def _shuffled(side: Codes, pieces: Codes, rng: Any) -> Codes:
    """The sides dealt out anew: pieces in random order, the first ones to test until it has as many rows as before."""
    values, inverse, counts = np.unique(pieces, return_inverse=True, return_counts=True)
    order = rng.permutation(len(values))
    before = np.cumsum(counts[order]) - counts[order]
    to_test = np.zeros(len(values), np.int64)
    to_test[order[before < side.sum()]] = 1
    dealt: Codes = to_test[inverse]
    return dealt if 0 < dealt.sum() < len(dealt) else rng.permutation(side)


def _out_of_fold_auc(X: Matrix, categorical: Any, side: Codes, pieces: Codes, rng: Any) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from threadpoolctl import threadpool_limits

    folds = _folds(side, pieces, rng)
    scores = np.zeros(len(X))
    for fold in range(FOLDS):
        held = folds == fold
        seen = ~np.isnan(X[~held]).all(axis=0)  # what has no value at all in the other folds teaches nothing
        if held.any() and len(np.unique(side[~held])) > 1 and seen.any():
            model = HistGradientBoostingClassifier(
                max_iter=ROUNDS,
                max_leaf_nodes=15,
                categorical_features=categorical[seen] if categorical[seen].any() else None,
                early_stopping=False,
                random_state=0,
            )
            with threadpool_limits(1, "openmp"):  # a few thousand rows: threads that wait for each other cost tenfold
                scores[held] = model.fit(X[~held][:, seen], side[~held]).decision_function(X[held][:, seen])
    return _within_folds(roc_auc_score, side, scores, folds)


def _within_folds(auc: Any, side: Codes, scores: Vector, folds: Codes) -> float:
    """The mean of the folds' AUCs: scores of different models are not comparable."""
    parts = [
        (auc(side[at], scores[at]), at.sum()) for fold in range(FOLDS) if len(np.unique(side[at := folds == fold])) > 1
    ]
    return float(np.average([a for a, _ in parts], weights=[w for _, w in parts])) if parts else 0.5


def _folds(side: Codes, pieces: Codes, rng: Any) -> Codes:
    """Fold numbers, stratified by side; a piece lies in one fold."""
    values, first, inverse = np.unique(pieces, return_index=True, return_inverse=True)
    fold = np.empty(len(values), np.int64)
    for which in (0, 1):
        at = np.flatnonzero(side[first] == which)
        fold[at] = rng.permutation(np.arange(len(at)) % FOLDS)
    result: Codes = fold[inverse]
    return result


def _whole(frame: Frame, told: Told, found: list[Change], measured: dict[str, Any]) -> list[Finding]:
    """The finding about features as a whole."""
    large = [change for change in found if change.effect >= LARGE]
    telling = told.z > BEYOND and told.low > TELLING
    if not (telling or large):
        return []
    named = found[:NAMED]
    beyond = f"The AUC is {told.z:.1f} standard deviations above that of sides dealt out at random."
    moved = (
        f"The largest difference of one column has p = {named[0].p:.2g}, corrected for their number." if named else ""
    )
    return [
        Finding(
            RULE,
            "warning" if found or told.low > COMBINED else "info",
            f"Test rows can be told from train rows: a classifier does so with AUC {told.auc:.2f} "
            f"({told.low:.2f} to {told.high:.2f}; 0.5 is guessing, and shuffled sides give {told.null:.2f}). {_where(frame, named)}",
            "high" if telling else "moderate",
            because=beyond if telling else moved,
            matters="The score is that of another kind of data than the model was trained on; on data like train it would be another one.",
            advice="Find out how the two sides were collected. If the model will meet data like test, train on such data, too; "
            "if like train, draw test anew.",
            columns=tuple(dict.fromkeys(change.source for change in named)),
            measured=measured,
        )
    ]


def _where(frame: Frame, named: list[Change]) -> str:
    """Where the sides differ, for a person: plain columns, words of texts, and of contents what has a name."""
    texts = [column for column in frame.about.typed("text") if any(change.source == column.name for change in named)]
    says = [change.says for change in named if not change.name.startswith("component ")]
    says = [*filter(None, (telling_words(frame, column) for column in texts)), *says][:3]
    if says:
        return "The largest differences: " + "; ".join(says) + "."
    if named:
        return f"It differs in {' and '.join(dict.fromkeys(spoken(change.source) for change in named))} as a whole."
    return "No single column differs beyond doubt; their combinations do."


def _target(frame: Frame, evidence: float) -> list[Finding]:
    """The finding about another mix of the target's values."""
    column = frame.about.target
    try:
        problem = problem_of(frame)
    except NotApplicable:
        column = None
    if column is None:
        return []
    train, test = (side.astype(np.float32)[:, None] for side in (problem.y, problem.y_test))
    encoded = Encoded(train, test, (column.name,), (column.name,), np.array([not problem.numeric]))
    found = changes(encoded, evidence, {column.name: problem.classes})
    return [
        Finding(
            RULE,
            "warning",
            f"The target {spoken(column.name)} is distributed otherwise in test than in train: "
            f"{100 * change.effect:.1f} % of rows would have to change. {change.says}.",
            "high",
            because=f"p = {change.p:.2g}, corrected.",
            matters="Accuracy, precision and error depend on how frequent each value is: on data like train the score would differ.",
            advice="Split stratified by the target, unless test shows how frequent the values will be in use; then say so.",
            subject=column.name,
            columns=(column.name,),
            measured=msgspec.to_builtins(change),
        )
        for change in found
        if change.p < SURE and change.effect >= LARGE and change.kind == "values"
    ]


def _counts(novelty: Novelty) -> bool:
    return novelty.z > BEYOND and novelty.share > 0.01  # noqa: PLR2004 (a hundredth of test)


def _novel(novelty: Novelty) -> Finding:
    return Finding(
        RULE,
        "warning",
        f"{100 * novelty.share:.1f} % of test rows have a value of {spoken(novelty.column)} that train does not know "
        f"({', '.join(novelty.examples)}); a random split would give {novelty.expected:.0f} rows, there are {novelty.rows}.",
        "high",
        because=f"It is {novelty.z:.1f} standard deviations above what a random split gives.",
        matters="For these rows the model has learnt nothing from this column.",
        advice="If new values will come in use, this is an honest test; say so. Otherwise draw test anew.",
        subject=novelty.column,
        columns=(novelty.column,),
        measured=msgspec.to_builtins(novelty),
    )

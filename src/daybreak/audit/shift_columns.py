"""Which columns differ between the sides, and by how much: each on its own, corrected for how many were asked.

Numbers by the Kolmogorov-Smirnov distance, categories by the total variation of their shares (p by chi-squared with rare values pooled),
missing values by the difference of their shares. p values are Holm's ("A simple sequentially rejective multiple test procedure", 1979).
"""

from collections import Counter
from typing import Any

import msgspec
import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.canonical import plain
from daybreak.audit.encoding import Codes, Encoded, Vector, category_codes
from daybreak.audit.frame import Frame
from daybreak.audit.sketch import spoken

FEWEST_EXPECTED = 5.0  # rows of a value a side below which values are pooled
FEWEST_VALUES = 8  # rows of a column a side that can be compared
SURE_OF_WORD = 5.5  # standard errors: of 100,000 words one in a hundred data sets is beyond by chance
PSI_FLOOR = 1e-4
PSI_BINS = 10


class Change(msgspec.Struct, frozen=True):
    """How one column differs. `effect` in [0, 1]: the largest difference of any share; `p`: after Holm's correction."""

    name: str
    source: str  # the data's column
    kind: str  # "values", "missing"
    effect: float
    p: float
    psi: float = 0.0  # population stability index over ten quantiles of train; 0.1 is called a shift, 0.25 a large one
    says: str = ""


def changes(encoded: Encoded, evidence: float = 1.0, called: dict[str, tuple[str, ...]] | None = None) -> list[Change]:
    """Every column's change between the sides, corrected together; the largest effect first.

    `evidence`: independent pieces per row, below 1 where rows come in groups: a group counts as one row. `called`: what the codes of a
    category mean.
    """
    names, sources, categorical = encoded.names, encoded.sources, encoded.categorical
    raw: list[Change] = []
    for i, name in enumerate(names):
        left, right = encoded.train[:, i].astype(np.float64), encoded.test[:, i].astype(np.float64)
        raw.append(_missing(name, sources[i], left, right, evidence))
        left, right = left[~np.isnan(left)], right[~np.isnan(right)]
        if min(len(left), len(right)) >= FEWEST_VALUES:
            if categorical[i]:
                raw.append(_category(name, sources[i], left, right, evidence, (called or {}).get(name, ())))
            else:
                raw.append(_number(name, sources[i], left, right, evidence))
    corrected = holm(np.array([change.p for change in raw]))
    result = [msgspec.structs.replace(change, p=float(p)) for change, p in zip(raw, corrected, strict=True)]
    return sorted(result, key=lambda change: -change.effect)


def holm(p: Vector) -> Vector:
    """Holm's step-down correction of p values (n,)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(stepped, 1.0)
    return result


def _number(name: str, source: str, left: Vector, right: Vector, evidence: float) -> Change:
    from scipy.stats import ks_2samp, kstwobign

    distance = float(ks_2samp(left, right, method="asymp").statistic)
    rows = evidence * len(left) * len(right) / (len(left) + len(right))
    says = f"{spoken(name)}: {_middles(left, right)}"
    return Change(
        name, source, "values", distance, float(kstwobign.sf(distance * np.sqrt(rows))), _psi(left, right), says
    )


def _middles(left: Vector, right: Vector) -> str:
    """Medians, or means where the medians do not show that anything differs."""
    said = [
        (f"{middle(left):.4g} in train, {middle(right):.4g} in test", f"{middle(left):.4g}" != f"{middle(right):.4g}")
        for middle in (np.median, np.mean)
    ]
    return f"median {said[0][0]}" if said[0][1] or not said[1][1] else f"mean {said[1][0]}"


def _psi(left: Vector, right: Vector) -> float:
    edges = np.unique(np.quantile(left, np.linspace(0, 1, PSI_BINS + 1)[1:-1]))
    a, b = (
        np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1) / len(x) for x in (left, right)
    )
    return _stability(a, b)


def _stability(a: Vector, b: Vector) -> float:
    a, b = np.maximum(a, PSI_FLOOR), np.maximum(b, PSI_FLOOR)
    return float(((b - a) * np.log(b / a)).sum())


def _category(
    name: str, source: str, left: Vector, right: Vector, evidence: float, called: tuple[str, ...] = ()
) -> Change:
    size = int(max(left.max(), right.max())) + 1
    a, b = np.bincount(left.astype(int), minlength=size), np.bincount(right.astype(int), minlength=size)
    share_a, share_b = a / a.sum(), b / b.sum()
    pooled_a, pooled_b = _pool_rare(a, b)
    effect = float(np.abs(pooled_a / a.sum() - pooled_b / b.sum()).sum() / 2)
    at = int(np.abs(share_a - share_b).argmax())
    value = called[at] if called else "one value"
    says = f"{spoken(name)}: {value} is {100 * share_a[at]:.1f} % of train, {100 * share_b[at]:.1f} % of test"
    return Change(
        name,
        source,
        "values",
        effect,
        _chi_squared(evidence * pooled_a, evidence * pooled_b),
        _stability(share_a, share_b),
        says,
    )


def _pool_rare(a: Codes, b: Codes) -> tuple[Codes, Codes]:
    """Counts with all values as one that are too rare to be compared."""
    total = a + b
    expected = total * (min(a.sum(), b.sum()) / total.sum())
    rare = expected < FEWEST_EXPECTED
    return np.append(a[~rare], a[rare].sum()), np.append(b[~rare], b[rare].sum())


def _chi_squared(a: Any, b: Any) -> float:
    from scipy.stats import chi2_contingency

    table = np.stack([a, b])[:, (a + b) > 0]
    if table.shape[1] < 2:  # noqa: PLR2004 (one value is the same everywhere)
        return 1.0
    return float(chi2_contingency(table, correction=False).pvalue)


def _missing(name: str, source: str, left: Vector, right: Vector, evidence: float) -> Change:
    a, b = np.isnan(left), np.isnan(right)
    p = _chi_squared(*(evidence * np.bincount(x, minlength=2) for x in (a, b)))
    says = f"{spoken(name)}: missing in {100 * a.mean():.1f} % of train, {100 * b.mean():.1f} % of test"
    return Change(name, source, "missing", float(abs(a.mean() - b.mean())), p, says=says)


class Novelty(msgspec.Struct, frozen=True):
    """Values of a category in test that train does not know. `expected`: rows of them that chance alone would give; `z`: beyond that."""

    column: str
    rows: int
    share: float
    expected: float
    z: float
    examples: tuple[str, ...]


def new_values(frame: Frame, column: Column) -> Novelty:
    """Test rows whose category train does not have, against what a random split of the same rows gives."""
    train, test, names = category_codes(frame.train.rows[column.name], frame.test.rows[column.name])
    a, b = (np.bincount(x[x >= 0], minlength=len(names)).astype(np.float64) for x in (train, test))
    new = (a == 0) & (b > 0)
    total = a + b
    m = b.sum() / max(total.sum(), 1)
    alone = m**total  # that all rows of a value fall into test
    expected = float((total * alone).sum())
    sd = float(np.sqrt((total**2 * alone * (1 - alone)).sum()))
    rows = int(b[new].sum())
    commonest = sorted(np.flatnonzero(new), key=lambda i: -b[i])[:5]
    z = (rows - expected) / max(sd, 1.0)
    return Novelty(
        column.name,
        rows,
        float(rows / max(b.sum(), 1)),
        float(expected),
        float(z),
        tuple(str(names[i]) for i in commonest),
    )


def telling_words(frame: Frame, column: Column, most: int = 4) -> str:
    """The words whose share of texts differs most between the sides, beyond doubt; "" if there is none."""
    sides = [
        [set(text.lower().split()) for text in plain(part.rows[column.name]).to_pylist() if text]
        for part in (frame.train, frame.test)
    ]
    train, test = (Counter(word for text in side for word in text) for side in sides)
    n, m = (max(len(side), 1) for side in sides)
    found = []
    for word in train | test:
        a, b = train[word] / n, test[word] / m
        pooled = (train[word] + test[word]) / (n + m)
        z = abs(a - b) / max(float(np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))), 1e-12)
        if z > SURE_OF_WORD:
            found.append((abs(a - b), f'"{word[:30]}" is in {100 * a:.1f} % of train texts, {100 * b:.1f} % of test'))
    return ", ".join(says for _, says in sorted(found, reverse=True)[:most])

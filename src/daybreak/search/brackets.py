"""Brackets: several ladders at once, as a hedge against values that say little early on.

The arithmetic is that of the adaptive-ASHA family (its users know it from Determined), with exact logarithms; Hyperband's own
is Li et al., "Hyperband" (JMLR 2018).
"""

from dataclasses import dataclass
from fractions import Fraction

from daybreak.base.errors import UsageError
from daybreak.search.rungs import rung_lengths, whole_log
from daybreak.spec.models import Search


@dataclass(frozen=True, slots=True)
class Bracket:
    """One ladder and its share of the search. `trials`: None when nothing bounds them; `concurrent`: likewise."""

    lengths: tuple[int, ...]
    weight: Fraction
    trials: int | None = None
    concurrent: int | None = None

    @property
    def rungs(self) -> int:
        """How often it compares, the horizon included."""
        return len(self.lengths)


def bracket_weight(rungs: int, divisor: int) -> Fraction:
    """A bracket's share: `divisor^(rungs-1) / rungs`, so that brackets cost about as much as each other."""
    return Fraction(divisor ** (rungs - 1), rungs)


def bracket_trials(max_trials: int, divisor: int, bracket_rungs: list[int]) -> list[int]:
    """How many of all trials each bracket gets, at least one; what is left over goes to the first."""
    weights = [bracket_weight(rungs, divisor) for rungs in bracket_rungs]
    total = sum(weights)
    counts = [max(int(weight * max_trials / total), 1) for weight in weights]
    counts[0] += max(max_trials - sum(counts), 0)
    return counts


def bracket_concurrency(max_concurrent: int, brackets: int) -> list[int]:
    """Live trials per bracket: even shares, at least one, what is left over to the first ones."""
    each, left = divmod(max_concurrent, brackets)
    return [max(each + (i < left), 1) for i in range(brackets)]


def bracket_rungs(mode: str, most: int) -> list[int]:
    """Numbers of rungs, largest first: standard the upper half, conservative all, aggressive only the largest."""
    low = {"standard": (most - 1) // 2 + 1, "conservative": 1, "aggressive": most}[mode]
    return list(range(most, low - 1, -1))


def adaptive_brackets(search: Search, trials: int | None) -> list[Bracket]:
    """The brackets of adaptive ASHA. Raises `UsageError` without a horizon."""
    horizon, eta = need_horizon(search), search.reduction
    most = min(search.max_rungs, whole_log(horizon, eta) + 1)
    if trials is not None:
        most = min(most, whole_log(max(trials, 1), eta) + 1)
    rungs = bracket_rungs(search.brackets, most)
    counts: list[int | None] = [None] * len(rungs)
    if trials is not None:
        counts = [*bracket_trials(trials, eta, rungs)]
    concurrent: list[int | None] = [None] * len(rungs)
    if search.max_concurrent is not None:
        concurrent = [*bracket_concurrency(search.max_concurrent, len(rungs))]
    return [
        Bracket(tuple(rung_lengths(r, horizon, eta)), bracket_weight(r, eta), count, live)
        for r, count, live in zip(rungs, counts, concurrent, strict=True)
    ]


def hyperband_brackets(search: Search) -> list[Bracket]:
    """One round of Hyperband, most rungs first: n = ceil((s_max + 1) / (s + 1) * eta^s) trials with s + 1 rungs.

    Raises `UsageError` without a horizon.
    """
    horizon, eta = need_horizon(search), search.reduction
    s_max = min(search.max_rungs - 1, whole_log(horizon, eta))
    return [
        Bracket(
            tuple(rung_lengths(s + 1, horizon, eta)), bracket_weight(s + 1, eta), -(-(s_max + 1) * eta**s // (s + 1))
        )
        for s in range(s_max, -1, -1)
    ]


def need_horizon(search: Search) -> int:
    """`max_units`, which some methods cannot do without. Raises `UsageError`."""
    if search.max_units is None:
        raise UsageError(
            f"search.method {search.method} needs search.max_units, got none: say how many units a full trial has, "
            "or use method: asha, which learns it"
        )
    return search.max_units

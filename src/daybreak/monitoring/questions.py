"""What is asked of one track: is it elsewhere, missing, out of range, or of values never seen."""

from math import isfinite

import msgspec
import numpy as np

from daybreak.monitoring.bins import groups
from daybreak.monitoring.distances import Counts, Measured, jensen_shannon, psi, total_variation, wasserstein
from daybreak.monitoring.policy import Policy, Question
from daybreak.monitoring.records import Classes, Counted, Numbers, Track
from daybreak.monitoring.special import beta_binomial_cut, beta_binomial_tail

GROUPS = 10
FEWEST_OF_GROUP = 20.0  # rows of the smaller side that PSI's logarithms need to follow their law
FEWEST_OF_CLASS = 5.0  # rows that Pearson's chi-square needs in a cell (Cochran, 1954)
NORMAL_RANGE = 3.29  # the standard deviations between the 5 % and 95 % quantiles of a normal distribution
COMMON = 20  # rows of a class in the reference that is told from the rarer ones, where these are not all known by name
FEW_REFERENCE = 100  # rows of a reference whose histogram says nothing yet


class Asked(msgspec.Struct, frozen=True):
    """An answer. `p`: as large by chance, uncorrected; `counts`: whether it may raise an alarm (others are told only)."""

    question: Question
    value: float
    effect: float
    cut: float
    p: float
    rows: int
    says: str
    counts: bool = True


def asked(track: Track, counted: Counted, policy: Policy, *, first: bool) -> list[Asked]:
    """All that a window says of a track that has rows enough. `first`: the column's first track, which tells of missing values."""
    present = sum(counted.bins) + sum(counted.new.values()) + counted.other
    found = [_missing(track, counted, present + counted.missing, policy)] if first else []
    if present < policy.rows or track.rows - track.missing < FEW_REFERENCE:
        return found
    more = _of_numbers(track, counted, policy) if isinstance(track, Numbers) else _of_classes(track, counted, policy)
    return found + more


def _missing(track: Track, counted: Counted, rows: int, policy: Policy) -> Asked:
    a, b = track.missing + 1, track.rows - track.missing + 1
    more, fewer = (
        beta_binomial_tail(counted.missing, rows, a, b),
        1 - beta_binomial_tail(counted.missing + 1, rows, a, b),
    )
    share, was = counted.missing / rows, track.missing / track.rows
    cut = beta_binomial_cut(rows, a, b, policy.level / 2) / rows - was
    says = f"missing in {_percent(share)} of rows, {_percent(was)} in the reference"
    return Asked("missing", abs(share - was), policy.shares, cut, min(1.0, 2 * min(more, fewer)), rows, says)


def _of_numbers(track: Numbers, counted: Counted, policy: Policy) -> list[Asked]:
    rows = sum(counted.bins)
    window = np.array(counted.bins, np.int64)
    inside = window[1:-1].copy()
    inside[0] += window[0]  # what is out of range counts to the nearest bin: how far out is no matter of shape
    inside[-1] += window[-1]
    reference = np.array(track.counts, np.int64)
    found = [_out_of_range(track, counted, rows, policy)]
    says = f"mean {_mean(counted):.4g}, {track.mean:.4g} in the reference"
    for question, effect, measured in _distances(track, reference, inside, policy):
        alarming = question in policy.alarming
        found.append(Asked(question, measured.value, effect, measured.cut, measured.p, rows, says, alarming))
    return found


def _distances(
    track: Numbers, reference: Counts, inside: Counts, policy: Policy
) -> list[tuple[Question, float, Measured]]:
    fewest = FEWEST_OF_GROUP * max(1.0, float(reference.sum()) / float(inside.sum()))
    group = groups(reference, GROUPS, fewest)
    pair = np.bincount(group, reference).astype(np.int64), np.bincount(group, inside).astype(np.int64)
    found: list[tuple[Question, float, Measured]] = [
        ("psi", policy.psi, psi(*pair, policy.level)),
        ("jensen-shannon", policy.jensen_shannon, jensen_shannon(*pair, policy.level)),
    ]
    scale = (track.quantiles[-3] - track.quantiles[2]) / NORMAL_RANGE or track.sd
    if scale > 0 and isfinite(scale):
        measured = wasserstein(reference, inside, np.array(track.edges), scale, policy.level)
        found.append(("wasserstein", policy.wasserstein, measured))
    return found


def _mean(counted: Counted) -> float:
    return counted.total / max(sum(counted.bins), 1)


def _out_of_range(track: Numbers, counted: Counted, rows: int, policy: Policy) -> Asked:
    """Rows beyond the extremes of N rows: the mass out there is Beta(2, N - 1), as of two of N + 1 equal gaps."""
    out, a, b = counted.bins[0] + counted.bins[-1], 2, track.rows - track.missing - 1
    low, high = track.quantiles[0], track.quantiles[-1]
    says = f"{_percent(out / rows)} of rows out of [{low:.4g}, {high:.4g}]" + (
        f", up to {counted.low:.4g} and {counted.high:.4g}" if counted.low is not None and out else ""
    )
    cut = beta_binomial_cut(rows, a, b, policy.level) / rows
    return Asked("out of range", out / rows, policy.shares, cut, beta_binomial_tail(out, rows, a, b), rows, says)


def _of_classes(track: Classes, counted: Counted, policy: Policy) -> list[Asked]:
    new = sum(counted.new.values()) + counted.other
    rows = sum(counted.bins) + new
    found = [] if track.rest else [_new_values(track, counted, new, rows, policy)]
    reference, window = _cells(track, counted)
    measured = total_variation(*_pooled(reference, window), policy.level)
    says = _most_changed(track, counted, reference, window)
    return [*found, Asked("classes", measured.value, policy.classes, measured.cut, measured.p, rows, says)]


def _cells(track: Classes, counted: Counted) -> tuple[Counts, Counts]:
    """Counts of the known values, all rarer ones, and the new ones, on both sides.

    New values are cells of their own with nothing in the reference: without them values that chance put into the reference alone would
    look like values that went away.
    """
    at = len(track.counts)
    reference = np.array([*track.counts, track.rest, *(0 for _ in counted.new)], np.int64)
    window = np.array([*counted.bins, *counted.new.values()], np.int64)
    window[at] += counted.other
    if track.rest or counted.other:  # some are not known by name: rare ones of either side are one cell
        rare = reference < COMMON
        rare[at] = False
        for counts in (reference, window):
            counts[at] += counts[rare].sum()
            counts[rare] = 0
    return reference, window


def _pooled(reference: Counts, window: Counts) -> tuple[Counts, Counts]:
    """Counts with all classes as one that are too rare for chi-square on the smaller side."""
    both = reference + window
    rare = both * (min(reference.sum(), window.sum()) / both.sum()) < FEWEST_OF_CLASS
    return np.append(reference[~rare], reference[rare].sum()), np.append(window[~rare], window[rare].sum())


def _most_changed(track: Classes, counted: Counted, reference: Counts, window: Counts) -> str:
    was, now = reference / max(reference.sum(), 1), window / max(window.sum(), 1)
    at = int(np.abs(now - was).argmax())
    name = [*track.values, "rarer values", *counted.new][at]
    return f"{name} is {_percent(float(now[at]))} of rows, {_percent(float(was[at]))} in the reference"


def _new_values(track: Classes, counted: Counted, new: int, rows: int, policy: Policy) -> Asked:
    """The share of values never seen is about that of values seen once (Good, "The population frequencies of species", 1953)."""
    a, b = track.once + 1, track.rows - track.missing - track.once + 1
    commonest = sorted(counted.new, key=lambda value: -counted.new[value])[:3]
    says = f"{_percent(new / rows)} of rows hold values the reference has not"
    says += f": {', '.join(commonest)}" if commonest else ""
    cut = beta_binomial_cut(rows, a, b, policy.level) / rows
    return Asked("new values", new / rows, policy.shares, cut, beta_binomial_tail(new, rows, a, b), rows, says)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"

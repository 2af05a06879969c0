"""Metric points and states set against the record, to the bit. Pure."""

import math
import struct
from collections.abc import Mapping

import msgspec

from daybreak.proof.recording import Curves


class PointApart(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first point of a metric that is not what was recorded. None: it is not there."""

    metric: str
    step: int
    recorded: float | None
    observed: float | None

    @property
    def size(self) -> float | None:
        """How far apart they are; None where one is missing or not finite."""
        if self.recorded is None or self.observed is None:
            return None
        apart = abs(self.recorded - self.observed)
        return apart if math.isfinite(apart) else None


class PointsCompared(msgspec.Struct, frozen=True):
    """All points of a piece of a trial. `apart`: the first of each metric that differs, earliest first; `largest`: over all."""

    points: int
    apart: list[PointApart]
    largest: float = 0.0

    @property
    def first_step(self) -> int | None:
        """The first step at which any metric differs."""
        return min((one.step for one in self.apart), default=None)


def same_bits(one: float | None, other: float | None) -> bool:
    """Equal as 64 bits: 0.0 is not -0.0. Any NaN is like any other: a ledger does not keep its bits apart."""
    if one is None or other is None:
        return one is other
    return struct.pack("<d", one) == struct.pack("<d", other) or (math.isnan(one) and math.isnan(other))


def compare_points(
    recorded: Curves, observed: Curves, begin: int, until: int, valid: int | None = None
) -> PointsCompared:
    """Points of a piece of a trial, from `begin` to `until` units; what is recorded above `valid` was written by somebody else.

    A metric that was reported at steps of its own is compared where it was observed: which of its recorded steps belong to the piece,
    nobody knows.
    """
    valid = until if valid is None else min(valid, until)
    count, apart, largest = 0, [], 0.0
    for metric in sorted({*recorded, *observed}):
        ours, theirs = recorded.get(metric, {}), observed.get(metric, {})
        steps = sorted(_steps(ours, theirs, begin, until, valid))
        count += len(steps)
        pairs = [PointApart(metric, step, ours.get(step), theirs.get(step)) for step in steps]
        differing = [one for one in pairs if not same_bits(one.recorded, one.observed)]
        apart += differing[:1]
        largest = max([largest, *(one.size for one in differing if one.size is not None)])
    return PointsCompared(count, sorted(apart, key=lambda one: (one.step, one.metric)), largest)


def _steps(
    recorded: Mapping[int, float], observed: Mapping[int, float], begin: int, until: int, valid: int
) -> set[int]:
    if all(begin < step <= until for step in observed):
        return {step for step in (*recorded, *observed) if begin < step <= valid}
    return set(observed) if valid == until else set()

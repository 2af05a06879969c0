"""Metric points: how a batch is stored, and what several batches of one trial mean together.

A point is keyed by (trial, metric, step). Of two values for one key the one of the higher epoch holds, and of two of the same
epoch the one that came first: a resumed trial overwrites what its lost predecessor logged, and a batch sent twice changes
nothing. A batch is stored as it comes, in one row; the rule is applied when a curve is read. Batches nearly always continue
one another, which `merge` sees at once.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from daybreak.base.errors import LedgerDamaged

Curve = tuple[list[int], list[float]]

_encode = msgspec.msgpack.Encoder().encode
_decode_all = msgspec.msgpack.Decoder(dict[int, tuple[list[int], list[float]]]).decode
_decode_series = msgspec.msgpack.Decoder(dict[int, msgspec.Raw]).decode
_decode_curve = msgspec.msgpack.Decoder(tuple[list[int], list[float]]).decode


class Stored(NamedTuple):
    """One stored batch of a trial; `series` as written by `pack`."""

    epoch: int
    series: bytes


def ascending(steps: list[int], values: list[float]) -> Curve:
    """The same points with steps strictly ascending; of equal steps the first stays. Raises `ValueError` if lengths differ."""
    if len(steps) != len(values):
        raise ValueError(f"a series has as many values as steps, got {len(values)} values for {len(steps)} steps")
    ordered = sorted(set(steps))
    if ordered == steps:
        return steps, values
    first = dict(zip(reversed(steps), reversed(values), strict=True))
    return ordered, [first[step] for step in ordered]


def pack(series: Mapping[int, Curve]) -> bytes:
    """The bytes of one batch: metric id -> (steps, values)."""
    return _encode(series)


def unpack(data: bytes, wanted: frozenset[int] | None = None) -> dict[int, Curve]:
    """What `pack` wrote, only the wanted metrics of it. Raises `LedgerDamaged`."""
    try:
        if wanted is None:
            return _decode_all(data)
        return {metric: _decode_curve(raw) for metric, raw in _decode_series(data).items() if metric in wanted}
    except msgspec.DecodeError as error:
        raise LedgerDamaged(
            f"a batch of metric points cannot be read ({error}); run `daybreak ledger check`"
        ) from error


def merge(batches: Iterable[Stored], wanted: frozenset[int] | None = None) -> dict[int, Curve]:
    """The curves of one trial from its batches, given in the order they were committed."""
    parts: dict[int, list[tuple[int, Curve]]] = {}
    for batch in batches:
        for metric, curve in unpack(batch.series, wanted).items():
            if curve[0]:
                parts.setdefault(metric, []).append((batch.epoch, curve))
    return {metric: _join(parts[metric]) for metric in sorted(parts)}


def _join(parts: list[tuple[int, Curve]]) -> Curve:
    steps: list[int] = []
    values: list[float] = []
    for _, (more_steps, more_values) in parts:
        if steps and more_steps[0] <= steps[-1]:
            return _overlay(parts)
        steps += more_steps
        values += more_values
    return steps, values


def _overlay(parts: list[tuple[int, Curve]]) -> Curve:
    """Lower epochs first and, within an epoch, later batches first: what is written last holds."""
    weakest_first = sorted(range(len(parts)), key=lambda place: (parts[place][0], -place))
    held: dict[int, float] = {}
    for place in weakest_first:
        held.update(zip(*parts[place][1], strict=True))
    ordered = sorted(held)
    return ordered, [held[step] for step in ordered]

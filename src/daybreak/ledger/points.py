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
    if len(steps) == 1:
        return steps, values
    ordered = sorted(set(steps))
    if ordered == steps:
        return steps, values
    first = dict(zip(reversed(steps), reversed(values), strict=True))
    return ordered, [first[step] for step in ordered]


def pack(series: Mapping[int, Curve]) -> bytes:
    """The bytes of one batch: metric id -> (steps, values), steps strictly ascending, none empty."""
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
    held = list(batches)
    joined: dict[int, Curve] = {}
    tangled: set[int] = set()
    for _, data in held:
        for metric, (steps, values) in unpack(data, wanted).items():
            if metric not in joined:
                joined[metric] = steps, values
            elif steps[0] > joined[metric][0][-1]:
                joined[metric][0].extend(steps)
                joined[metric][1].extend(values)
            else:
                tangled.add(metric)
    joined.update((metric, _overlay(held, metric)) for metric in tangled)
    return dict(sorted(joined.items()))


def _overlay(batches: list[Stored], metric: int) -> Curve:
    """Lower epochs first and, within an epoch, later batches first: what is written last holds."""
    held: dict[int, float] = {}
    only = frozenset({metric})
    weakest_first = sorted(range(len(batches)), key=lambda place: (batches[place].epoch, -place))
    for place in weakest_first:
        held.update(zip(*unpack(batches[place].series, only).get(metric, ((), ())), strict=True))
    ordered = sorted(held)
    return ordered, [held[step] for step in ordered]

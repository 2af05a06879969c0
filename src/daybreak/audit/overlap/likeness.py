"""Each sample's best partner, and how far it stands out: what pictures and recordings have in common once their candidates were aligned."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from daybreak.audit.overlap.projection import Candidates, Floats, Indices

Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Aligned(NamedTuple):
    """Queries on their candidates, (Q, K) each. `agreement`: correlation at the best pose. `pose`: which that is."""

    agreement: Floats
    pose: Indices


@dataclass(frozen=True)
class Likeness:
    """Each query's best partner. `ratio`: inf where there is none to speak of; `same`: equal throughout, `overlap.exact` counts those."""

    partner: Indices
    similarity: Floats
    ratio: Floats
    pose: Indices
    same: Flags


def liken(found: Candidates, chosen: Indices, aligned: Aligned, same: Flags, others: float = 0.75) -> Likeness:
    """Of all queries, when the `chosen` ones were aligned with their first candidates. `others`: which quantile of these is far."""
    best = aligned.agreement.argmax(axis=1)
    here = np.arange(len(chosen))
    partner, pose = found.points[:, 0].copy(), np.zeros(len(same), np.int64)
    similarity, ratio = np.ones(len(same), np.float32), np.full(len(same), np.inf, np.float32)
    partner[chosen], pose[chosen] = found.points[chosen, best], aligned.pose[here, best]
    similarity[chosen] = aligned.agreement[here, best].clip(0, 1)
    distance = np.maximum(1 - aligned.agreement, 0)
    ratio[chosen] = distance[here, best] / np.maximum(far(distance, others), 1e-6)
    return Likeness(partner, similarity, ratio, pose, same)


def far(distances: Floats, share: float) -> Floats:
    """The distance at which others lie: a quantile of the candidates' distances (n, k) -> (n,)."""
    return np.asarray(np.quantile(distances, share, axis=1), np.float32) if len(distances) else np.zeros(0, np.float32)


def equal(found: Candidates, queries: "np.ndarray[Any, Any]", points: "np.ndarray[Any, Any]") -> Flags:
    """Which queries are equal throughout to one of their candidates. Rows are compared: digests, pixels, energies."""
    query, place = np.nonzero(found.similarity > 0.999)  # noqa: PLR2004 (equal but for rounding)
    alike = queries[query] == points[found.points[query, place]]
    same = np.zeros(len(queries), bool)
    same[query[alike.all(axis=tuple(range(1, alike.ndim)))]] = True
    return same


def standing_out(found: Candidates) -> Floats:
    """How much nearer the best candidate is than that of a usual block; 0 a copy, 1 not at all."""
    usual = np.median(found.similarity, axis=1)
    return np.asarray((1 - found.similarity[:, 0]) / np.maximum(1 - usual, 1e-6), np.float32)

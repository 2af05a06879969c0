"""What search and scheduling exchange: a demand, a grant, and what an owner of demands may hold."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

Kind = Literal["any", "cpu", "gpu", "mig"]


@dataclass(frozen=True, slots=True)
class Demand:
    """This trial of `owner` (an experiment) wants a gang of slots on one machine: one of `machines`, None for any."""

    owner: int
    trial: int
    slots: int
    kind: Kind
    machines: Container[str] | None = None
    avoids: frozenset[tuple[str, int]] = frozenset()  # (machine, slot) where it must not go


@dataclass(frozen=True, slots=True)
class Grant:
    """The demand has these slots of this machine from now on."""

    demand: Demand
    machine: str
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """An owner of demands: its priority (higher goes first), the slots it holds, and the most it may hold (None: no limit)."""

    owner: int
    priority: int
    held: int
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A gang that is held now and may be preempted; `since` is when it was granted."""

    owner: int
    priority: int
    machine: str
    kind: str
    slots: int
    since: float
    key: tuple[int, int, int]  # the attempt

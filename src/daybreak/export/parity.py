"""Original against export, on real samples: exporters are silently wrong often enough that nothing ships without it."""

from typing import Literal

import msgspec

Verdict = Literal["passed", "failed", "not run"]


class Compared(msgspec.Struct, frozen=True):
    """One output at one batch size: |original - export| largest and mean, rows decided otherwise of `rows`."""

    output: str
    batch: int
    rows: int
    largest: float
    mean: float
    disagreeing: int


class Parity(msgspec.Struct, frozen=True):
    """What parity.json holds. `why`: the reason in a sentence; `metric`: of the task, empty without targets; `scale`: what `largest` is a share of."""

    verdict: Verdict
    why: str
    compared: tuple[Compared, ...] = ()
    rows: int = 0
    metric: str = ""
    original: float | None = None
    export: float | None = None
    told: float | None = None
    scale: dict[str, float] = {}
    allowed: dict[str, float] = {}

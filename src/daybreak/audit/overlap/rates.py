"""Whether test holds more copies of train texts than train holds of its own: the rule of `overlap.exact`."""

from math import sqrt
from typing import Literal, NamedTuple

from daybreak.audit.outcome import Severity

Kind = Literal["none", "few", "inherited", "structural"]

Z, EXCESS = 4.0, 0.001
MANY, AT_LEAST = 0.01, 5  # share and number of test texts from which inherited copies are worth a look


class Rates(NamedTuple):
    """`hits`: of test. `rate`: their share; `null`: the share of train texts with a partner within train, as an honest split gives."""

    kind: Kind
    hits: int
    rate: float
    null: float
    z: float

    @property
    def severity(self) -> Severity:
        """error: brought in by the split; warning: inherited, and enough to be worth a look."""
        if self.kind == "structural":
            return "error"
        return "warning" if self.kind == "inherited" and self.rate >= MANY and self.hits >= AT_LEAST else "info"


def rates(hits: int, of_test: int, twins: int, of_train: int) -> Rates:
    """Structural: z > 4 and an excess of more than 0.1 points. Twins of train come in pairs, so they are half as many facts."""
    n, m = max(1, of_test), max(1, of_train)
    rate, null = hits / n, twins / m
    pooled = (hits + twins) / (n + m)
    spread = sqrt(pooled * (1 - pooled) * (1 / n + 2 / m))
    z = (rate - null) / spread if spread else 0.0
    kind: Kind = "none"
    if hits:
        kind = "structural" if z > Z and rate - null > EXCESS else "inherited" if null > EXCESS else "few"
    return Rates(kind, hits, rate, null, z)


def percent(share: float) -> str:
    """0.0014 is 0.14 %."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.1f} %"  # noqa: PLR2004

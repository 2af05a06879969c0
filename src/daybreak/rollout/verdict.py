"""What a test says, in words that need no statistics."""

from collections.abc import Collection, Sequence
from math import exp, expm1
from typing import Literal

from msgspec import Struct

from daybreak.rollout.comparison import Comparison, Ratio
from daybreak.rollout.guardrails import Watched
from daybreak.rollout.outcomes import LEAST, MORE_IS_BETTER, SHARES, Kind
from daybreak.rollout.reading import Reading

State = Literal["rollback", "blocked", "better", "worse", "same", "early"]
MINUTE, HOUR, DAY = 60, 3600, 86_400


class Verdict(Struct, frozen=True):
    """`state` is that of the challenger it is about (`arm`). `rollback`: arms that violate a guard and must go."""

    state: State
    said: str
    arm: str | None = None
    rollback: tuple[str, ...] = ()


def verdict(
    test: Comparison,
    watched: Sequence[Watched],
    elapsed: float | None = None,
    left: Collection[str] = (),
    *,
    ended: bool = False,
) -> Verdict:
    """Guards come first, then the sample ratio, which blocks any readout, then the primary outcome.

    `elapsed`: seconds since the test began, for "at this rate"; None leaves that out. `left`: arms that were stopped while others go on.
    `ended`: no more is wanted of it.
    """
    broken = [one for one in watched if one.violated and one.arm not in left]
    if broken:
        names = tuple(dict.fromkeys(one.arm for one in broken))
        return Verdict("rollback", "; ".join(violation(one) for one in broken) + ".", names[0], names)
    ratio = test.ratio()
    if ratio.mismatched:
        return Verdict("blocked", mismatch(test.names, ratio))
    readings = [one for one in test.readings() if one.outcome == test.rules.primary.name and one.arm not in left]
    if not readings:
        return Verdict("early", "no challenger answers requests: there is nothing to compare.")
    order: tuple[State, ...] = ("better", "early", "same", "worse")
    first = min(readings, key=lambda one: (order.index(one.standing), -(one.difference or 0.0)))
    said = " ".join(sentence(one, test.names[0], elapsed, ended=ended) for one in readings)
    return Verdict(first.standing, said, first.arm)


def sentence(reading: Reading, champion: str, elapsed: float | None = None, *, ended: bool = False) -> str:
    """One outcome of one challenger."""
    early = "It ended too early to tell" if ended else "Too early to tell"
    wanted = "" if ended else _wanted(reading, elapsed)
    arm, kind = reading.arm, reading.kind
    beside = _beside(reading, champion)
    if reading.low is None or reading.high is None:
        if reading.kind == "conversion" and min(reading.outcomes) >= LEAST:
            return f"{early}: hardly any conversion has been told of yet, by POST /feedback ({beside})."
        why = (
            "every outcome so far is the same" if reading.difference is not None else "too few outcomes for an interval"
        )
        return f"{early}: {why} ({beside}){wanted}."
    if reading.standing in {"better", "worse"}:
        near, far = sorted((abs(reading.low), abs(reading.high)))
        trifle = f", less than the {_amount(reading.effect, kind)} that matter" if far < reading.effect else ""
        return f"{arm} is {reading.standing} by {_span(near, far, reading)}{trifle} ({beside})."
    between = f"{arm} is between {_side(reading.low, reading)} and {_side(reading.high, reading)}"
    if reading.standing == "same":
        return f"No difference that matters: {between} ({beside}); {_amount(reading.effect, kind)} would matter."
    return f"{early}: {between} ({beside}){wanted}."


def _beside(reading: Reading, champion: str) -> str:
    values = [
        f"{name} {_value(value, reading.kind)} of {count:,}"
        for name, value, count in zip(
            (reading.arm, champion), (reading.challenger, reading.champion), reversed(reading.outcomes), strict=True
        )
    ]
    return f"{reading.outcome}: {', '.join(values)}"


def _value(value: float | None, kind: Kind) -> str:
    if value is None:
        return "-"
    if kind in SHARES:
        return f"{value:.2%}".replace("%", " %")
    return f"{1000 * exp(value):.3g} ms" if kind == "latency" else f"{value:.4g}"


def _amount(size: float, kind: Kind) -> str:
    number = _size(size, kind)
    if kind in SHARES:
        return f"{number} point{'' if number == '1' else 's'}"
    return f"{number} %" if kind == "latency" else number


def _size(size: float, kind: Kind) -> str:
    """Two digits are read, more are noise."""
    scaled = 100 * (expm1(size) if kind == "latency" else size) if kind != "rating" else size
    digits = 1 if scaled >= 1 else 2
    return f"{scaled:.{digits}f}".rstrip("0").rstrip(".") or "0"


def _span(near: float, far: float, reading: Reading) -> str:
    return f"{_size(near, reading.kind)} to {_amount(far, reading.kind)}"


def _side(value: float, reading: Reading) -> str:
    good = (value > 0) == (reading.kind in MORE_IS_BETTER)
    return f"{_amount(abs(value), reading.kind)} {'better' if good else 'worse'}"


def _wanted(reading: Reading, elapsed: float | None) -> str:
    if reading.more is None:
        return ""
    difference = f"a difference of {_amount(reading.effect, reading.kind)}"
    if not reading.more:
        return f"; {difference} would most likely have shown by now"
    seen = sum(reading.outcomes)
    rate = f", {_duration(reading.more * elapsed / seen)} at this rate" if elapsed and seen else ""
    return f"; about {_round(reading.more):,} more outcomes would show {difference}{rate}"


def _round(many: int) -> int:
    """Two digits: it is an estimate."""
    return round(many, 2 - len(str(many))) if many > 99 else many  # noqa: PLR2004


def _duration(seconds: float) -> str:
    for size, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if seconds >= 2 * size:
            return f"about {seconds / size:.0f} {name}"
    return f"about {max(1, round(seconds))} seconds"


def mismatch(names: Sequence[str], ratio: Ratio) -> str:
    """Why the readout is blocked."""
    seen, dealt = (
        ", ".join(
            f"{name} {share / max(1, sum(ratio.seen)):.1%}".replace("%", " %")
            for name, share in zip(names, shares, strict=True)
        )
        for shares in (ratio.seen, ratio.expected)
    )
    return (
        f"The arms do not get the units they were dealt (p = {ratio.p:.1g}): of {sum(ratio.seen):,} units {seen}; dealt: {dealt}. "
        "Something loses or adds units of one arm, so no comparison can be believed: look for requests that never arrive, bots, or "
        "clients that choose their unit."
    )


def violation(watched: Watched) -> str:
    """Why a challenger must go."""
    if watched.rail == "drift":
        return f"{watched.arm} predicts under drift: {watched.said}"
    what = (
        "of its requests fail"
        if watched.rail == "errors"
        else "of its answers are slower than the champion's 99th percentile"
    )
    shares = [f"{share or 0.0:.2%}".replace("%", " %") for share in (watched.challenger, watched.champion)]
    more = f"; {watched.said}" if watched.said else ""
    return f"{shares[0]} {what} ({watched.arm}), {shares[1]} of the champion's{more}"

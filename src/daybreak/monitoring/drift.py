"""What a window says against the reference, column by column: an alarm needs an effect that matters and more than chance gives.

Every track is asked several questions (distance, missing, out of range, new values); the chances of all of them are corrected together by
Holm ("A simple sequentially rejective multiple test procedure", 1979), so that a window in which nothing changed raises any alarm with
probability `level` at most, whatever the number of columns.
"""

from typing import Literal

import msgspec
import numpy as np

from daybreak.monitoring.policy import Policy, Question
from daybreak.monitoring.questions import Asked, asked
from daybreak.monitoring.records import Partial, Reference, Side
from daybreak.monitoring.window import expected, tracks_of

Standing = Literal["ok", "drift", "too few rows"]


class Finding(msgspec.Struct, frozen=True):
    """One question to one track. `p`: after the correction; `cut`: what chance alone passes with probability `level`, uncorrected.

    `told_only`: it may raise no alarm, and is not among those that are corrected together.
    """

    side: Side
    column: str
    track: str
    question: Question
    value: float
    effect: float
    cut: float
    p: float
    rows: int
    alarm: bool
    says: str
    told_only: bool = False

    @property
    def name(self) -> str:
        """The column, and its track where it has several."""
        return f"{self.column}: {self.track}" if self.track else self.column


class Verdict(msgspec.Struct, frozen=True):
    """What a window says; the loudest tests first. `unread`: rows that could not be measured."""

    rows: int
    standing: Standing
    says: str
    tests: tuple[Finding, ...] = ()
    unread: int = 0

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """Tests that raise an alarm."""
        return tuple(test for test in self.tests if test.alarm)


def judge(reference: Reference, window: Partial, policy: Policy | None = None) -> Verdict:
    """A window against the reference. Of fewer than `policy.rows` rows nothing is said."""
    policy = policy or Policy()
    if window.rows < policy.rows:
        says = f"too few rows to tell: {window.rows} of {policy.rows}"
        return Verdict(window.rows, "too few rows", says, unread=window.unread)
    found = _questions(reference, window, policy)
    corrected = iter(holm([answer.p for *_, answer in found if answer.counts]))
    told = []
    for side, column, track, answer in found:
        p = next(corrected) if answer.counts else answer.p
        told.append(_told(side, column, track, answer, p, policy))
    told.sort(key=lambda test: (not test.alarm, test.told_only, -test.value / max(test.effect, 1e-9)))
    return Verdict(
        window.rows, "drift" if told and told[0].alarm else "ok", _sentence(told), tuple(told), window.unread
    )


def _questions(reference: Reference, window: Partial, policy: Policy) -> list[tuple[Side, str, str, Asked]]:
    found = []
    for name, (side, column, track) in tracks_of(reference).items():
        counted = window.tracks.get(name)
        if counted is not None and len(counted.bins) == expected(track):
            answers = asked(track, counted, policy, first=track is column.tracks[0])
            found += [(side, column.name, track.name, answer) for answer in answers]
    return found


def _told(side: Side, column: str, track: str, answer: Asked, p: float, policy: Policy) -> Finding:
    alarm = answer.counts and p <= policy.level and answer.value >= answer.effect
    return Finding(
        side,
        column,
        track,
        answer.question,
        answer.value,
        answer.effect,
        answer.cut,
        p,
        answer.rows,
        alarm,
        answer.says,
        not answer.counts,
    )


def holm(p: list[float]) -> list[float]:
    """Holm's step-down correction of p values."""
    values = np.array(p)
    order = np.argsort(values)
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    result = np.empty(len(values))
    result[order] = np.minimum(stepped, 1.0)
    corrected: list[float] = result.tolist()
    return corrected


def _sentence(told: list[Finding]) -> str:
    alarms = list(dict.fromkeys(test.name for test in told if test.alarm))
    if not alarms:
        return "no column differs from the reference by more than chance and by enough to matter"
    if len(alarms) == 1:
        return f"{alarms[0]} differs from the reference: {told[0].says}"
    more = f" and {len(alarms) - 3} more" if len(alarms) > 3 else ""  # noqa: PLR2004
    return f"{', '.join(alarms[:3])}{more} differ from the reference; {told[0].name}: {told[0].says}"

"""Who is told what, and when: at the first window with an alarm, when more comes, now and then while it lasts, and when it is over."""

from typing import Literal

import msgspec

from daybreak.serving.watch.closed import Closed
from daybreak.serving.watch.settings import Watch

News = Literal["began", "more", "lasts", "recovered", "taken back", "verdict"]
_WORDS: dict[News, str] = {
    "began": "something changed",
    "more": "more changed",
    "lasts": "still as told before",
    "recovered": "as it was again",
    "taken back": "a challenger was taken back",
    "verdict": "the test of champion and challenger says something",
}


class Told(msgspec.Struct, frozen=True):
    """What people know of one arm: since when it lasts, when they were told last, and of what."""

    since: float
    at: float
    names: tuple[str, ...]


class Message(msgspec.Struct, frozen=True):
    """An alert, as a webhook gets it. `alarms`: what changed, in words; times in seconds since 1970."""

    deployment: str
    arm: str
    model: str
    version: int
    news: News
    says: str
    at: float
    since: float
    until: float
    rows: int
    alarms: dict[str, str]
    url: str = ""

    @property
    def subject(self) -> str:
        """One line."""
        return f"[daybreak] {self.deployment}: {self.model} {self.version} ({self.arm}): {_WORDS[self.news]}"

    @property
    def text(self) -> str:
        """The whole, for a person."""
        listed = "".join(f"\n- {name}: {says}" for name, says in self.alarms.items())
        link = f"\n\n{self.url}/drift" if self.url else ""
        return f"{self.says}\n{listed}\n\nThe window had {self.rows:,} rows.{link}\n"


def news(told: Told | None, closed: Closed, watch: Watch, at: float) -> tuple[News | None, Told | None]:
    """What is new to people who know `told`, and what they know then. A window with too few rows changes nothing."""
    names = tuple(closed.alarms)
    if not names:
        known = closed.verdict.standing == "too few rows" or told is None
        return (None, told) if known else ("recovered", None)
    if told is None:
        return "began", Told(at, at, names)
    if at - told.at < watch.quiet:
        return None, told
    if set(names) - set(told.names):
        return "more", Told(told.since, at, tuple(dict.fromkeys((*told.names, *names))))
    return ("lasts", Told(told.since, at, told.names)) if at - told.at >= watch.again else (None, told)


def message(deployment: str, url: str, what: News, closed: Closed, at: float) -> Message:
    """The alert of a window."""
    says = "nothing differs from the reference any more" if what == "recovered" else _says(closed)
    return Message(
        deployment,
        closed.arm,
        closed.model,
        closed.version,
        what,
        says,
        at,
        closed.since,
        closed.until,
        closed.verdict.rows,
        closed.alarms,
        url,
    )


def _says(closed: Closed) -> str:
    if closed.verdict.alarms:
        return closed.verdict.says
    return next(iter(closed.alarms.values()))

"""In the supervisor, every second: fold, say what the test says, and take back a challenger that violates a guard.

A rollback is a change of the desired state like any command's: replicas stop sending units to that arm at the next switch, without a
request lost, and `daybreak ab status` tells why.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.serving import desired
from daybreak.serving.deployment import Deployment
from daybreak.serving.events import Dealt, Writer, hold
from daybreak.serving.experiment import REPORT
from daybreak.serving.experiment.following import READER, Following
from daybreak.serving.experiment.marking import crashed
from daybreak.serving.experiment.record import Experiment, experiment_of, without
from daybreak.serving.experiment.reporting import Report, publish, published, report

KEEP = 30.0  # seconds between writing down what was folded
SUPERVISOR = 0  # its number among those that write events; replicas count from 1
SETTLE = 60.0  # seconds that a test which has ended is still followed: replicas flush, and late feedback comes

TOLD = ("better", "worse", "same", "blocked")  # verdicts that people are told of when they come


class News(msgspec.Struct, frozen=True):
    """What people should know, in words. `requests`: of the test, from `began` to `at` (seconds since 1970)."""

    kind: Literal["taken back", "verdict"]
    arm: str
    version: tuple[str, int]
    said: str
    began: float
    at: float
    requests: int


Alert = Callable[[News], None]
Drifted = Callable[[Experiment], dict[str, str]]  # by arm what monitoring says of its answers, where they drift

_log = logging.getLogger("daybreak.serving")


class Steering:
    """The test of one deployment, whichever runs. `alert` hears of rollbacks and of a verdict that changes."""

    def __init__(self, folder: Path, alert: Alert, drifted: Drifted | None = None) -> None:
        self._folder = folder
        self._alert = alert
        self._drifted = drifted
        self._test: Following | None = None
        self._writer = Writer(folder / "events", SUPERVISOR)
        self._kept = 0.0
        self._said: set[str] = set()

    def tick(self, deployment: Deployment, at: float) -> Report | None:
        """Follow the test of what is wanted now (`at`: seconds since 1970); what it says; None where there is none to follow."""
        died = crashed(self._folder)
        if not deployment.experiment:
            (self._folder / REPORT).unlink(missing_ok=True)  # of a deployment that was replaced
            hold(self._folder / "events", READER, None)
            return None
        test = self._follow(deployment)
        ended = test.experiment.ended
        if ended is not None and at > ended + SETTLE and self._kept > ended + SETTLE:
            hold(self._folder / "events", READER, None)
            return None
        self._blame(died, at)
        test.poll()
        told = report(test, at, self._drifted(test.experiment) if self._drifted else None)
        if ended is None:
            self._roll_back(told, at)
            self._say(told)
        publish(self._folder, told)
        if at - self._kept > KEEP:
            test.keep()
            self._kept = at
        return told

    def close(self) -> None:
        """Write down what was folded."""
        self._writer.close()
        if self._test is not None:
            self._test.poll()
            self._test.keep()

    def _blame(self, died: list[tuple[str, str]], at: float) -> None:
        """Requests that a replica was answering when it died failed: they become events like all others."""
        for arm, dealt in died:
            self._writer.add(Dealt(at, arm, dealt, 0.0, failed=True))
        self._writer.flush()

    def _follow(self, deployment: Deployment) -> Following:
        found = experiment_of(deployment)
        if self._test is None or self._test.experiment.salt != found.salt:
            self._test, self._kept, self._said = Following(self._folder, found), 0.0, set()
            told = published(self._folder)
            if told is not None and told.began == found.began:  # people know from before a restart
                self._said.add(told.verdict.state)
        elif self._test.experiment != found:
            self._test.revise(found)
        return self._test

    def _roll_back(self, told: Report, at: float) -> None:
        for arm in told.verdict.rollback:
            why = "; ".join(one.said for one in told.guards if one.watched.arm == arm and one.said)
            try:
                if not take_back(self._folder, arm, at, why):
                    continue  # somebody stopped it meanwhile
            except (DaybreakError, OSError) as error:
                _log.error("a challenger could not be taken back", exc_info=error, extra={"arm": arm, "why": why})
                continue
            _log.warning("challenger taken back", extra={"arm": arm, "why": why})
            self._tell("taken back", told, arm, f"{arm} was taken back: {why}. The champion answers its units again.")

    def _say(self, told: Report) -> None:
        """An alert when the verdict becomes better, worse, same or blocked for the first time."""
        state = told.verdict.state
        if state in TOLD and state not in self._said:
            self._said.add(state)
            self._tell("verdict", told, told.verdict.arm or told.arms[0].name, told.verdict.said)

    def _tell(self, kind: Literal["taken back", "verdict"], told: Report, arm: str, said: str) -> None:
        version = next((one.model, one.version) for one in told.arms if one.name == arm)
        self._alert(News(kind, arm, version, said, told.began, told.at, sum(one.requests for one in told.arms)))


def take_back(folder: Path, arm: str, at: float, why: str) -> bool:
    """Want a deployment without an arm; whether it was still there. Raises `NotFound`, `OSError`."""
    there = False

    def without_it(now: Deployment) -> Deployment:
        nonlocal there
        there = now.split is not None and any(one.name == arm for one in now.split.arms)
        return without(now, arm, at, f"taken back: {why}") if there else now

    desired.change(folder, without_it)
    return there

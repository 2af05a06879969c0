"""A test as a deployment remembers it, and the changes of a deployment that begin, ramp and end one. All pure: files are others'.

It stands in `Deployment.experiment`, and stays there when the test has ended, so that its readout can be read until the next begins.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from daybreak.base.errors import NotFound, UsageError
from daybreak.rollout.assignment import Arm, Role, Split, opened, ramped, stopped
from daybreak.rollout.comparison import Rules
from daybreak.serving.deployment import Deployment, Served

CHAMPION = "champion"


class Revision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each arm was given from a moment on (seconds since 1970). `number`: that of the split."""

    number: int
    at: float
    weights: dict[str, float]


class Experiment(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One test. `salt` is its name for all time; `arms`: who answers, the champion first; `versions`: of arms and shadows.

    `ended`: seconds since 1970, with the reason; `stopped`: arms that left before, with theirs.
    """

    salt: str
    arms: tuple[str, ...]
    shadows: tuple[str, ...]
    versions: dict[str, tuple[str, int]]
    rules: Rules
    history: tuple[Revision, ...]
    ended: float | None = None
    because: str = ""
    stopped: dict[str, str] = {}
    unit: str = "header:x-unit-id"

    @property
    def began(self) -> float:
        """When it began, seconds since 1970."""
        return self.history[0].at

    def role(self, arm: str) -> Role:
        """What an arm was in it."""
        if arm in self.shadows:
            return "shadow"
        return "champion" if arm == self.arms[0] else "challenger"


class Challenger(msgspec.Struct, frozen=True):
    """Who is to be compared: a loaded-to-be version, as `challenger` or `shadow`, with its share of units, 0 to 1."""

    served: Served
    weight: float
    role: Role = "challenger"


def experiment_of(deployment: Deployment) -> Experiment:
    """The test that runs or ran last. Raises `NotFound` where there was none."""
    if not deployment.experiment:
        raise NotFound(f"{deployment.name} has no test: daybreak ab start {deployment.name} MODEL@VERSION begins one")
    return msgspec.convert(deployment.experiment, Experiment)


def begun(
    deployment: Deployment, others: tuple[Challenger, ...], rules: Rules, salt: str, at: float, unit: str
) -> Deployment:
    """The deployment with a test of `others` against what it serves. Raises `UsageError` where one runs, or shares do not fit."""
    if deployment.split is not None:
        running = experiment_of(deployment)
        raise UsageError(
            f"{deployment.name} runs a test of {', '.join(running.arms + running.shadows)}: "
            f"daybreak ab stop {deployment.name} ends it"
        )
    if not others:
        raise UsageError("a test needs a challenger or a shadow")
    champion = replace(deployment.served[0], arm=CHAMPION)
    split = opened(salt, _arm(champion, "champion"), {_arm(one.served, one.role): one.weight for one in others}, unit)
    split = replace(split, revision=_next(deployment))
    served = (champion, *(one.served for one in others))
    found = Experiment(
        salt,
        tuple(arm.name for arm in split.dealing),
        tuple(arm.name for arm in split.shadows),
        {one.arm: (one.model, one.version) for one in served},
        rules,
        (_revision(split, at),),
        unit=unit,
    )
    return _changed(deployment, found, split, served)


def grown(deployment: Deployment, weights: Mapping[str, float], at: float) -> Deployment:
    """With larger shares for arms. Raises what `ramped` raises, `UsageError` where no test runs."""
    found, split = _running(deployment)
    split = replace(ramped(split, weights), revision=_next(deployment))
    return _changed(deployment, _with(found, split, at), split, deployment.served)


def without(deployment: Deployment, arm: str, at: float, because: str) -> Deployment:
    """Without one arm: its units go back to the champion; the test ends with its last challenger and shadow.

    Raises `NotFound`, `UsageError` for the champion or where no test runs.
    """
    found, split = _running(deployment)
    split = replace(stopped(split, arm), revision=_next(deployment))
    if len(split.arms) == 1:
        return over(deployment, at, f"{arm} {because}")
    found = replace(_with(found, split, at), stopped=found.stopped | {arm: because})
    served = tuple(one for one in deployment.served if one.arm != arm)
    return _changed(deployment, found, split, served)


def over(deployment: Deployment, at: float, because: str) -> Deployment:
    """With the test ended: the champion answers everybody. Raises `UsageError` where no test runs."""
    found, split = _running(deployment)
    alone = {split.champion.name: 1.0}
    history = (*found.history, Revision(_next(deployment), at, alone))
    ended = replace(found, history=history, ended=at, because=because)
    return _changed(deployment, ended, None, deployment.served[:1])


def _next(deployment: Deployment) -> int:
    """The number of the next revision, which no test of this deployment ever had."""
    last = experiment_of(deployment).history[-1].number if deployment.experiment else 0
    return max(last, deployment.generation) + 1


def _running(deployment: Deployment) -> tuple[Experiment, Split]:
    found = experiment_of(deployment)
    if deployment.split is None:
        raise UsageError(f"{deployment.name} runs no test now: daybreak ab status {deployment.name} tells of the last")
    return found, deployment.split


def _arm(served: Served, role: Role) -> Arm:
    return Arm(served.arm, served.model, str(served.version), role)


def _revision(split: Split, at: float) -> Revision:
    return Revision(split.revision, at, {arm.name: arm.weight for arm in split.arms})


def _with(found: Experiment, split: Split, at: float) -> Experiment:
    return replace(found, history=(*found.history, _revision(split, at)))


def _changed(deployment: Deployment, found: Experiment, split: Split | None, served: tuple[Served, ...]) -> Deployment:
    """`generation` is grown by whoever writes it (`serving.desired`)."""
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return replace(deployment, experiment=told, split=split, served=served)

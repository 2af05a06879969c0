"""What a command has changed of a deployment: as data, and each in words."""

from typing import Any, Literal

import msgspec

from daybreak.serving.deployment import Deployment, Served


class Changed(msgspec.Struct, frozen=True):
    """One thing that is otherwise than `before`. `of`: an arm, or an arm's output (`champion.income`); None: the model's own threshold."""

    what: Literal["replicas", "version", "threshold", "share"]
    of: str
    before: Any
    now: Any
    said: str


def changes(before: Deployment, after: Deployment) -> list[Changed]:
    """What differs, of what commands change while it runs."""
    found = []
    if (old := before.replicas) != (new := after.replicas):
        found.append(Changed("replicas", "", old, new, f"{new} replica{'' if new == 1 else 's'} now, {old} before"))
    arms = {one.arm: one for one in before.served}
    for one in after.served:
        if one.arm in arms:
            found += _of_arm(arms[one.arm], one)
    shares = {arm.name: arm.weight for arm in before.split.arms} if before.split else {}
    for arm in after.split.arms if after.split else ():
        if arm.name in shares and (was := shares[arm.name]) != arm.weight:
            said = f"{arm.name} gets {100 * arm.weight:g} % of units now, {100 * was:g} % before"
            found.append(Changed("share", arm.name, was, arm.weight, said))
    return found


def _of_arm(before: Served, after: Served) -> list[Changed]:
    found = []
    if (before.model, before.version, before.package) != (after.model, after.version, after.package):
        versions = f"{before.model} {before.version}", f"{after.model} {after.version}"
        found.append(
            Changed("version", after.arm, *versions, f"{after.arm} is {versions[1]} now, {versions[0]} before")
        )
    for output in dict.fromkeys((*before.thresholds, *after.thresholds)):
        old, new = before.thresholds.get(output), after.thresholds.get(output)
        if old != new:
            said = f"the second class of {output} is told from {_score(new)} on now, {_score(old)} before ({after.arm})"
            found.append(Changed("threshold", f"{after.arm}.{output}", old, new, said))
    return found


def _score(score: float | None) -> str:
    return "the model's own threshold" if score is None else f"{score:g}"

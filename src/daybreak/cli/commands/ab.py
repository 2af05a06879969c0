"""`ab`: compare a deployment's champion with challengers, live."""

import secrets
import shlex
import time
from pathlib import Path
from typing import Annotated, get_args

import msgspec
from cyclopts import App, Parameter
from msgspec.structs import replace

from daybreak.base.errors import ModelFailed, UsageError
from daybreak.base.home import Home
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, print_json, styled
from daybreak.cli.tested import show
from daybreak.client.homes import find_home, home_option
from daybreak.registry import package
from daybreak.rollout.assignment import Role
from daybreak.rollout.comparison import Rules
from daybreak.rollout.guardrails import RAILS, Guard, Rail
from daybreak.rollout.outcomes import SHARES, Kind, Outcome
from daybreak.rollout.power import needed
from daybreak.serving import deploying, desired, same, status
from daybreak.serving.deployment import Deployment
from daybreak.serving.experiment import NONE
from daybreak.serving.experiment.record import Challenger, begun, experiment_of, grown, over, without
from daybreak.serving.experiment.reporting import Report, latest

EFFECTS: dict[str, float] = {"conversion": 0.01, "error": 0.01, "accuracy": 0.01, "rating": 0.1, "latency": 0.05}
SETTLED = 180.0  # seconds until replicas must have loaded what is compared
SALT_BYTES = 8

app = App(name="ab", help="Champion and challenger: A/B tests, canaries and shadows of a deployment.")
Name = Annotated[str, Parameter(help="Of the deployment.")]


@app.command
def start(
    deployment: Name,
    challengers: Annotated[
        list[str] | None,
        Parameter(help="One or several: NAME@VERSION, NAME@ALIAS or a package's folder; left out: shadows alone."),
    ] = None,
    *,
    weight: Annotated[float, Parameter(help="Each challenger's share of units, 0 to 1.")] = 0.1,
    shadow: Annotated[
        tuple[str, ...], Parameter(help="A version that gets the same requests and is never heard.")
    ] = (),
    mirror: Annotated[float, Parameter(help="The share of units whose requests shadows get, 0 to 1.")] = 1.0,
    unit: Annotated[
        str, Parameter(help="Who always meets the same arm: header:NAME or field:NAME; none: each request for itself.")
    ] = "header:x-unit-id",
    outcome: Annotated[
        str,
        Parameter(
            help="What decides: conversion, error, accuracy (of truths), rating or latency, as POST /feedback tells."
        ),
    ] = "conversion",
    effect: Annotated[
        float | None,
        Parameter(
            help="The smallest difference that matters: points as 0.01, a rating's own unit, latency as a share."
        ),
    ] = None,
    also: Annotated[tuple[str, ...], Parameter(help="A further outcome, such as rating or rating=0.2.")] = (),
    alpha: Annotated[float, Parameter(help="The chance of a false verdict, over all looks.")] = 0.05,
    rate: Annotated[
        float | None,
        Parameter(help="The share of conversions, errors or right answers now, to be told how long it takes."),
    ] = None,
    tolerate_errors: Annotated[
        float, Parameter(help="Failed requests beyond the champion's share that are tolerated.")
    ] = 0.01,
    tolerate_slow: Annotated[
        float,
        Parameter(help="Answers slower than the champion's 99th percentile, beyond its share, that are tolerated."),
    ] = 0.01,
    ignore: Annotated[tuple[str, ...], Parameter(help="A guard that takes nobody back: errors, slow or drift.")] = (),
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Begin a test of a deployment's champion against challengers, shadows, or both.

    A unit is dealt by a salted hash and stays with its arm. A challenger that violates a guard is taken back at once.

    JSON: {deployment, arms, revision, a_a, needed}; a_a: challengers that are the champion's own version; needed: {half, most, fixed}
    outcomes, with --rate.
    """
    place = find_home(home)
    folder = desired.folder_of(place, deployment)
    rules = Rules(
        _outcome(outcome, effect),
        tuple(_also(one) for one in also),
        Guard(tolerate_errors, tolerate_slow, rails=_rails(ignore)),
        alpha,
    )
    _check(rules)
    before = desired.read(folder)
    wanted_unit = _unit(before, unit)
    others = _others(place, before, tuple(challengers or ()), weight, "challenger")
    others += _others(place, before, shadow, mirror, "shadow", others)
    salt, at = f"{deployment}-{secrets.token_hex(SALT_BYTES)}", time.time()
    wanted = desired.change(folder, lambda now: begun(now, others, rules, salt, at, wanted_unit))
    try:
        _settle(folder, wanted)
    except ModelFailed:
        desired.change(folder, lambda now: _never_begun(now, before, salt))
        raise
    _began(deployment, wanted, rate, json=json, option=home_option(place))
    if not json and not status.supervised(folder):
        _nobody(deployment, home_option(place))


@app.command
def ramp(
    deployment: Name,
    weight: Annotated[float, Parameter(help="The new share of units, 0 to 1; larger than before.")],
    *,
    arm: Annotated[str, Parameter(help="Of whom; left out: of the only challenger.")] = "",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Give a challenger (or a shadow) more units. They come from the champion; nobody else changes arms.

    JSON: {deployment, arms, revision}.
    """
    folder = desired.folder_of(find_home(home), deployment)
    wanted = desired.change(folder, lambda now: grown(now, {arm or _only(now): weight}, time.time()))
    _settle(folder, wanted)
    _changed(deployment, wanted, json=json)


@app.command
def stop(
    deployment: Name,
    *,
    arm: Annotated[str, Parameter(help="Stop this arm alone; left out: the whole test.")] = "",
    because: Annotated[str, Parameter(help="Why, for the record.")] = "stopped by command",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """End a test, or one arm of it: its units go back to the champion. What was seen stays readable.

    To make a challenger the champion, move its alias or swap it in afterwards: daybreak deployment swap.

    JSON: {deployment, arms, revision}; arms of a test that is over: all that it had, with what they are given now.
    """
    folder = desired.folder_of(find_home(home), deployment)
    at = time.time()
    wanted = desired.change(folder, lambda now: without(now, arm, at, because) if arm else over(now, at, because))
    _settle(folder, wanted)
    _changed(deployment, wanted, json=json)


@app.command(name="status")
def status_(
    deployment: Name,
    *,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Tell what a test says now: a verdict in words, arms, outcomes, the sample-ratio check, guards, shadows.

    It may be asked as often as one likes: what it promises holds for all looks together.

    JSON: {state, began, at, verdict, arms, readings, ratio, guards, shadows, ended, because}; times in seconds since 1970. Where there
    never was a test {state}, which is none.
    """
    folder = desired.folder_of(find_home(home), deployment)
    wanted = desired.read(folder)
    if not wanted.experiment:
        _none(deployment, json=json)
        return
    told: Report = latest(folder, wanted, time.time(), supervised=status.supervised(folder))
    if json:
        print_json(told)
    else:
        show(deployment, told)


def _none(name: str, *, json: bool) -> None:
    if json:
        print_json(msgspec.Raw(NONE))
    else:
        told = f"{name} has no test: daybreak ab start {shlex.quote(name)} MODEL@VERSION begins one"
        console().print(told, soft_wrap=True)


def _unit(now: Deployment, said: str) -> str:
    """Where a unit is named; empty: nowhere. Raises `UsageError` for a field that the model does not take."""
    kind, _, name = said.partition(":")
    if kind == "field":
        inputs = [field.name for field in package.read(Path(now.served[0].package)).signature.inputs]
        if name not in inputs:
            raise UsageError(f"a unit's field is an input of the model ({', '.join(inputs)}), got {name!r}")
    return "" if said == "none" else said


def _others(
    place: Home,
    now: Deployment,
    references: tuple[str, ...],
    share: float,
    role: Role,
    before: tuple[Challenger, ...] = (),
) -> tuple[Challenger, ...]:
    """Challengers or shadows, each by a name of its own."""
    taken, found = {one.arm for one in now.served} | {one.served.arm for one in before}, []
    for reference in references:
        one = deploying.served(place, reference)
        same.check_arms(now.served[0], one)
        found.append(Challenger(replace(one, arm=_free(f"v{one.version}", taken)), share, role))
    return tuple(found)


def _never_begun(now: Deployment, before: Deployment, salt: str) -> Deployment:
    """As it was before a test that cannot be served."""
    if now.split is None or now.split.salt != salt:
        return now
    return replace(now, served=before.served, split=None, experiment=before.experiment)


def _outcome(kind: str, effect: float | None) -> Outcome:
    kinds = get_args(Kind)
    if kind not in kinds:
        raise UsageError(f"an outcome is {', '.join(kinds)}, got {kind!r}")
    size = EFFECTS[kind] if effect is None else effect
    if not size > 0:
        raise UsageError(f"the smallest difference that matters is more than 0, got {size:g} for {kind}")
    return Outcome(kind, kind, size)  # type: ignore[arg-type]  # just looked at


def _also(said: str) -> Outcome:
    kind, given, size = said.partition("=")
    try:
        return _outcome(kind, float(size) if given else None)
    except ValueError:
        raise UsageError(f"a further outcome is KIND or KIND=EFFECT, got {said!r}") from None


def _rails(ignored: tuple[str, ...]) -> tuple[Rail, ...]:
    unknown = [one for one in ignored if one not in RAILS]
    if unknown:
        raise UsageError(f"guards are {', '.join(RAILS)}, got {', '.join(unknown)}")
    return tuple(one for one in RAILS if one not in ignored)


def _check(rules: Rules) -> None:
    kinds = [one.name for one in rules.outcomes]
    if len(set(kinds)) < len(kinds):
        raise UsageError(f"each outcome is named once, got {', '.join(kinds)}")
    if not 0 < rules.alpha < 1:
        raise UsageError(f"--alpha is a chance between 0 and 1, got {rules.alpha:g}")
    for name, value in (("--tolerate-errors", rules.guard.errors), ("--tolerate-slow", rules.guard.slow)):
        if not 0 < value < 1:
            raise UsageError(f"{name} is a share between 0 and 1, got {value:g}")


def _free(name: str, taken: set[str]) -> str:
    """A name that no arm has yet; takes it."""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}-{count}"
    taken.add(found)
    return found


def _only(now: Deployment) -> str:
    names = [arm.name for arm in now.split.arms if arm.role == "challenger"] if now.split else []
    if len(names) > 1:
        raise UsageError(f"of several challengers name one by --arm: {', '.join(names)}")
    return names[0] if names else experiment_of(now).arms[-1]


def _settle(folder: Path, wanted: Deployment) -> None:
    """Until replicas deal so, where they run."""
    if status.supervised(folder):
        deploying.settled(folder, wanted.generation, SETTLED, lambda: status.supervised(folder))


def _began(name: str, wanted: Deployment, rate: float | None, *, json: bool, option: str) -> None:
    rules = experiment_of(wanted).rules
    asked = None
    if rate is not None and rules.primary.kind in SHARES and wanted.split is not None:
        share = sum(arm.weight for arm in wanted.split.dealing[1:]) or 0.5
        asked = needed(rules.primary.effect, rate * (1 - rate), rate * (1 - rate), share, rules.alpha)
    same = _same(wanted)
    if json:
        told = {"deployment": name, "arms": _told(wanted), "revision": _revision(wanted), "a_a": same, "needed": asked}
        print_json(told)
        return
    _say(wanted)
    for arm in same:
        said = f"{arm} is the champion's own version: an A/A test, in which no difference is to be found"
        console().print(styled(("a/a    ", "yellow"), said), soft_wrap=True)
    if asked is not None:
        power = (
            f"a difference of {_points(rules.primary.effect)} shows in half of all tests by {asked.half:,} outcomes, "
            f"in 80 % by {asked.most:,} (a test that is looked at once, at its end: {asked.fixed:,})"
        )
        console().print(styled(("power  ", "dim"), power), soft_wrap=True)
    console().print(
        styled(("look   ", "dim"), f"daybreak ab status {shlex.quote(name)}{option}, at any time"), soft_wrap=True
    )


def _nobody(name: str, option: str) -> None:
    said = f"{name} does not run; daybreak deployment start {shlex.quote(name)}{option} serves it so"
    console().print(styled(("stopped", "yellow"), said), soft_wrap=True)


def _same(wanted: Deployment) -> list[str]:
    """Challengers that answer as the champion does: of the same package, with the same thresholds."""
    champion = wanted.served[0]
    alike = {
        one.arm for one in wanted.served[1:] if replace(one, arm=champion.arm, reference=champion.reference) == champion
    }
    return [arm for arm in experiment_of(wanted).arms[1:] if arm in alike]


def _points(share: float) -> str:
    return "1 point" if share == 0.01 else f"{100 * share:g} points"  # noqa: PLR2004


def _changed(name: str, wanted: Deployment, *, json: bool) -> None:
    if json:
        print_json({"deployment": name, "arms": _told(wanted), "revision": _revision(wanted)})
    else:
        _say(wanted)


def _revision(wanted: Deployment) -> int:
    return experiment_of(wanted).history[-1].number


def _told(wanted: Deployment) -> list[dict[str, object]]:
    """Arms with what they are given; those of a test that is over with what is left to them."""
    if wanted.split is not None:
        arms = wanted.split.arms
        return [{"name": arm.name, "role": arm.role, "version": arm.version, "weight": arm.weight} for arm in arms]
    test = experiment_of(wanted)
    weights = test.history[-1].weights
    return [
        {"name": name, "role": test.role(name), "version": str(version), "weight": weights.get(name, 0.0)}
        for name, (_, version) in test.versions.items()
    ]


def _say(wanted: Deployment) -> None:
    if wanted.split is None:
        one = wanted.served[0]
        console().print(f"the test is over: {one.model} {one.version} answers everybody", soft_wrap=True)
        return
    for arm in wanted.split.arms:
        verb = "sees" if arm.role == "shadow" else "answers"
        line = f"{arm.name} ({arm.model} {arm.version}) {verb} {arm.weight:.2%} of units".replace("%", " %")
        console().print(styled((f"{arm.role:<11}", "dim"), line), soft_wrap=True)

"""Points that users queue: whether they lie in the space, and what they may leave out."""

import math
from collections.abc import Mapping
from typing import Any

from daybreak.base.hashing import canonical_json
from daybreak.spec.domains import Choice, Constant, Domain, Int, Log, Point, Uniform
from daybreak.spec.expressions import ExpressionError, parse
from daybreak.spec.faults import Faults, did_you_mean, listed, shown
from daybreak.spec.models import Experiment

SLACK = 1e-9  # relative, when a float is compared with bounds and steps


def completed(experiment: Experiment) -> Experiment:
    """With constants that apply written into every queued point, and its names in the order of the space."""
    points = tuple(_complete(experiment.space, point) for point in experiment.points)
    return experiment if points == experiment.points else experiment.model_copy(update={"points": points})


def _complete(space: Mapping[str, Domain], point: Point) -> Point:
    complete: Point = {}
    for name, domain in space.items():
        if name in point:
            complete[name] = point[name]
        elif isinstance(domain, Constant) and is_active(domain, complete):
            complete[name] = domain.value
    return complete


def is_active(domain: Domain, before: Mapping[str, Any]) -> bool:
    """Whether a name belongs to a point, given the values of the names before it. Raises `ExpressionError`."""
    return domain.when is None or parse(domain.when).holds(before, absent=False)


def check_points(experiment: Experiment, faults: Faults) -> None:
    """A fault for each name that is unknown, missing or does not apply, each value outside its domain, each broken constraint."""
    if faults.is_broken("space") or faults.is_broken("points"):
        return  # names or values are not known well enough to judge
    for index, point in enumerate(experiment.points):
        for name in point:
            if name not in experiment.space:
                hint = did_you_mean(name, experiment.space)
                faults.add_resolved(f"`{name}` is no hyperparameter of the space{hint}", ("points", index, name))
        _check_values(experiment, index, _complete(experiment.space, point), faults)


def _check_values(experiment: Experiment, index: int, point: Point, faults: Faults) -> None:
    missing: list[str] = []
    try:
        for name, domain in experiment.space.items():
            active = is_active(domain, point)
            if name not in point:
                missing += [name] if active else []
            elif not active:
                rule = f"`{name}` must be absent from this point, for `{domain.when}` does not hold"
                faults.add_resolved(rule, ("points", index, name))
            elif problem := misfit(domain, point[name]):
                rule = f"`{name}` {problem}, got {shown(point[name])}{_meant(domain, point[name])}"
                faults.add_resolved(rule, ("points", index, name))
        if missing:
            faults.add_resolved(f"the point lacks {listed(missing)}", ("points", index))
        for constraint in () if faults.is_broken("points", index) else experiment.constraints:
            if not parse(constraint).holds(point, absent=True):
                faults.add_resolved(f"the point breaks the constraint `{constraint}`", ("points", index))
    except ExpressionError as error:
        faults.add_resolved(f"the point cannot be checked: {error}", ("points", index))


def misfit(domain: Domain, value: Any) -> str | None:
    """Why a value is none of the domain's, in words that follow its name; None where it is one."""
    match domain:
        case Constant():
            return None if _same(value, domain.value) else f"is always {shown(domain.value)}"
        case Choice():
            known = any(_same(value, option) for option in domain.options)
            options = ", ".join(shown(option) for option in domain.options[:8])
            return None if known else f"is one of {options}"
        case _:
            return _misfit_number(domain, value)


def _meant(domain: Domain, value: Any) -> str:
    texts = [option for option in domain.options if isinstance(option, str)] if isinstance(domain, Choice) else []
    return did_you_mean(value, texts) if isinstance(value, str) else ""


def _misfit_number(domain: Uniform | Log | Int, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "must be a number"
    if isinstance(domain, Int) and value != int(value):
        return "must be a whole number"
    slack = 0.0 if isinstance(domain, Int) else SLACK * max(abs(domain.low), abs(domain.high))
    if not domain.low - slack <= value <= domain.high + slack:
        return f"lies in [{domain.low}, {domain.high}]"
    step = None if isinstance(domain, Log) else domain.step
    if step is not None and abs((steps := (value - domain.low) / step) - round(steps)) > SLACK * max(1.0, abs(steps)):
        return f"is {domain.low} plus a multiple of {step}"
    return None


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three values."""
    return canonical_json(left) == canonical_json(right)

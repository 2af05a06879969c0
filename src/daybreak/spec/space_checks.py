"""Rules of the space: bounds, names, conditions over names declared before, constraints over names that exist."""

from collections.abc import Iterable, Mapping
from itertools import islice, product
from typing import Any

from daybreak.base.hashing import canonical_json
from daybreak.spec.domains import Choice, Constant, Domain, Int, Log, Uniform
from daybreak.spec.expressions import Expression, ExpressionError, parse
from daybreak.spec.faults import Faults, Path, did_you_mean, shown
from daybreak.spec.models import Experiment

MOST_SAMPLES = 256  # points at which an expression is tried


def check_space(experiment: Experiment, faults: Faults) -> None:
    """Add a fault for every broken rule."""
    for name, domain in experiment.space.items():
        if isinstance(domain, Uniform | Log | Int):
            _check_bounds(name, domain, faults)
        elif isinstance(domain, Choice):
            _check_options(name, domain, faults)
    _check_groups(experiment.space, faults)
    _check_conditions(experiment, faults)
    _check_constraints(experiment, faults)


def declared_names(experiment: Experiment, faults: Faults) -> list[str]:
    """Names of the space, those with a faulty domain among them."""
    broken = [str(path[1]) for path in faults.broken if len(path) > 1 and path[0] == "space"]
    return list(dict.fromkeys([*experiment.space, *broken]))


def _check_bounds(name: str, domain: Uniform | Log | Int, faults: Faults) -> None:
    low, high, at = domain.low, domain.high, ("space", name, "values")
    if not low <= high:
        faults.add_resolved(f"`low <= high` must hold, got low={low}, high={high}", at)
    if isinstance(domain, Int) and domain.log:
        if low < 1:
            faults.add_resolved(f"`1 <= low` must hold where `log: true`, got low={low}", at)
        if domain.step != 1:
            faults.add_resolved("an int has a `step` or `log: true`, not both", ("space", name, "step"))


def _check_options(name: str, domain: Choice, faults: Faults) -> None:
    seen: set[bytes] = set()
    for position, option in enumerate(domain.options):
        if canonical_json(option) in seen:
            faults.add_resolved(f"`{name}` has the option {shown(option)} twice", ("space", name, "options", position))
        seen.add(canonical_json(option))


def _check_groups(space: Mapping[str, Domain], faults: Faults) -> None:
    for name in space:
        inner = next((other for other in space if other.startswith(f"{name}.")), None)
        if inner is not None:
            faults.add_resolved(f"`{name}` cannot be a value and a group at once, got `{inner}` too", ("space", name))


def _check_conditions(experiment: Experiment, faults: Faults) -> None:
    everything = declared_names(experiment, faults)
    for name, domain in experiment.space.items():
        at = ("space", name, "when")
        if domain.when is None or (expression := _parsed(domain.when, at, faults)) is None:
            continue
        before = everything[: everything.index(name)]
        for used in expression.names:
            if used == name:
                _fault(f"`when` speaks of names declared before, got `{name}` itself", at, expression, used, faults)
            elif used in everything and used not in before and not faults.is_broken("space", used):
                rule = f"`when` speaks of names declared before: declare `{used}` above `{name}`"
                _fault(rule, at, expression, used, faults)
        _check_names(expression, everything, at, faults)
        _check_values(expression, experiment.space, at, faults)


def _check_constraints(experiment: Experiment, faults: Faults) -> None:
    names = declared_names(experiment, faults)
    for index, text in enumerate(experiment.constraints):
        at: Path = ("constraints", index)
        if (expression := _parsed(text, at, faults)) is not None:
            if not expression.names:
                faults.add_resolved(f"a constraint speaks of hyperparameters, got `{text}`", at)
            _check_names(expression, names, at, faults)
            _check_values(expression, experiment.space, at, faults)


def _parsed(text: str, at: Path, faults: Faults) -> Expression | None:
    try:
        return parse(text)
    except ExpressionError as error:
        faults.add_resolved(str(error), at, offset=error.column - 1)
        return None


def _fault(message: str, at: Path, expression: Expression, name: str, faults: Faults) -> None:
    faults.add_resolved(message, at, offset=expression.columns[name] - 1)


def _check_names(expression: Expression, names: Iterable[str], at: Path, faults: Faults) -> None:
    known = list(names)
    for name in expression.names:
        if name not in known:
            inside = next((f"; did you mean `{other}`?" for other in known if other.endswith(f".{name}")), "")
            hint = inside or did_you_mean(name, known) or f"; quote text: `'{name}'`"
            _fault(f"`{name}` is no hyperparameter of the space{hint}", at, expression, name, faults)


def _check_values(expression: Expression, space: Mapping[str, Domain], at: Path, faults: Faults) -> None:
    """Try it at some points: what cannot be evaluated there would end a search in its middle."""
    if faults.is_broken(*at) or any(name not in space or faults.is_broken("space", name) for name in expression.names):
        return
    samples = product(*(_representatives(space[name]) for name in expression.names))
    for values in islice(samples, MOST_SAMPLES):
        point = dict(zip(expression.names, values, strict=True))
        try:
            expression.evaluate(point)
        except ExpressionError as error:
            where = ", ".join(f"{name}={shown(value)}" for name, value in point.items())
            faults.add_resolved(f"{error} (at {where})", at, offset=error.column - 1)
            return


def _representatives(domain: Domain) -> tuple[Any, ...]:
    match domain:
        case Constant():
            return (domain.value,)
        case Choice():
            return domain.options
        case Int():
            return (domain.low, (domain.low + domain.high) // 2, domain.high)
        case _:
            return (domain.low, (domain.low + domain.high) / 2, domain.high)

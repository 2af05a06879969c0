"""Rules between the fields of an experiment. What is known to be faulty is passed over."""

import re
from collections import Counter
from collections.abc import Collection

from daybreak.spec.commands import names_used, placeholders
from daybreak.spec.domains import Log, Uniform
from daybreak.spec.faults import Faults, Path, did_you_mean, listed
from daybreak.spec.models import Budget, Experiment
from daybreak.spec.points import check_points
from daybreak.spec.space_checks import check_space, declared_names

LONGEST_NAME = 100
OURS = "DAYBREAK_"  # environment variables that each attempt is given


def check(experiment: Experiment, faults: Faults, methods: Collection[str], samplers: Collection[str]) -> None:
    """Add a fault for every broken rule."""
    check_space(experiment, faults)
    _check_identity(experiment, faults)
    _check_command(experiment, faults)
    _check_names(experiment, faults, methods, samplers)
    _check_method(experiment, faults)
    _check_budget(experiment, faults)
    _check_surroundings(experiment, faults)
    check_points(experiment, faults)


def _check_identity(experiment: Experiment, faults: Faults) -> None:
    name = experiment.name
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        faults.add_resolved(f"a name has 1 to {LONGEST_NAME} printable characters, got {name!r}", ("name",))
    elif re.fullmatch(r"[\d.]+", name):
        faults.add_resolved(f"a name has a letter (numbers are ids), got {name!r}", ("name",))
    counted = Counter(objective.metric for objective in experiment.objectives)
    for index, objective in enumerate(experiment.objectives):
        if counted.pop(objective.metric, 0) > 1:
            at: Path = ("objectives", index, "metric")
            faults.add_resolved(f"each objective has a metric of its own, got `{objective.metric}` twice", at)


def _check_command(experiment: Experiment, faults: Faults) -> None:
    names = declared_names(experiment, faults)
    if not isinstance(experiment.run, str) and not faults.is_broken("run"):
        words = dict.fromkeys(name for word in experiment.run for name, _ in placeholders(word))
        for name in words:
            if name not in names and ("space",) not in faults.broken:
                hint = did_you_mean(name, names) or f"; declare `{name}` in `space`"
                rule = f"`{{{name}}}` is no hyperparameter of the space{hint}"
                faults.add(rule, faults.written(("run",)), near=f"{{{name}}}")
    baseline = experiment.baseline
    if baseline is None or faults.is_broken("baseline"):
        return
    if (baseline.value is None) == (baseline.run is None):
        faults.add_resolved("a baseline is a `value` or something to `run`, one of them", ("baseline",))
    elif isinstance(baseline.run, tuple) and (used := sorted(names_used(baseline.run))):
        rule = "a baseline runs without hyperparameters: write values in place of"
        faults.add_resolved(f"{rule} {listed(f'{{{name}}}' for name in used)}", ("baseline", "run"))


def _check_names(experiment: Experiment, faults: Faults, methods: Collection[str], samplers: Collection[str]) -> None:
    search = experiment.search
    for key, name, known in (("method", search.method, methods), ("sampler", search.sampler, samplers)):
        if ":" not in name and name not in known:
            hint = did_you_mean(name, known) or f"; known: {listed(known)}"
            faults.add_resolved(f"there is no {key} `{name}`{hint}", ("search", key))


def _check_method(experiment: Experiment, faults: Faults) -> None:
    search = experiment.search
    if search.method in ("hyperband", "pbt") and search.max_units is None:
        _unless_broken(
            f"`{search.method}` needs `max_units`, the most units of a trial", ("search", "max_units"), faults
        )
    for key, units in (("min_units", search.min_units), ("perturb_every", search.perturb_every)):
        if units is not None and search.max_units is not None and units > search.max_units:
            rule = f"`{key} <= max_units` must hold, got {key}={units}, max_units={search.max_units}"
            _unless_broken(rule, ("search", key), faults)
    if search.method == "pbt" and int(search.population * search.quantile) < 1:
        rule = f"`1 <= population * quantile` must hold, got {search.population} * {search.quantile}"
        _unless_broken(rule, ("search", "quantile"), faults)
    if search.sampler == "cmaes" and len(experiment.objectives) > 1:
        rule = "`cmaes` knows one objective; for several use `density`, `tpe` or `nsga2`"
        _unless_broken(rule, ("search", "sampler"), faults)
    if search.method == "grid":
        for name, domain in experiment.space.items():
            continuous = isinstance(domain, Log) or (isinstance(domain, Uniform) and domain.step is None)
            if continuous and domain.count is None:
                rule = f"a grid needs `count`, how many values it takes of `{name}`, for a continuous range has no end"
                _unless_broken(rule, ("space", name), faults)


def _check_budget(experiment: Experiment, faults: Faults) -> None:
    budget, search = experiment.budget, experiment.search
    if budget.money is not None and budget.price_per_slot_hour is None:
        _unless_broken("`money` needs `price_per_slot_hour`", ("budget", "money"), faults)
    if experiment.deterministic:
        for key in timed_limits(budget):
            _unless_broken(timed_rule(key), ("budget", key), faults)
    least = search.max_units
    if budget.units is not None and least is not None and budget.units < least and not faults.is_broken("search"):
        rule = f"a budget pays for at least one trial: `max_units <= units` must hold, got max_units={least}, units={budget.units}"
        _unless_broken(rule, ("budget", "units"), faults)


def timed_limits(budget: Budget) -> list[str]:
    """Limits that depend on how long training takes, which a deterministic search cannot have."""
    return [key for key in ("slot_hours", "wall", "money") if getattr(budget, key) is not None]


def timed_rule(key: str) -> str:
    """What is wrong with such a limit."""
    return f"a deterministic search ends at a number of `trials` or `units`: `{key}` depends on the machine's speed"


def _check_surroundings(experiment: Experiment, faults: Faults) -> None:
    slots, most = experiment.resources.slots, experiment.max_slots
    if most is not None and most < slots:
        rule = f"`resources.slots <= max_slots` must hold, got slots={slots}, max_slots={most}"
        _unless_broken(rule, ("max_slots",), faults)
    hash_seed = experiment.environment.get("PYTHONHASHSEED", "0")
    if not hash_seed.isdecimal():
        rule = f"PYTHONHASHSEED must be a number, the same in every process of a trial, got {hash_seed!r}: leave it out for 0"
        faults.add_resolved(rule, ("environment", "PYTHONHASHSEED"))
    for name in experiment.environment:
        if not name or "=" in name or "\0" in name:
            faults.add_resolved(f"no environment variable can be named {name!r}", ("environment", name))
        elif name.startswith(OURS):
            faults.add_resolved(
                f"variables that begin with {OURS} are Daybreak's own, got `{name}`", ("environment", name)
            )
    _check_pattern(experiment.metrics, faults)
    for index, policy in enumerate(experiment.log_policies):
        at: Path = ("log_policies", index, "pattern")
        if (error := not_regular(policy.pattern)) and not faults.is_broken(*at):
            faults.add_resolved(f"a log policy's pattern is a regular expression: {error}", at)
    _check_data(experiment, faults)


def _check_data(experiment: Experiment, faults: Faults) -> None:
    """Attempts find a dataset by its name, as a variable too: names have letters, and no two become one variable."""
    variables: dict[str, str] = {}
    for name in experiment.data:
        variable = re.sub(r"[^A-Za-z0-9]", "_", name).upper()
        if not re.fullmatch(r"[A-Za-z_][\w.-]*", name, re.ASCII):
            faults.add_resolved(
                f"a dataset's name has letters, digits, `_`, `-` and `.`, and begins with a letter, got {name!r}",
                ("data", name),
            )
        elif other := variables.get(variable):
            rule = (
                f"each dataset has a variable of its own, but `{other}` and `{name}` are both DAYBREAK_DATA_{variable}"
            )
            faults.add_resolved(f"{rule}: rename one", ("data", name))
        variables[variable] = name
    _check_audit(experiment, faults)


def _check_audit(experiment: Experiment, faults: Faults) -> None:
    """Sides of an audit are datasets of the experiment, no two of them one."""
    sides: dict[str, str] = {}
    for side in ("train", "test", "validation") if experiment.audit is not None else ():
        name = getattr(experiment.audit, side)
        if name is None or faults.is_broken("audit") or faults.is_broken("data"):
            continue
        if name not in experiment.data:
            hint = did_you_mean(name, experiment.data) or f"; it has {listed(experiment.data) or 'none'}"
            faults.add_resolved(f"`{side}` is a dataset under `data`, got `{name}`{hint}", ("audit", side))
        elif other := sides.get(name):
            rule = f"`{other}` and `{side}` are two datasets, got `{name}` for both"
            faults.add_resolved(f"{rule}: one dataset with a `split` needs neither", ("audit", side))
        sides[name] = side


def not_regular(pattern: str) -> str:
    """What is wrong with a regular expression; "" for nothing."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{error}, got {pattern!r}"
    return ""


def _check_pattern(pattern: str | None, faults: Faults) -> None:
    if pattern is None:
        return
    try:
        named = re.compile(pattern).groupindex
    except (re.error, RecursionError, OverflowError) as error:
        faults.add_resolved(f"`metrics` is a regular expression: {error}", ("metrics",))
        return
    if not named:
        rule = r"`metrics` has named groups, one for each metric, such as `acc: (?P<accuracy>\S+)`"
        faults.add_resolved(f"{rule}, got {pattern!r}", ("metrics",))


def _unless_broken(message: str, path: Path, faults: Faults) -> None:
    if not faults.is_broken(*path):
        faults.add_resolved(message, path)

"""What parts rows: functions and methods that split, folds, cross-validation."""

import ast

from daybreak.audit.code import known, names
from daybreak.audit.code.call import Call
from daybreak.audit.code.learning import cross_validated
from daybreak.audit.code.machine import Machine, parted
from daybreak.audit.code.series import shuffled
from daybreak.audit.code.values import Const, Instance, Items, Step, Table, Value, contents, derived, same_rows


def train_test_split(m: Machine, call: Call) -> Value:
    """`train_test_split(X, y)`: both sides of each argument."""
    found: list[Value] = []
    key = f"split {call.site.file}:{call.site.line}"
    m.cut(key, call.node, "split")
    m.splits += 1
    m.usual.setdefault(Step(key, "train"), "train")
    m.usual.setdefault(Step(key, "test"), "test")
    shuffle = call.options.get("shuffle")
    in_order = isinstance(shuffle, Const) and shuffle.value is False
    call.seeds(m)
    for position, argument in enumerate(call.arguments):
        data = contents(argument)
        if not data.rows:
            data = m.fresh(call.node, weak=True)
        if position == 0 or not _is_target(call, position):
            parted(m, data, call.site)
        elif position:
            _resampled_only(m, data, call)
        if not in_order:
            shuffled(m, data, call.site)
        found += [same_rows(data, m.sides(data.rows, Step(key, side)), Step(key, side)) for side in ("train", "test")]
    if len(call.arguments) > 1:
        m.learn_target(call.arguments[0], call.arguments[1])
    return Items(items=found)


def _is_target(call: Call, position: int) -> bool:
    node = getattr(call.node, "args", [])
    name = ast.unparse(node[position]) if position < len(node) else ""
    return names.is_target(name) or position == 1


def _resampled_only(m: Machine, data: Value, call: Call) -> None:
    kept = {taint: columns for taint, columns in data.taints.items() if taint.kind == "resampling"}
    if kept:
        parted(m, Value(data.rows, kept), call.site)


def random_split(m: Machine, call: Call, value: Value, count: int) -> Value:
    """Parts drawn by chance, as many as there are lengths."""
    key = f"split {call.site.file}:{call.site.line}"
    m.cut(key, call.node, "split")
    m.splits += 1
    parted(m, value, call.site)
    shuffled(m, value, call.site)
    sides = ["train", "test"] if count == 2 else ["train", "validation", "test"]
    found = []
    for position in range(max(count, 2)):
        step = Step(key, sides[position] if position < len(sides) else f"part {position}")
        if position < len(sides):
            m.usual.setdefault(step, "test" if sides[position] == "test" else sides[position])  # type: ignore[arg-type]
        found.append(same_rows(value, m.sides(value.rows, step), step))
    return Items(items=found)


def split_table(m: Machine, call: Call, value: Value) -> Value:
    """`dataset.train_test_split()` of Hugging Face: a dictionary of sides."""
    both = train_test_split(m, Call(call.node, call.site, [value], call.options, call.name))
    items = both.items if isinstance(both, Items) else []
    return Table(entries=dict(zip(("train", "test"), items, strict=False)))


def folds(m: Machine, call: Call, splitter: Value) -> Value:
    """`kf.split(X)`: pairs of row numbers."""
    data = contents(call.arguments[0]) if call.arguments else Value()
    if not data.rows:
        data = m.fresh(call.node, weak=True)
    key = f"folds {call.site.file}:{call.site.line}"
    m.cut(key, call.node, "folds")
    m.splits += 1
    parted(m, data, call.site)
    if splitter.name not in known.TIME_FOLDS | known.GROUP_FOLDS and shuffles(splitter):
        shuffled(m, data, call.site)
    parts = []
    for side in ("train", "test"):
        step = Step(key, side)
        m.roles.setdefault(step, "train" if side == "train" else "fold")
        index = Value(m.sides(data.rows, step), select=(step,))
        parts.append(index)
    return Items(rest=Items(items=list(parts)))


def shuffles(splitter: Value) -> bool:
    """Whether folds are drawn by chance."""
    if "Shuffle" in splitter.name or "Repeated" in splitter.name:
        return True
    shuffle = splitter.options.get("shuffle")
    return isinstance(shuffle, Const) and shuffle.value is True


def cross_validation(m: Machine, call: Call, model: Value, value: Value) -> None:
    """`cross_val_score(model, X, y, cv=...)`."""
    cross_validated(m, value, call.site)
    folding = call.options.get("cv") or model.options.get("cv")
    if folding is not None and folding.name in known.TIME_FOLDS | known.GROUP_FOLDS:
        return
    if folding is None or isinstance(folding, Const) or folding.shape == "folds":
        shuffled(m, value, call.site)


def lengths(call: Call, position: int) -> int:
    """How many parts are asked for."""
    argument = call.argument(position, "lengths", "weights")
    if isinstance(argument, Items) and argument.items:
        return len(argument.items)
    return 2


def flat(value: Value) -> Value:
    """The rows inside a dataset object."""
    return derived(contents(value)) if isinstance(value, Instance) else contents(value)

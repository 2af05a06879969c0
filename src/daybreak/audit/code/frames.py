"""Methods of data: frames, arrays, tensors, datasets, columns."""

from collections.abc import Callable

from daybreak.audit.code import known
from daybreak.audit.code.assigning import column_names, write_columns
from daybreak.audit.code.axes import row_by_row
from daybreak.audit.code.call import Call
from daybreak.audit.code.choosing import best_of
from daybreak.audit.code.grouping import aggregated, grouped, mapped
from daybreak.audit.code.learning import scores_of
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.series import by_time
from daybreak.audit.code.splitting import lengths, random_split, split_table
from daybreak.audit.code.statistics import applied, statistic
from daybreak.audit.code.subsets import turned
from daybreak.audit.code.values import (
    Columns,
    Const,
    Step,
    Taint,
    Value,
    contents,
    derived,
    joined,
    overlap,
    same_rows,
)

Handler = Callable[[Machine, Value, Call], Value]


def call_method(m: Machine, owner: Value, call: Call) -> Value:
    """`owner.name(...)` where the owner is data, a number, or something that nothing is known about."""
    name = call.name
    if name in known.CHOICES and (owner.scores or owner.latent):
        return best_of(m, call, [owner]) if owner.scores else joined([owner])
    handler = HANDLERS.get(name)
    if handler:
        return handler(m, owner, call)
    if name in known.STATISTICS:
        return _statistic(m, owner, call)
    if name in known.WINDOWS and not row_by_row(call.options):
        value = applied(m, owner, call.arguments)
        value.time, value.shape = owner.time or call.site, "window" if name in {"rolling", "expanding", "ewm"} else ""
        return value
    value = _written(m, owner, call)
    if owner.shape in {"element", "expression"}:
        value.shape = owner.shape
        value.columns = _renamed(owner, call)
    return value


def _renamed(owner: Value, call: Call) -> Columns:
    if call.name == "alias" and call.arguments:
        return column_names(call.arguments[0])
    return owner.columns


def _written(m: Machine, owner: Value, call: Call) -> Value:
    value = applied(m, owner, call.everything())
    if not value.rows and not value.latent:
        value.rows = m.strong(joined(contents(each) for each in call.everything()).rows)
    if call.said("inplace") is True:
        write_columns(m, owner, value, owner.columns, replace=False)
    return value


def _statistic(m: Machine, owner: Value, call: Call) -> Value:
    if owner.uses:
        if _axis(call):
            return derived(owner)
        return Value(scores=scores_of(m, owner.uses, call.site, metric=owner.shape == "mask"))
    if call.arguments and isinstance(call.arguments[0], Const) and call.name != "quantile":
        call.options.setdefault("axis", call.arguments[0])
    return statistic(m, owner, call.name, call.node, call.options)


def _axis(call: Call) -> bool:
    axis = call.options.get("axis") or call.options.get("dim") or (call.arguments[0] if call.arguments else None)
    return isinstance(axis, Const) and axis.value not in {None, 0}


def _drop(m: Machine, owner: Value, call: Call) -> Value:
    wanted = call.option("columns") if "columns" in call.options else call.argument(0, "labels")
    inside = contents(wanted)
    if inside.select and overlap(inside.rows, owner.rows):
        step = turned(Value(select=(inside.select[-1],))).select[-1]
        value = same_rows(owner, m.sides(owner.rows, step), step)
        if wanted.select and m.cuts.get(step.key):
            return value
    named = column_names(wanted)
    value = derived(owner)
    if named is not None:
        value.taints = {t: c if c is None else c - named for t, c in owner.taints.items() if c is None or c - named}
    for taint in inside.latent:
        value.taints[taint._replace(kind="selection")] = None
    if call.said("inplace") is True:
        owner.taints = value.taints
    return value


def _sample(m: Machine, owner: Value, call: Call) -> Value:
    value = derived(owner)
    call.seeds(m)
    fraction = call.argument(5, "frac", "fraction")
    many = isinstance(fraction, Const) and isinstance(fraction.value, int | float) and fraction.value >= 1
    if call.said("replace") is True or call.said("with_replacement") is True:
        value.taints[Taint("resampling", "sample(replace=True)", call.site, m.strong(owner.rows))] = None
        return value
    if many:
        return value
    step = Step(f"sample {call.site.file}:{call.site.line}", "in")
    m.cut(step.key, call.node, "slice")
    return same_rows(value, m.sides(value.rows, step), step)


def _ends(m: Machine, owner: Value, call: Call) -> Value:
    import ast

    wanted = getattr(call.node, "args", [])
    bound = ast.unparse(wanted[0]) if wanted else "5"
    step = Step(f"[:] {bound}", "lo" if call.name in {"take", "head", "limit"} else "hi")
    m.cut(step.key, call.node, "slice")
    return same_rows(derived(owner), m.sides(owner.rows, step), step)


def _filter(m: Machine, owner: Value, call: Call) -> Value:
    if {"regex", "like", "items"} & set(call.options):  # columns by their names
        return derived(owner)
    key = contents(call.argument(0, "predicate", "expr", "function"))
    steps = key.select or (Step(f"{call.name} {_text(call)}", "in"),)
    value = derived(owner)
    for step in steps:
        m.cut(step.key, call.node, "slice")
        value = same_rows(value, m.sides(value.rows, step), step)
    return value


def _text(call: Call) -> str:
    import ast

    arguments = getattr(call.node, "args", [])
    return ast.unparse(arguments[0]) if arguments else f"{call.site.line}"


def _isin(m: Machine, owner: Value, call: Call) -> Value:
    value = Value(owner.rows, shape="mask")
    inside = contents(call.argument(0, "values"))
    value.select = inside.select[-1:] or (Step(f"isin {_text(call)}", "in"),)
    return value


def _between(m: Machine, owner: Value, call: Call) -> Value:
    return Value(owner.rows, shape="mask", select=(Step(f"between {call.site.line}", "in"),))


def _merge(m: Machine, owner: Value, call: Call) -> Value:
    value = applied(m, owner, call.everything())
    value.columns = None
    if call.said("how") == "inner" and value.rows:  # some rows go
        step = Step(f"inner {call.site.line}", "in")
        value = same_rows(value, m.sides(value.rows, step))
    return value


def _sorted(m: Machine, owner: Value, call: Call) -> Value:
    value = derived(owner)
    value.shape = "sorted" if owner.scores else ""
    key = call.argument(0, "by", "keys", "columns")
    if by_time(key):
        value.time = value.time or call.site
        if call.said("inplace") is True:
            owner.time = owner.time or call.site
    return value


def _resampled(m: Machine, owner: Value, call: Call) -> Value:
    value = derived(owner)
    if call.arguments and isinstance(call.arguments[0], Const) and isinstance(call.arguments[0].value, str):
        value.time, value.shape = owner.time or call.site, "window"
    return value


def _nothing(m: Machine, owner: Value, call: Call) -> Value:
    value = Value(owner.rows, shape="mask", select=(Step(f"{call.name} {call.site.line}", "in"),) if owner.rows else ())
    if call.name in {"isnull", "isna", "notnull", "notna", "is_null", "duplicated"}:
        return value
    return Value(latent=owner.latent, scores=owner.scores)


def _with_columns(m: Machine, owner: Value, call: Call) -> Value:
    value = derived(owner)
    for name, expression in [("", each) for each in call.arguments] + list(call.options.items()):
        inside = contents(expression)
        written = frozenset({name}) if name else inside.columns
        fresh = Value(value.rows, {}, latent=inside.latent, time=inside.time)
        for taint in inside.latent:
            if not taint.rows:
                fresh.taints[taint._replace(rows=m.strong(owner.rows))] = None
        fresh.taints |= inside.taints
        write_columns(m, value, fresh, written, replace=False)
    return value


def _fill_strategy(m: Machine, owner: Value, call: Call) -> Value:
    value = _written(m, owner, call)
    strategy = call.said("strategy")
    if strategy in {"mean", "min", "max"}:
        rows = m.strong(owner.rows)
        taint = Taint("statistics", f"{call.name}({strategy})", call.site, rows, owner.columns or frozenset())
        if rows:
            value.taints[taint] = owner.columns
        else:
            value.latent |= {taint}
    for taint in list(contents(call.argument(0, "value")).latent):
        if not taint.rows and owner.rows:
            value.taints[taint._replace(rows=m.strong(owner.rows))] = None
    return value


def _random_split(m: Machine, owner: Value, call: Call) -> Value:
    return random_split(m, call, owner, lengths(call, 0))


def _table(m: Machine, owner: Value, call: Call) -> Value:
    return split_table(m, call, contents(owner))


def _index(m: Machine, owner: Value, call: Call) -> Value:
    value = derived(owner)
    if by_time(call.argument(0, "keys")):
        value.time = value.time or call.site
        if call.said("inplace") is True:
            owner.time = owner.time or call.site
    return value


def _element(m: Machine, owner: Value, call: Call) -> Value:
    if owner.uses:
        return Value(owner.rows, uses=owner.uses, scores=scores_of(m, owner.uses, call.site, metric=False))
    return Value(latent=owner.latent, scores=owner.scores)


HANDLERS: dict[str, Handler] = {
    "groupby": grouped, "group_by": grouped, "agg": aggregated, "aggregate": aggregated, "apply": aggregated,
    "transform": aggregated, "map": mapped, "applymap": mapped, "drop": _drop, "sample": _sample, "head": _ends,
    "tail": _ends, "take": _ends, "skip": _ends, "limit": _ends, "filter": _filter, "query": _filter,
    "between": _between, "is_between": _between, "isin": _isin, "is_in": _isin, "merge": _merge,
    "join": _merge, "sort_values": _sorted, "sort": _sorted,
    "sort_index": _sorted, "resample": _resampled, "isnull": _nothing, "isna": _nothing, "notnull": _nothing,
    "notna": _nothing, "is_null": _nothing, "duplicated": _nothing, "nunique": _nothing, "unique": _nothing, "count": _nothing,
    "value_counts": _nothing, "size": _nothing, "with_columns": _with_columns, "fill_null": _fill_strategy,
    "random_split": _random_split, "randomSplit": _random_split, "train_test_split": _table, "set_index": _index,
    "item": _element,
}  # fmt: skip

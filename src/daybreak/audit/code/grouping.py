"""Groups of rows, and functions that are applied to groups, columns or values."""

from daybreak.audit.code import known, names
from daybreak.audit.code.assigning import column_names
from daybreak.audit.code.call import Call
from daybreak.audit.code.invoking import call_function
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.statistics import applied, statistic
from daybreak.audit.code.values import Const, Function, Library, Taint, Value, contents, derived


def grouped(m: Machine, owner: Value, call: Call) -> Value:
    """`frame.groupby(key)`."""
    value = derived(owner)
    value.shape = "grouped by id" if _by_id(call.argument(0, "by")) else "grouped"
    return value


def _by_id(key: Value) -> bool:
    """Whether rows are grouped by who or what they are of: that tells nothing across the sides of a split, unless it is the target."""
    found = column_names(key) or frozenset()
    return any(names.words(name)[-1:] in (("id",), ("uuid",), ("index",)) for name in found)


def aggregated(m: Machine, owner: Value, call: Call) -> Value:
    """`agg`, `apply`, `transform`: of groups, or of a frame."""
    if call.name == "apply" and not owner.shape.startswith("grouped"):
        return mapped(m, owner, call)
    if call.name == "transform" and owner.shape.startswith("grouped"):
        return _group_transform(m, owner, call)
    if owner.shape == "window" or _gathers(call.argument(0, "func")):
        return derived(owner)
    value = statistic(m, owner, "aggregate", call.node, call.options)
    named = frozenset(name for each in call.everything() for taint in contents(each).latent for name in taint.of)
    value.latent = frozenset(taint._replace(of=taint.of | named) for taint in value.latent)
    return value


def _gathers(how: Value) -> bool:
    """Whether an aggregate puts values together, or counts them, and computes nothing of them."""
    said = how.value if isinstance(how, Const) else how.path if isinstance(how, Library) else ""
    return said in {"list", "set", "tuple", "first", "last", "count", "size", "nunique", "join", "len"}


def _group_transform(m: Machine, owner: Value, call: Call) -> Value:
    how = call.argument(0, "func")
    value = derived(owner)
    rows = m.strong(owner.rows)
    if isinstance(how, Const) and how.value in known.STATISTICS:
        value.taints[
            Taint("statistics", _named(owner, str(how.value)), call.site, rows, owner.columns or frozenset())
        ] = None
    elif isinstance(how, Function):
        value = applied(m, value, [call_function(m, how, [derived(owner)], {}, call.node)])
    return value


def _named(owner: Value, what: str) -> str:
    return f"{'groupby id' if owner.shape.endswith('id') else 'groupby'} {what}"


def mapped(m: Machine, owner: Value, call: Call) -> Value:
    """`series.map(f)`, `frame.apply(f)`: the function is read with what it is given."""
    how = call.argument(0, "func", "arg")
    if isinstance(how, Function) and call.said("axis") not in {1, "columns"}:
        inner = derived(owner)
        series = owner.columns is not None and len(owner.columns) == 1
        inner.shape = "element" if call.name == "map" or series else ""
        result = contents(call_function(m, how, [inner], {}, call.node))
        return applied(m, owner, [result])
    if isinstance(how, Function):
        call_function(m, how, [_row(owner)], {}, call.node)
        return derived(owner)
    return applied(m, owner, call.everything())


def _row(owner: Value) -> Value:
    value = derived(owner)
    value.shape = "element"
    return value

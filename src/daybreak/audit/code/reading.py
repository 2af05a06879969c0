"""Where rows come from: files, generators, data sets, and functions that nothing is known about."""

from daybreak.audit.code import known, names
from daybreak.audit.code.assigning import narrowest
from daybreak.audit.code.call import Call
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.statistics import applied
from daybreak.audit.code.values import Const, Items, Rows, Value, contents, derived, joined


def unknown(m: Machine, call: Call) -> Value:
    """The result of a function that nothing is known about: made of what it was given."""
    parts = [contents(value) for value in call.everything()]
    value = joined(parts)
    data = [part for part in parts if part.rows]
    if not data:
        if value.latent or value.scores or value.uses:
            return value
        made = m.fresh(call.node, weak=True)
        made.name = ""
        return made
    value.rows = _rows_of(m, call, data)
    value.columns = data[0].columns if len(data) == 1 else None
    for taint in value.latent:
        if taint.rows and any(atom in value.rows for atom in taint.rows):
            value.taints.setdefault(taint, None)
    value.shape = "element" if data[0].shape == "element" else ""
    _by_prices(m, call, value)
    return value


def _rows_of(m: Machine, call: Call, data: list[Value]) -> Rows:
    """Whose rows a function's result has: NumPy's first array's; of others all that is data for sure."""
    every = frozenset(atom for part in data for atom in part.rows)
    sure = m.strong(every)
    if call.path.startswith(("np.", "numpy.", "torch.", "tf.", "scipy.")) or (
        sure == every and all(a.origin in m.weak for a in every)
    ):
        return next((m.strong(part.rows) for part in data if part.rows & sure), sure)
    return narrowest(sure)


def _by_prices(m: Machine, call: Call, value: Value) -> None:
    if call.path.startswith(known.PRICES):
        value.time = call.site


def read(m: Machine, call: Call) -> Value:
    """Rows from a file or a generator: the same file gives the same rows."""
    source = call.arguments[0] if call.arguments else Value()
    literal = source.value if isinstance(source, Const) and isinstance(source.value, str) else ""
    part = next(
        (f"{name}={call.said(name)}" for name in ("train", "split", "subset") if call.said(name) is not None), ""
    )
    value = m.fresh(call.node, name=f"file {call.name} {literal} {part}" if literal or part else "")
    if part and (call.said("train") is False or names.role(part.partition("=")[2]) == "test"):
        m.roles.setdefault(next(iter(value.rows)).origin, "test")
    if source.rows:
        value = derived(source)
    words = literal.rpartition("/")[2].partition(".")[0]
    if literal and names.role(words) == "test":
        m.label(value, words)
    if names.is_time(str(call.said("index_col") or "")) and call.said("parse_dates"):
        value.time = call.site
    if call.path.startswith(known.PRICES):
        value.time = call.site
    if call.said("return_X_y") is True or call.name.startswith("make_"):
        return Items(items=[value, derived(value)]) if call.name != "make_pipeline" else value
    return value


def dataset(m: Machine, call: Call) -> Value:
    """A library's data set: read, and prepared by a transform that may have learned from it."""
    value = contents(read(m, call))
    transform = contents(call.option("transform"))
    if transform.latent:
        value = applied(m, value, [transform])
    return value


def windows(m: Machine, call: Call) -> Value:
    """`timeseries_dataset_from_array(series)`: windows of a series, in its order."""
    value = contents(unknown(m, call))
    value.time = value.time or call.site
    return value

"""Functions of libraries that make tables and arrays out of others, and Python's own."""

from daybreak.audit.code import known
from daybreak.audit.code.assigning import column_names
from daybreak.audit.code.axes import row_by_row
from daybreak.audit.code.call import Call
from daybreak.audit.code.choosing import best_of, choose, told
from daybreak.audit.code.invoking import call_function
from daybreak.audit.code.iterating import each
from daybreak.audit.code.learning import DOUBLED, scores_of
from daybreak.audit.code.machine import Loop, Machine
from daybreak.audit.code.reading import unknown
from daybreak.audit.code.statistics import applied, statistic
from daybreak.audit.code.values import Const, Function, Items, Taint, Value, contents, derived, joined, overlap


def statistic_of(m: Machine, call: Call) -> Value:
    """`np.mean(X)`, `max(scores)`: a number over rows, or a choice."""
    values = [contents(value) for value in call.arguments]
    key = call.option("key")
    if call.name in known.CHOICES and isinstance(key, Function) and call.arguments:
        return chosen_by_key(m, call, key)
    if call.name in known.CHOICES and any(value.scores for value in values):
        return best_of(m, call, values)
    data = values[0] if values else Value()
    if call.path in {"min", "max"} and len(call.arguments) > 1:  # of two numbers
        return Value(latent=joined(values).latent, scores=joined(values).scores)
    if data.uses and (row_by_row(call.options) or len(call.arguments) > 1):
        return derived(data)
    if data.uses:
        return Value(scores=scores_of(m, data.uses, call.site, metric=data.shape == "mask"))
    if call.path.startswith(("pl.", "polars.")) and isinstance(call.argument(0), Const):
        return statistic(m, expression(m, call), call.name, call.node, call.options)
    if (
        len(call.arguments) > 1
        and isinstance(call.arguments[1], Const)
        and "percentile" not in call.name
        and "quantile" not in call.name
    ):
        call.options.setdefault("axis", call.arguments[1])
    if not data.rows:
        return joined(values)
    return statistic(m, data, call.name, call.node, call.options)


def chosen_by_key(m: Machine, call: Call, key: Function) -> Value:
    """`max(candidates, key=score)`."""
    m.loops.append(Loop(call.node))
    element = each(m, call.arguments[0], call.node)
    scores = contents(call_function(m, key, [element], {}, call.node)).scores
    if scores:
        choose(m, scores, call.site)
    m.loops.pop()
    return element


def stacked(m: Machine, call: Call) -> Value:
    """`pd.concat`, `np.hstack`: rows below each other, or columns side by side."""
    first = call.argument(0, "objs", "arrays", "tup")
    parts = [contents(part) for part in (first.items if isinstance(first, Items) else [first, *call.arguments[1:2]])]
    if isinstance(first, Items) and first.rest:
        parts.append(contents(first.rest))
    value = joined(parts)
    value.rows = m.strong(value.rows)
    if len(call.arguments) > 1 and isinstance(call.arguments[1], Const):
        call.options.setdefault("axis", call.arguments[1])
    side_by_side = row_by_row(call.options) or call.name in {"hstack", "column_stack", "c_", "dstack"}
    if side_by_side:  # the rows of one, in the order of which the others stand
        value.rows = next((part.rows for part in parts if part.rows and part.rows <= value.rows), value.rows)
    duplicated(m, call, parts, value, side_by_side=side_by_side)
    for taint in value.latent:
        if side_by_side and any(atom in value.rows for atom in taint.rows):
            value.taints.setdefault(taint, None)
    return value


def duplicated(m: Machine, call: Call, parts: list[Value], value: Value, *, side_by_side: bool) -> None:
    """The same rows twice, one above the other: copies will stand on both sides of a split."""
    sure = [frozenset(atom for atom in part.rows if atom.origin not in m.weak) for part in parts]
    axis = call.options.get("axis")
    if side_by_side or call.name == "append" or (axis and not (isinstance(axis, Const) and axis.value == 0)):
        return
    twice = [rows for position, rows in enumerate(sure) if any(overlap(rows, other) for other in sure[:position])]
    if twice and call.name in {"concat", "concatenate", "vstack", "cat", "r_"}:
        value.taints[Taint("resampling", DOUBLED, call.site, twice[0])] = None


def merged(m: Machine, call: Call) -> Value:
    """`pd.merge(left, right)`: the rows of the left one."""
    return applied(m, contents(call.argument(0, "left")), call.everything()[1:])


def passing(m: Machine, call: Call) -> Value:
    """Functions that hand on what they are given: `enumerate`, `zip`, `DataLoader`."""
    first = call.argument(0, "dataset", "iterable")
    if call.name == "enumerate":
        if isinstance(first, Items) and not first.rest:
            return Items(items=[Items(items=[Const(value=number), item]) for number, item in enumerate(first.items)])
        return Items(rest=Items(items=[Value(shape="loop"), each(m, first, call.node)]))
    if call.name == "zip":
        lists = [value.items for value in call.arguments if isinstance(value, Items) and not value.rest]
        if len(lists) == len(call.arguments) and lists and len({len(each_list) for each_list in lists}) == 1:
            return Items(items=[Items(items=list(row)) for row in zip(*lists, strict=True)])
        return Items(rest=Items(items=[each(m, value, call.node) for value in call.arguments]))
    if call.name == "next":
        return each(m, first, call.node)
    if call.name in {"map", "filter"} and len(call.arguments) > 1:
        how, over = call.arguments[:2]
        element = each(m, over, call.node)
        return Items(rest=call_function(m, how, [element], {}, call.node) if isinstance(how, Function) else element)
    return first


def in_order(m: Machine, call: Call) -> Value:
    """`sorted(...)`."""
    first = call.argument(0, "iterable")
    inside = contents(first)
    return Value(inside.rows, latent=inside.latent, scores=inside.scores, shape="sorted") if inside.scores else first


def plain(m: Machine, call: Call) -> Value:
    """Python's own functions, whose results are no data."""
    inside = [contents(value) for value in call.arguments]
    if call.name == "print":
        for value in call.arguments:
            told(m, value, "", call.site)
    if call.name in {"float", "int", "str", "round", "abs", "bool", "format"}:
        return Value(latent=joined(inside).latent, scores=joined(inside).scores)
    if call.name in {"range", "arange", "trange"}:
        value = m.fresh(call.node, weak=True)
        value.shape = "range"
        return value
    return Value()


def where(m: Machine, call: Call) -> Value:
    """`np.where(mask, a, b)`: rows that are mended."""
    data = next((contents(v) for v in call.arguments[1:] if contents(v).rows), call.data())
    return applied(m, data, call.arguments)


def vectors(m: Machine, call: Call) -> Value:
    """`get_dummies`, `factorize`: only the list of categories is learned."""
    return derived(call.data())


def expression(m: Machine, call: Call) -> Value:
    """`pl.col("age")`: a column of a frame that is not named yet."""
    if not call.path.startswith(("pl.", "polars.")):
        return unknown(m, call)
    return Value(shape="expression", columns=column_names(call.argument(0, "name")))


def normalise(m: Machine, call: Call) -> Value:
    """`transforms.Normalize(mean, std)`: remembers what its numbers were computed from."""
    inside = joined(contents(value) for value in call.everything())
    return Value(latent=inside.latent, name=call.name)

"""Functions and classes of libraries, by the last part of their names."""

from collections.abc import Callable

from daybreak.audit.code import known, names
from daybreak.audit.code.call import Call
from daybreak.audit.code.choosing import best_of, choose, told
from daybreak.audit.code.invoking import call_function
from daybreak.audit.code.iterating import each
from daybreak.audit.code.learners import stops
from daybreak.audit.code.learning import DOUBLED, fit, scores_of, watch
from daybreak.audit.code.machine import Leak, Loop, Machine
from daybreak.audit.code.splitting import cross_validation, lengths, random_split, train_test_split
from daybreak.audit.code.statistics import applied, learned_by_function, row_by_row, statistic
from daybreak.audit.code.values import (
    Const,
    Function,
    Items,
    Rows,
    Step,
    Table,
    Taint,
    Value,
    contents,
    derived,
    joined,
    same_rows,
)

Handler = Callable[[Machine, Call], Value]
WRAPPERS = frozenset(
    {"DataFrame", "Series", "TensorDataset", "DMatrix", "QuantileDMatrix", "Dataset", "Pool", "DataLoader", "LazyFrame", "Tensor",
     "MinMaxScaledDataset", "Subset", "ConcatDataset", "Index", "DatasetDict", "ListDataset", "ImageFolder", "FloatTensor", "LongTensor"}
)  # fmt: skip


def call_library(m: Machine, call: Call) -> Value:
    """What a library's function returns."""
    name = call.name
    for option in call.options.values():
        if option.shape == "loop":
            call.seeds(m)
    handler = HANDLERS.get(name)
    if handler:
        return handler(m, call)
    for group, general in GENERAL:
        if name in group:
            return general(m, call)
    if known.METRIC.search(name) and any(contents(value).uses for value in call.everything()):
        return _metric(m, call)
    if known.READS.match(name):
        return _read(m, call)
    if name[:1].isupper():
        return _object(m, call)
    return _unknown(m, call)


def _unknown(m: Machine, call: Call) -> Value:
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
    if call.path.startswith(("np.", "numpy.", "torch.", "tf.", "scipy.")) or sure == every and all(a.origin in m.weak for a in every):
        return next((m.strong(part.rows) for part in data if part.rows & sure), sure)
    return sure


def _by_prices(m: Machine, call: Call, value: Value) -> None:
    if call.path.startswith(known.PRICES):
        value.time = call.site


def _read(m: Machine, call: Call) -> Value:
    """Rows from a file or a generator: the same file gives the same rows."""
    source = call.arguments[0] if call.arguments else Value()
    literal = source.value if isinstance(source, Const) and isinstance(source.value, str) else ""
    value = m.fresh(call.node, name=f"file {literal}" if literal else "")
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


def _object(m: Machine, call: Call) -> Value:
    """An object of a class: a model, a transformer, a splitter, or something that holds data."""
    name = call.name
    if name in WRAPPERS and not known.is_model(name):
        return _wrapped(m, call)
    made = Value(name=name, options=call.options, born=len(m.loops))
    made.parts = tuple(part for value in call.arguments for part in _learners(value))
    if name in known.FOLDS:
        made.shape = "folds"
    if name in known.SEARCHES:
        _searched_seed(m, call)
    data = contents(call.arguments[0]) if call.arguments else Value()
    if (
        not known.is_model(name)
        and not made.parts
        and m.strong(data.rows)
        and known.kind_of(name) == "fit"
        and _holds(m, data)
    ):
        made.rows, made.taints, made.time = data.rows, dict(data.taints), data.time
    return made


def _holds(m: Machine, data: Value) -> bool:
    return any(atom.origin not in m.weak for atom in data.rows) and not data.uses


def _learners(value: Value, depth: int = 4) -> list[Value]:
    if value.name and not isinstance(value, Function):
        return [value]
    if depth and isinstance(value, Items):
        return [found for item in value.items for found in _learners(item, depth - 1)]
    return []


def _searched_seed(m: Machine, call: Call) -> None:
    for grid in call.everything():
        tables = grid.items if isinstance(grid, Items) else [grid]
        for table in tables:
            if isinstance(table, Table) and any(
                isinstance(key, str) and names.is_seed(key.rpartition("__")[2]) for key in table.entries
            ):
                m.note(Leak("random_state_searched", call.name, call.site))


def _wrapped(m: Machine, call: Call) -> Value:
    data = contents(call.argument(0, "data", "dataset", "X"))
    if call.name == "Subset" and len(call.arguments) > 1:
        value = derived(data)
        for step in call.arguments[1].select:
            value = same_rows(value, m.sides(value.rows, step), step)
            m.cut(step.key, call.node, "slice")
        return value
    value = joined([data, *([] if data.rows else map(contents, call.everything()))])
    if not value.rows and not value.latent and not value.scores:
        value = _read(m, call)
        value = value if isinstance(value, Value) else Value()
    value.columns = data.columns
    for taint in contents(call.option("transform")).latent:
        value.taints[taint] = None
    return value


def _pipeline(m: Machine, call: Call) -> Value:
    parts = [part for value in call.everything() for part in _learners(value)]
    return Value(name="Pipeline", parts=tuple(parts), options=call.options, born=len(m.loops))


def _split(m: Machine, call: Call) -> Value:
    return train_test_split(m, call)


def _random_split(m: Machine, call: Call) -> Value:
    value = contents(call.argument(0, "dataset"))
    return random_split(m, call, value, lengths(call, 1))


def _cross_validation(m: Machine, call: Call) -> Value:
    model = call.argument(0, "estimator")
    rows = contents(call.argument(1, "X"))
    cross_validation(m, call, model, rows)
    return Value()


def _curve(m: Machine, call: Call) -> Value:
    m.splits += 1
    return Value()


def _selection(m: Machine, call: Call) -> Value:
    data = contents(call.argument(0, "X"))
    if not m.strong(data.rows):
        return Value(latent=data.latent)
    return Value(latent=frozenset({Taint("selection", call.name, call.site, m.strong(data.rows))}))


def _fitted(m: Machine, call: Call) -> Value:
    data = contents(call.argument(0, "X", "a", "x"))
    if row_by_row(call.options):
        return derived(data)
    value = learned_by_function(m, data, call.name, call.node)
    return Items(items=[value, Value()]) if call.name == "boxcox" and len(call.arguments) == 1 else value


def _bins(m: Machine, call: Call) -> Value:
    data = contents(call.argument(0, "x"))
    bins = call.argument(1, "q", "bins")
    if call.name == "qcut" or (isinstance(bins, Const) and isinstance(bins.value, int)):
        return learned_by_function(m, data, call.name, call.node, "statistics")
    return derived(data)


def _statistic(m: Machine, call: Call) -> Value:
    values = [contents(value) for value in call.arguments]
    if call.name in known.CHOICES and any(value.scores for value in values):
        return best_of(m, call, values)
    data = values[0] if values else Value()
    if data.uses:
        return Value(
            scores=scores_of(m, data.uses, call.site),
            rows=data.rows if call.name == "max" else frozenset(),
            uses=data.uses,
        )
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


def _metric(m: Machine, call: Call) -> Value:
    uses = frozenset(use for value in call.everything() for use in contents(value).uses)
    return Value(scores=scores_of(m, uses, call.site), uses=uses)


def _stacked(m: Machine, call: Call) -> Value:
    first = call.argument(0, "objs", "arrays", "tup")
    parts = [contents(part) for part in (first.items if isinstance(first, Items) else [first, *call.arguments[1:2]])]
    if isinstance(first, Items) and first.rest:
        parts.append(contents(first.rest))
    value = joined(parts)
    value.rows = m.strong(value.rows)
    if len(call.arguments) > 1 and isinstance(call.arguments[1], Const):
        call.options.setdefault("axis", call.arguments[1])
    side_by_side = row_by_row(call.options) or call.name in {"hstack", "column_stack", "c_", "dstack"}
    _duplicated(m, call, parts, value, side_by_side=side_by_side)
    for taint in value.latent:
        if side_by_side and any(atom in value.rows for atom in taint.rows):
            value.taints.setdefault(taint, None)
    return value


def _duplicated(m: Machine, call: Call, parts: list[Value], value: Value, *, side_by_side: bool) -> None:
    """The same rows twice, one above the other: copies will stand on both sides of a split."""
    sure = [frozenset(atom for atom in part.rows if atom.origin not in m.weak) for part in parts]
    if side_by_side or call.name == "append" or "axis" in call.options:
        return
    twice = [rows for position, rows in enumerate(sure) if rows and rows in sure[:position]]
    if twice and call.name in {"concat", "concatenate", "vstack", "cat", "r_"}:
        value.taints[Taint("resampling", DOUBLED, call.site, twice[0])] = None


def _merged(m: Machine, call: Call) -> Value:
    return applied(m, contents(call.argument(0, "left")), call.everything()[1:])


def _resample(m: Machine, call: Call) -> Value:
    found = []
    for argument in call.arguments:
        value = derived(contents(argument))
        if (
            call.said("replace") is not False
            and m.strong(value.rows)
            and not all(a.origin in m.weak for a in value.rows)
        ):
            value.taints[Taint("resampling", "resample", call.site, m.strong(value.rows))] = None
        found.append(value)
    return found[0] if len(found) == 1 else Items(items=list(found))


def _passing(m: Machine, call: Call) -> Value:
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


def _sorted(m: Machine, call: Call) -> Value:
    first = call.argument(0, "iterable")
    inside = contents(first)
    return Value(inside.rows, latent=inside.latent, scores=inside.scores, shape="sorted") if inside.scores else first


def _plain(m: Machine, call: Call) -> Value:
    inside = [contents(value) for value in call.arguments]
    if call.name == "print":
        for value in call.arguments:
            told(m, value, "", call.site)
    if call.name in {"float", "int", "str", "round", "abs", "bool", "format"}:
        return Value(latent=joined(inside).latent, scores=joined(inside).scores)
    return Value(shape="loop") if call.name == "range" else Value()


def _trained(m: Machine, call: Call) -> Value:
    """`xgb.train(params, dtrain, evals=...)`, `lgb.train(params, data, valid_sets=...)`."""
    rows = contents(call.argument(1, "dtrain", "train_set", "pool"))
    model = Value(name="Booster", born=len(m.loops))
    fit(m, model, rows, call.site, supervised=True)
    held = [call.options[name] for name in ("evals", "valid_sets", "eval_set") if name in call.options]
    if held and stops(model, call):
        for value in held:
            for item in value.items if isinstance(value, Items) else [value]:
                inside = contents(item)
                if m.strong(inside.rows) != m.strong(rows.rows):
                    watch(m, model, inside, call.site)
    return model


def _optimised(m: Machine, call: Call) -> Value:
    """`study.optimize(objective)`, `fmin(objective)`: what the objective returns is chosen by."""
    how = next((value for value in call.everything() if isinstance(value, Function)), None)
    if how:
        m.loops.append(Loop(call.node))
        result = call_function(m, how, [Value(name="Trial")], {}, call.node)
        scores = contents(result).scores
        m.loops.pop()
        if scores:
            choose(m, scores, call.site)
    return Value()


def _where(m: Machine, call: Call) -> Value:
    data = next((contents(v) for v in call.arguments[1:] if contents(v).rows), call.data())
    return applied(m, data, call.arguments)


def _vectors(m: Machine, call: Call) -> Value:
    return derived(call.data())


def _seeded(m: Machine, call: Call) -> Value:
    if call.arguments and call.arguments[0].shape == "loop" and m.loops:
        m.loops[-1].seeded = True
    return Value()


def _normalise(m: Machine, call: Call) -> Value:
    inside = joined(contents(value) for value in call.everything())
    return Value(latent=inside.latent, name=call.name)


def _parts(m: Machine, call: Call) -> Value:
    """`np.split(X, [a, b])`: pieces in order."""
    data = contents(call.argument(0, "ary"))
    where = call.argument(1, "indices_or_sections")
    key = f"split {call.site.file}:{call.site.line}"
    m.cut(key, call.node, "split")
    m.splits += 1
    from_data = [
        Step(key, f"piece {position}") for position in range(len(where.items) + 1 if isinstance(where, Items) else 2)
    ]
    return Items(items=[same_rows(data, m.sides(data.rows, step), step) for step in from_data])


HANDLERS: dict[str, Handler] = {
    "train_test_split": _split, "random_split": _random_split, "merge": _merged, "merge_asof": _merged, "resample": _resample,
    "sorted": _sorted, "train": _trained, "optimize": _optimised, "fmin": _optimised, "gp_minimize": _optimised,
    "forest_minimize": _optimised, "where": _where, "get_dummies": _vectors, "factorize": _vectors, "seed": _seeded,
    "manual_seed": _seeded, "Normalize": _normalise, "Compose": _normalise, "split": _parts, "array_split": _parts,
    "early_stopping": _normalise,
}  # fmt: skip
GENERAL: tuple[tuple[frozenset[str], Handler], ...] = (
    (known.CROSS_VALIDATIONS, _cross_validation), (known.CURVES, _curve), (known.PIPELINES, _pipeline),
    (known.SELECTION_FUNCTIONS, _selection), (known.FIT_FUNCTIONS, _fitted), (known.BINS, _bins),
    (known.PASSING, _passing), (known.PLAIN | {"float", "round", "abs"}, _plain),
    (frozenset({"concat", "concatenate", "vstack", "hstack", "append", "cat", "column_stack", "stack", "r_", "c_"}), _stacked),
    (known.STATISTICS, _statistic),
)  # fmt: skip

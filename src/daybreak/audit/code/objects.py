"""Objects of libraries' classes: models, transformers, splitters, and what only holds rows."""

from daybreak.audit.code import known, names, trainers
from daybreak.audit.code.call import Call
from daybreak.audit.code.machine import Leak, Machine
from daybreak.audit.code.reading import dataset, read
from daybreak.audit.code.values import Const, Function, Items, Table, Value, contents, derived, joined, same_rows

WRAPPERS = frozenset(
    {"DataFrame", "Series", "TensorDataset", "DMatrix", "QuantileDMatrix", "Dataset", "Pool", "DataLoader", "LazyFrame", "Tensor",
     "MinMaxScaledDataset", "Subset", "ConcatDataset", "Index", "DatasetDict", "ListDataset", "FloatTensor", "LongTensor"}
)  # fmt: skip


def make_object(m: Machine, call: Call) -> Value:
    """An object of a class: a model, a transformer, a splitter, or something that holds data."""
    name = call.name
    if name in WRAPPERS and not known.is_model(name):
        return wrapped(m, call)
    if "datasets." in call.path or name.endswith(("Dataset", "DataModule")):
        return dataset(m, call)
    made = Value(name=name, options=call.options, born=len(m.loops))
    made.parts = tuple(part for value in call.arguments for part in _learners(value))
    if name.endswith("Trainer"):
        trainers.made(m, call)
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
            if isinstance(table, Table) and _several_seeds(table):
                m.note(Leak("random_state_searched", call.name, call.site))


def _several_seeds(table: Table) -> bool:
    """Whether a grid lists more than one seed."""
    for key, value in table.entries.items():
        if isinstance(key, str) and names.is_seed(key.rpartition("__")[2]):
            single = isinstance(value, Const) or (isinstance(value, Items) and len(value.items) == 1 and not value.rest)
            if not single:
                return True
    return False


def wrapped(m: Machine, call: Call) -> Value:
    """`DataFrame(X)`, `TensorDataset(X, y)`, `DMatrix(X)`: the rows that they hold."""
    data = contents(call.argument(0, "data", "dataset", "X"))
    if call.name == "Subset" and len(call.arguments) > 1:
        value = derived(data)
        for step in call.arguments[1].select:
            value = same_rows(value, m.sides(value.rows, step), step)
            m.cut(step.key, call.node, "slice")
        return value
    value = joined([data, *([] if data.rows else map(contents, call.everything()))])
    if not value.rows and not value.latent and not value.scores:
        value = contents(read(m, call))
    value.columns = data.columns
    for taint in contents(call.option("transform")).latent:
        value.taints[taint] = None
    return value


def pipeline(m: Machine, call: Call) -> Value:
    """`make_pipeline(...)`, `ColumnTransformer(...)`: its steps."""
    parts = [part for value in call.everything() for part in _learners(value)]
    return Value(name="Pipeline", parts=tuple(parts), options=call.options, born=len(m.loops))

"""Functions and classes of libraries, by the last part of their names."""

from collections.abc import Callable

from daybreak.audit.code import known
from daybreak.audit.code.array_functions import (
    expression,
    in_order,
    merged,
    normalise,
    passing,
    plain,
    stacked,
    statistic_of,
    vectors,
    where,
)
from daybreak.audit.code.call import Call
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.objects import make_object, pipeline
from daybreak.audit.code.reading import read, unknown, windows
from daybreak.audit.code.training_functions import (
    bins,
    cross_validate,
    curve,
    fitted,
    metric,
    optimised,
    parts,
    random_parts,
    resampled,
    seeded,
    selection,
    split_rows,
    trained,
)
from daybreak.audit.code.values import Value, contents

Handler = Callable[[Machine, Call], Value]


def call_library(m: Machine, call: Call) -> Value:
    """What a library's function returns."""
    name = call.name
    for option in call.options.values():
        if option.shape == "loop":
            call.seeds(m)
    if call.path.startswith(known.NO_DATA) and not known.READS.match(name):
        return Value()
    handler = HANDLERS.get(name)
    if handler:
        return handler(m, call)
    for group, general in GENERAL:
        if name in group:
            return general(m, call)
    if known.METRIC.search(name) and any(contents(value).uses for value in call.everything()):
        return metric(m, call)
    if known.READS.match(name):
        return read(m, call)
    if name[:1].isupper():
        return make_object(m, call)
    return unknown(m, call)


HANDLERS: dict[str, Handler] = {
    "col": expression, "all": expression, "exclude": expression, "nth": expression,
    "train_test_split": split_rows, "random_split": random_parts, "merge": merged, "merge_asof": merged, "resample": resampled,
    "sorted": in_order, "train": trained, "optimize": optimised, "fmin": optimised, "gp_minimize": optimised,
    "forest_minimize": optimised, "where": where, "get_dummies": vectors, "factorize": vectors, "seed": seeded,
    "manual_seed": seeded, "Normalize": normalise, "Compose": normalise, "split": parts, "array_split": parts,
    "early_stopping": normalise,
}  # fmt: skip
GENERAL: tuple[tuple[frozenset[str], Handler], ...] = (
    (known.SEQUENCES, windows), (known.CROSS_VALIDATIONS, cross_validate), (known.CURVES, curve), (known.PIPELINES, pipeline),
    (known.SELECTION_FUNCTIONS, selection), (known.FIT_FUNCTIONS, fitted), (known.BINS, bins),
    (known.PASSING, passing), (known.PLAIN | {"float", "round", "abs"}, plain),
    (frozenset({"concat", "concatenate", "vstack", "hstack", "append", "cat", "column_stack", "stack", "r_", "c_"}), stacked),
    (known.STATISTICS, statistic_of),
)  # fmt: skip

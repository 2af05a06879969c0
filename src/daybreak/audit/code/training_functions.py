"""Functions of libraries that split, select, resample, train, score or search."""

from daybreak.audit.code.axes import row_by_row
from daybreak.audit.code.call import Call
from daybreak.audit.code.choosing import choose
from daybreak.audit.code.invoking import call_function
from daybreak.audit.code.learners import stops
from daybreak.audit.code.learning import fit, scores_of, watch
from daybreak.audit.code.machine import Loop, Machine
from daybreak.audit.code.splitting import cross_validation, lengths, random_split, train_test_split
from daybreak.audit.code.statistics import learned_by_function
from daybreak.audit.code.values import Const, Function, Items, Step, Taint, Value, contents, derived, same_rows


def split_rows(m: Machine, call: Call) -> Value:
    """`train_test_split(X, y)`."""
    return train_test_split(m, call)


def random_parts(m: Machine, call: Call) -> Value:
    """`random_split(dataset, lengths)`."""
    value = contents(call.argument(0, "dataset"))
    return random_split(m, call, value, lengths(call, 1))


def cross_validate(m: Machine, call: Call) -> Value:
    """`cross_val_score(model, X, y)`."""
    model = call.argument(0, "estimator")
    rows = contents(call.argument(1, "X"))
    m.learn_target(rows, call.argument(2, "y"))
    cross_validation(m, call, model, rows)
    return Value()


def curve(m: Machine, call: Call) -> Value:
    """`learning_curve(model, X, y)`: splits by itself."""
    m.splits += 1
    return Value()


def selection(m: Machine, call: Call) -> Value:
    """`mutual_info_classif(X, y)`: numbers that features are selected by."""
    data = contents(call.argument(0, "X"))
    if not m.strong(data.rows):
        return Value(latent=data.latent)
    return Value(latent=frozenset({Taint("selection", call.name, call.site, m.strong(data.rows))}))


def fitted(m: Machine, call: Call) -> Value:
    """`scale(X)`, `zscore(X)`: learned from all rows that it is given."""
    data = contents(call.argument(0, "X", "a", "x"))
    if row_by_row(call.options):
        return derived(data)
    value = learned_by_function(m, data, call.name, call.node)
    return Items(items=[value, Value()]) if call.name == "boxcox" and len(call.arguments) == 1 else value


def bins(m: Machine, call: Call) -> Value:
    """`pd.qcut`, and `pd.cut` into a number of bins."""
    data = contents(call.argument(0, "x"))
    bins = call.argument(1, "q", "bins")
    if call.name == "qcut" or (isinstance(bins, Const) and isinstance(bins.value, int)):
        return learned_by_function(m, data, call.name, call.node, "statistics")
    return derived(data)


def _of_rows(call: Call) -> bool:
    """Whether it is scikit-learn's `resample`, not one of a signal."""
    return "." not in call.path or "sklearn" in call.path or call.path == "utils.resample"


def resampled(m: Machine, call: Call) -> Value:
    """`resample(X)`: rows are drawn more than once."""
    found = []
    for argument in call.arguments:
        value = derived(contents(argument))
        if (
            _of_rows(call)
            and call.said("replace") is not False
            and m.strong(value.rows)
            and not all(a.origin in m.weak for a in value.rows)
        ):
            value.taints[Taint("resampling", "resample", call.site, m.strong(value.rows))] = None
        found.append(value)
    return found[0] if len(found) == 1 else Items(items=list(found))


def trained(m: Machine, call: Call) -> Value:
    """`xgb.train(params, dtrain, evals=...)`, `lgb.train(params, data, valid_sets=...)`."""
    rows = contents(call.argument(1, "dtrain", "train_set", "pool"))
    model = Value(name="Booster", born=len(m.loops))
    fit(m, model, rows, call.site, supervised=True)
    held = [call.options[name] for name in ("evals", "valid_sets", "eval_set") if name in call.options]
    held += call.arguments[3:4]
    if held and stops(model, call):
        for value in held:
            for item in value.items if isinstance(value, Items) else [value]:
                inside = contents(item)
                if m.strong(inside.rows) != m.strong(rows.rows):
                    watch(m, model, inside, call.site)
    return model


def optimised(m: Machine, call: Call) -> Value:
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


def seeded(m: Machine, call: Call) -> Value:
    """`np.random.seed(i)`."""
    if call.arguments and call.arguments[0].shape == "loop" and m.loops:
        m.loops[-1].seeded = True
    return Value()


def parts(m: Machine, call: Call) -> Value:
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


def metric(m: Machine, call: Call) -> Value:
    """`accuracy_score(y, predicted)`."""
    uses = frozenset(use for value in call.everything() for use in contents(value).uses)
    return Value(scores=scores_of(m, uses, call.site))

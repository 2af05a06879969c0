"""Methods of models and transformers: scikit-learn's, and those of Keras, XGBoost, LightGBM, CatBoost that go by the same names."""

from collections.abc import Callable

from daybreak.audit.code import known, trainers
from daybreak.audit.code.call import Call
from daybreak.audit.code.learning import asked, fit, predicted, scores_of, transformed, watch
from daybreak.audit.code.machine import Leak, Machine, parted
from daybreak.audit.code.splitting import cross_validation, flat, folds
from daybreak.audit.code.values import Const, Items, Score, Taint, Use, Value, contents, derived

Handler = Callable[[Machine, Value, Call], Value]


def _fit(m: Machine, owner: Value, call: Call) -> Value:
    if owner.name.endswith("Trainer"):
        return trainers.fitted(m, owner, call)
    rows = flat(
        call.argument(0, "X", "x", "data", "dataset", "train_set", "raw_documents", "training_data", "sequences")
    )
    target = call.argument(1, "y", "Y", "labels")
    call.seeds(m)
    if owner.name in known.SEARCHES or (owner.name and owner.name.endswith("SearchCV")):
        cross_validation(m, call, owner, rows)
        _searched_on_test(m, owner, rows, call)
    supervised = bool(target.rows) or known.is_model(owner.name)
    fit(m, owner, rows, call.site, supervised=supervised and not known.CLUSTERS.search(owner.name))
    m.learn_target(rows, target)
    _held(m, owner, call, rows)
    return owner


def _searched_on_test(m: Machine, owner: Value, rows: Value, call: Call) -> None:
    if m.tested(rows.rows):
        m.note(Leak("test_in_selection", owner.name, call.site, None, rows=rows.rows))


def _held(m: Machine, owner: Value, call: Call, rows: Value) -> None:
    """Rows given to `fit` beside the training rows, and whether they end the training."""
    held = [
        call.options[name]
        for name in ("validation_data", "eval_set", "eval_data", "valid_sets", "evals")
        if name in call.options
    ]
    share = call.options.get("validation_split")
    if isinstance(share, Const) and share.value:
        m.splits += 1
        if not any(m.role(atom) == "train" for atom in rows.rows):
            parted(m, rows, call.site)
    if not held or not stops(owner, call):
        return
    for value in held:
        parts = (
            value.items if isinstance(value, Items) and value.items and isinstance(value.items[0], Items) else [value]
        )
        for part in parts:
            inside = contents(part)
            if m.strong(inside.rows) != m.strong(rows.rows):
                watch(m, owner, inside, call.site)


def stops(owner: Value, call: Call) -> bool:
    """Whether training ends, or keeps its best state, by what it is shown beside the training rows."""
    if "CatBoost" in owner.name:
        keep = owner.options.get("use_best_model") or call.options.get("use_best_model")
        return not (isinstance(keep, Const) and keep.value is False)
    for options in (owner.options, call.options):
        for name, value in options.items():
            if name in {"early_stopping_rounds", "early_stopping", "od_wait"} and not (
                isinstance(value, Const) and not value.value
            ):
                return True
            if name in {"callbacks", "callback"} and any(known.STOPPING.search(each) for each in _names(value)):
                return True
    return False


def _names(value: Value, depth: int = 3) -> list[str]:
    found = [value.name] if value.name else []
    if depth and isinstance(value, Items):
        for item in value.items + ([value.rest] if value.rest else []):
            found += _names(item, depth - 1)
    return found


def _adapt(m: Machine, owner: Value, call: Call) -> Value:
    fit(m, owner, flat(call.argument(0, "X", "x", "data", "texts", "sequences")), call.site)
    return owner


def _partial(m: Machine, owner: Value, call: Call) -> Value:
    fit(m, owner, flat(call.argument(0, "X", "x")), call.site, anew=False, supervised=len(call.arguments) > 1)
    return owner


def _fit_transform(m: Machine, owner: Value, call: Call) -> Value:
    rows = flat(call.argument(0, "X", "x", "raw_documents", "y"))
    fit(m, owner, rows, call.site)
    return transformed(m, owner, rows)


def _transform(m: Machine, owner: Value, call: Call) -> Value:
    return transformed(m, owner, flat(call.argument(0, "X", "x", "raw_documents", "texts", "data")))


def _fit_resample(m: Machine, owner: Value, call: Call) -> Value:
    rows = flat(call.argument(0, "X", "x"))
    target = call.argument(1, "y")
    fit(m, owner, rows, call.site)
    return Items(items=[transformed(m, owner, rows), transformed(m, owner, target if target.rows else rows)])


def _predict(m: Machine, owner: Value, call: Call) -> Value:
    return predicted(m, owner, flat(call.argument(0, "X", "x", "data", "test_data")), call.site)


def _fit_predict(m: Machine, owner: Value, call: Call) -> Value:
    rows = flat(call.argument(0, "X", "x"))
    fit(m, owner, rows, call.site)
    value = derived(rows)
    value.taints = {Taint("fit", owner.name or "clustering", call.site, m.strong(rows.rows)): None}
    return value


def _score(m: Machine, owner: Value, call: Call) -> Value:
    rows = flat(call.argument(0, "X", "x", "data", "test_data", "dataset"))
    asked(m, owner, rows, call.site, scored=True)
    return Value(scores=frozenset(_scored(m, owner, rows, call)))


def _scored(m: Machine, owner: Value, rows: Value, call: Call) -> frozenset[Score]:
    return scores_of(m, {Use(owner, m.strong(rows.rows))}, call.site)


METHODS: dict[str, Handler] = {
    "fit": _fit, "fit_generator": _fit, "partial_fit": _partial, "train_on_batch": _partial, "adapt": _adapt, "fit_on_texts": _adapt,
    "train": _fit, "fit_transform": _fit_transform, "transform": _transform, "texts_to_sequences": _transform,
    "texts_to_matrix": _transform, "fit_resample": _fit_resample, "fit_sample": _fit_resample, "predict": _predict,
    "predict_proba": _predict, "predict_log_proba": _predict, "decision_function": _predict, "predict_classes": _predict,
    "predict_generator": _predict, "fit_predict": _fit_predict, "score": _score, "evaluate": _score, "evaluate_generator": _score,
    "finetune": _partial,
}  # fmt: skip


def is_learner_call(owner: Value, call: Call) -> bool:
    """Whether a method is a model's or a transformer's, not a frame's of the same name."""
    name = call.name
    if name not in METHODS:
        return False
    if name == "transform":
        first = call.argument(0, "X", "x", "func")
        return bool(owner.fits or owner.name) or (bool(flat(first).rows) and not owner.shape.startswith("grouped"))
    if name in {"train", "evaluate", "score", "adapt", "finetune"}:
        return bool(flat(call.argument(0, "X", "x", "dataset", "data")).rows)
    return True


def call_learner(m: Machine, owner: Value, call: Call) -> Value:
    """A model's or a transformer's method."""
    if owner.shape == "folds":
        return Value()
    return METHODS[call.name](m, owner, call)


def split_by(m: Machine, owner: Value, call: Call) -> Value:
    """`kf.split(X)`."""
    return folds(m, call, owner)


def attribute(m: Machine, owner: Value, name: str) -> Value | None:
    """What a fitted object says of what it learned."""
    if not owner.fits:
        return None
    last = owner.fits[-1]
    if known.LEARNED.match(name):
        return Value(latent=frozenset({Taint("selection", owner.name or name, last.site, last.rows)}))
    if name in {"labels_", "embedding_"}:
        return Value(last.rows, {Taint("fit", owner.name or name, last.site, last.rows): None})
    if name in {"mean_", "scale_", "var_", "statistics_", "data_min_", "data_max_", "center_", "components_"}:
        return Value(latent=frozenset({Taint("fit", owner.name or name, last.site, last.rows)}))
    if name in {"best_estimator_", "model", "best_model"}:
        return owner
    return None

"""scikit-learn by passes or by growth: one unit is a pass of `partial_fit`, some more trees, or some more iterations of `fit`.

    model = RandomForestClassifier(warm_start=True, max_features=run.params.max_features)
    for model in rounds(run, model, x_train, y_train, each=10):
        run.report(accuracy=model.score(x_valid, y_valid))

How an estimator goes on is seen from it, or said by `by`:

    "partial_fit"   one call per unit over all rows; `each` calls where it is larger than one
    "n_estimators"  with `warm_start`: `each` more trees per unit (forests, gradient boosting, bagging)
    "max_iter"      with `warm_start`: `fit` with `max_iter=each`; with histogram gradient boosting `each` more trees

With `random_state=None` an estimator draws from NumPy's global generator, whose state is in the checkpoint. With a number it draws the
same numbers in every pass, wherever it was interrupted. A `fit` of "max_iter" begins with the coefficients that are there but a new
solver (no momenta, no curvature): the bits do not depend on interruptions, but they are not those of one long `fit`.
"""

import inspect
import warnings
from collections.abc import Iterator
from typing import Any, Literal, TypeVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from daybreak.base.errors import UsageError
from daybreak.train.run import Run

Estimator = TypeVar("Estimator")
By = Literal["partial_fit", "n_estimators", "max_iter"]

NAME = "model"
TOTALS = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")  # their max_iter counts from the beginning

limits: tuple[str, ...] = ()  # none is known: an estimator's state is all there is, and `run.keep` holds it


def rounds(
    run: Run,
    estimator: Estimator,
    x: Any,
    y: Any = None,
    *,
    each: int = 1,
    units: int | None = None,
    by: By | None = None,
    by_pickle: bool = False,
    **fit: Any,
) -> Iterator[Estimator]:
    """The estimator after each unit, the same object throughout; kept in the checkpoint as `model`.

    `x`: rows, shape (N, F); `y`: shape (N,) or (N, T). `units`: how many at most (default: the horizon). `fit`: further arguments of
    `fit` or `partial_fit`, such as `sample_weight`; `classes` is found in `y` unless given. `by_pickle`: keep
    what nothing but pickle can hold, such as gradient boosting. Raises `UsageError` for an estimator that cannot go on.
    """
    if each < 1:
        raise UsageError(f"each >= 1 must hold: how much a unit adds, got {each}")
    way = by or way_of(estimator)
    run.keep(**{NAME: pickled(estimator) if by_pickle else estimator})
    given = _arguments(estimator, way, y, fit)
    return _grow(run, estimator, way, (x,) if y is None else (x, y), given, each, units)


def pickled(estimator: Any) -> Any:
    """For `run.keep`: asked for by name."""
    from daybreak.train.states import by_pickle

    return by_pickle(estimator)


def way_of(estimator: Any) -> By:
    """How it goes on from where it stands. Raises `UsageError`."""
    if hasattr(estimator, "partial_fit"):
        return "partial_fit"
    params = estimator.get_params(deep=False)
    if not params.get("warm_start"):
        advice = "make it with warm_start=True" if "warm_start" in params else "take one that does"
        raise UsageError(f"{type(estimator).__name__} has neither partial_fit nor warm_start on: {advice}")
    ways: tuple[By, ...] = ("n_estimators", "max_iter")
    for way in ways:
        if way in params:
            return way
    raise UsageError(
        f"{type(estimator).__name__} goes on with warm_start, but neither n_estimators nor max_iter says how far: call its fit yourself "
        "in a loop over run.epochs, with run.keep(model=...)"
    )


def _arguments(estimator: Any, way: By, y: Any, given: dict[str, Any]) -> dict[str, Any]:
    """All classes must be told beforehand: a pass may not see each."""
    if way == "partial_fit" and y is not None and "classes" in inspect.signature(estimator.partial_fit).parameters:
        return {"classes": np.unique(y), **given}
    return given


def _grow(
    run: Run, estimator: Any, way: By, data: tuple[Any, ...], given: dict[str, Any], each: int, units: int | None
) -> Iterator[Any]:
    for unit in run.epochs(units):
        if way == "partial_fit":
            for _ in range(each):
                estimator.partial_fit(*data, **given)
        else:
            total = way == "n_estimators" or type(estimator).__name__ in TOTALS
            estimator.set_params(**{way: each * (unit + 1) if total else each})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a unit is not meant to converge
                estimator.fit(*data, **given)
        yield estimator

"""XGBoost by boosting round: one unit is `each` rounds, frozen and resumed to the bit.

    for booster in rounds(run, {"objective": "binary:logistic", "eta": run.params.eta}, train, evals={"valid": valid}):
        ...  # more to report, if any: run.report(...)

A booster's file holds its trees, not its random state: a booster that was loaded draws other rows and columns than the one that was
saved (so does `seed_per_iteration` with the tree methods "hist" and "approx", measured with 3.2). Therefore each unit has a seed of its
own, a function of the run's seed and the unit, and begins with fresh tree builders, whether the booster is new or was there before.
The margins that a loaded booster computes again have the bits of those it had: both add the trees in order.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xgboost as xgb

from daybreak.base.streams import derive_seed
from daybreak.train.adapters import boosting
from daybreak.train.adapters.patience import Patience
from daybreak.train.run import Run

NAME = "xgboost"
TAKEN = {
    "seed": "each unit's comes from the run's",
    "random_state": "each unit's comes from the run's",
    "n_estimators": "rounds(each=ROUNDS_OF_A_UNIT, units=COUNT)",
    "num_boost_round": "rounds(each=ROUNDS_OF_A_UNIT, units=COUNT)",
    "early_stopping_rounds": 'rounds(patience=Patience("valid_logloss", UNITS))',
}
OTHER_METHOD = {"hist": "approx", "approx": "hist", "exact": "hist", "auto": "approx"}

limits: tuple[
    str, ...
] = ()  # none is known: every booster and tree method gave equal bits, subsampling and DART included


def rounds(
    run: Run,
    params: Mapping[str, Any],
    train: xgb.DMatrix,
    *,
    evals: Mapping[str, xgb.DMatrix] | None = None,
    each: int = 10,
    units: int | None = None,
    patience: Patience | None = None,
    objective: boosting.Objective | None = None,
    metric: boosting.Objective | None = None,
) -> Iterator[xgb.Booster]:
    """The booster after each unit, the same object while nothing interrupts.

    `evals`: what is evaluated and reported after each unit, `{"valid": d_valid}` as `valid_logloss`. `units`: how many at most (default:
    the horizon). `objective`, `metric`: functions, as `xgboost.train` takes them. `nthread` is what the attempt was granted, unless
    given. Raises `UsageError` for parameters that are the run's: `seed`, `n_estimators`, `early_stopping_rounds`.
    """
    own = {"nthread": boosting.threads(), **boosting.checked(dict(params), TAKEN)}
    grower = _Grower(run.seed, own, train, evals or {}, objective, metric)
    return boosting.grow(run, NAME, grower, each=each, units=units, patience=patience)


class _Grower:
    """A booster and what it is trained on."""

    def __init__(
        self,
        seed: int,
        params: dict[str, Any],
        train: xgb.DMatrix,
        evals: Mapping[str, xgb.DMatrix],
        objective: boosting.Objective | None,
        metric: boosting.Objective | None,
    ) -> None:
        self._seed = seed
        self._params = params
        self._train = train
        self._evals = [(data, name) for name, data in evals.items()]
        self._objective = objective
        self._metric = metric
        self._booster: xgb.Booster | None = None
        self._raw: bytearray | None = None  # a booster that was saved, to go on from

    def grow(self, unit: int, rounds: int) -> xgb.Booster:
        seed = derive_seed(self._seed, NAME, unit, bits=31)
        if self._booster is None or not self._renewable:
            self._raw = self._booster.save_raw("ubj") if self._booster is not None else self._raw
            known = [self._train, *(data for data, _ in self._evals)]
            self._booster = xgb.Booster({**self._params, "seed": seed}, known, model_file=self._raw)
        else:
            self._renew(self._booster)
        self._booster.set_param({"seed": seed})
        self._booster.save_config()  # settles the seed now, not at whatever asks first
        for number in range(unit * rounds, (unit + 1) * rounds):
            self._booster.update(self._train, number, self._objective)
        return self._booster

    @property
    def _renewable(self) -> bool:
        """Whether its builders can be made anew in place. Else it is loaded again in each unit, which computes its margins again."""
        return "updater" not in self._params and self._params.get("booster") != "gblinear"

    def _renew(self, booster: xgb.Booster) -> None:
        """Builders live as long as the tree method stays: let it change and change back."""
        method = self._params.get("tree_method", "auto")
        booster.set_param({"tree_method": OTHER_METHOD.get(method, "hist")})
        booster.save_config()  # settles it
        booster.set_param({"tree_method": method})

    def scores(self) -> dict[str, float]:
        if self._booster is None or not self._evals:
            return {}
        told = self._booster.eval_set(self._evals, self._booster.num_boosted_rounds() - 1, self._metric)
        pairs = (part.rsplit(":", 1) for part in str(told).split("\t")[1:])
        return {boosting.metric_name(*name.split("-", 1)): float(value) for name, value in pairs}

    def save(self) -> dict[str, Any]:
        if self._booster is None:
            return {"limits": list(limits), "booster": boosting.as_bytes(self._raw or b"")}
        return {"limits": list(limits), "booster": boosting.as_bytes(self._booster.save_raw("ubj"))}

    def load(self, state: dict[str, Any]) -> None:
        self._raw = bytearray(np.asarray(state["booster"]).tobytes())

    def revived(self) -> xgb.Booster:
        return xgb.Booster(self._params, model_file=self._raw)

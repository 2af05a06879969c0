"""LightGBM by boosting round: one unit is `each` rounds, frozen and resumed to the bit.

    for booster in rounds(run, {"objective": "binary", "learning_rate": run.params.eta}, train, evals={"valid": valid}):
        ...  # more to report, if any: run.report(...)

A model's text holds its trees, not its random state. Plain boosting with bagging and sampled features goes on from it: each unit has
seeds of its own, functions of the run's seed and the unit, set in a way that leaves a booster that was there and one that was loaded
in the same state (measured with 4.7). The rest (`boosting: dart` and `rf`, GOSS, linear trees, quantised gradients, bagging that is
renewed across the end of a unit) is boosted again from its first round when it is resumed, which gives the same bits and costs the time
again; `limits` says so and so does the attempt's output.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import lightgbm as lgb
import numpy as np

from daybreak.base.errors import UsageError
from daybreak.base.streams import derive_seed
from daybreak.train.adapters import boosting
from daybreak.train.adapters.patience import Patience
from daybreak.train.checkpoints import say
from daybreak.train.run import Run

NAME = "lightgbm"
TAKEN = {
    "seed": "each unit's comes from the run's",
    "random_state": "each unit's comes from the run's",
    "num_iterations": "rounds(each=ROUNDS_OF_A_UNIT, units=COUNT)",
    "num_boost_round": "rounds(each=ROUNDS_OF_A_UNIT, units=COUNT)",
    "n_estimators": "rounds(each=ROUNDS_OF_A_UNIT, units=COUNT)",
    "early_stopping_round": 'rounds(patience=Patience("valid_binary_logloss", UNITS))',
    "early_stopping_rounds": 'rounds(patience=Patience("valid_binary_logloss", UNITS))',
}
SEEDS = ("bagging_seed", "feature_fraction_seed", "extra_seed", "objective_seed", "drop_seed")
BAGS = ("bagging_fraction", "pos_bagging_fraction", "neg_bagging_fraction")
PLAIN = {"boosting": "gbdt", "data_sample_strategy": "bagging", "device_type": "cpu"}
AGAIN = "LightGBM cannot restore the state of {why}: a frozen trial is boosted again from its first round"


def rounds(
    run: Run,
    params: Mapping[str, Any],
    train: lgb.Dataset,
    *,
    evals: Mapping[str, lgb.Dataset] | None = None,
    each: int = 10,
    units: int | None = None,
    patience: Patience | None = None,
    metric: boosting.Objective | None = None,
) -> Iterator[lgb.Booster]:
    """The booster after each unit, the same object while nothing interrupts.

    `evals`: what is evaluated and reported after each unit, `{"valid": d_valid}` as `valid_binary_logloss`; each made with
    `reference=train`. `units`: how many at most (default: the horizon). `metric`: a function, as `lightgbm.train` takes it. Unless
    given, `num_threads` is what the attempt was granted, `deterministic` and `force_row_wise` are true. A dataset that was constructed
    before needs `free_raw_data=False`. Raises `UsageError` for parameters that are the run's: `seed`, `num_iterations`, early stopping.
    """
    own = {
        "num_threads": boosting.threads(),
        "deterministic": True,
        "force_row_wise": not params.get("force_col_wise", False),
        "verbosity": -1,
        **boosting.checked(dict(params), TAKEN),
    }
    grower = _Grower(run.seed, own, train, evals or {}, metric, each)
    return boosting.grow(run, NAME, grower, each=each, units=units, patience=patience)


class _Grower:
    """A booster and what it is trained on."""

    def __init__(
        self,
        seed: int,
        params: dict[str, Any],
        train: lgb.Dataset,
        evals: Mapping[str, lgb.Dataset],
        metric: boosting.Objective | None,
        each: int,
    ) -> None:
        self.limits: tuple[str, ...] = ()
        self._seed = seed
        self._params = params
        self._train = train
        self._evals = dict(evals)
        self._metric = metric
        self._each = each
        self._booster: lgb.Booster | None = None
        self._text = ""  # a model that was saved, to go on from
        self._settled: dict[str, Any] = {}  # every parameter under its own name, as LightGBM understood them

    def grow(self, unit: int, rounds: int) -> lgb.Booster:
        if self._booster is None:
            self._booster = self._begin(unit, rounds)
        else:
            self._renew(self._booster, unit)
            self._update(self._booster, rounds)
        return self._booster

    def _begin(self, unit: int, rounds: int) -> lgb.Booster:
        """A booster for this process, with this unit's rounds."""
        if self._text:
            self._settle(self._text)
        if self.limits:
            return self._repeat(unit, rounds)
        first = self._start(unit)
        self._settle(first.model_to_string())
        self._update(first, rounds - 1)
        return first

    def _repeat(self, unit: int, rounds: int) -> lgb.Booster:
        """All rounds so far once more, and then this unit's."""
        first = self._start(0)
        self._update(first, unit * rounds - 1)
        if trees(first.model_to_string()) != trees(self._text):
            say(
                "boosting again gave other trees than the checkpoint's: this trial is a clone or a fork with other hyperparameters, or the "
                "data, the machine or LightGBM has changed"
            )
        self._update(first, rounds)
        return first

    def _start(self, unit: int) -> lgb.Booster:
        """The first round goes through `lightgbm.train`, which alone can begin with the trees of another model."""
        try:
            return lgb.train(
                {**self._params, **self._seeds(unit)},
                self._train,
                num_boost_round=1,
                valid_sets=list(self._evals.values()),
                valid_names=list(self._evals),
                init_model=lgb.Booster(model_str=self._text) if self._text and not self.limits else None,
                keep_training_booster=True,
            )
        except lgb.basic.LightGBMError as error:
            if "raw data" not in str(error):
                raise
            raise UsageError(
                f"a trial that goes on needs the rows of its data ({error}): make it with lightgbm.Dataset(..., free_raw_data=False)"
            ) from error

    def _settle(self, text: str) -> None:
        """See from a model's text how LightGBM understood the parameters, and whether a model can go on from its text."""
        self._settled = settled(text)
        why = why_again(self._settled, self._each)
        self.limits = (AGAIN.format(why=why),) if why else ()
        for limit in self.limits:
            say(limit)

    def _renew(self, booster: lgb.Booster, unit: int) -> None:
        """This unit's seeds, as a loaded booster would have them.

        Bagging begins anew when its fraction changes, sampled features when their seed does: the fraction first, with the seeds that
        were there, then both as they ought to be, since each change draws features once.
        """
        if self.limits:
            return
        last = self._seeds(unit - 1)
        halved = {name: self._settled[name] / 2 for name in BAGS if self._settled.get(name, 1.0) < 1.0}
        if halved:
            booster.reset_parameter({**self._params, **last, **halved})
        booster.reset_parameter({**self._params, **self._seeds(unit)})

    def _seeds(self, unit: int) -> dict[str, int]:
        return {name: derive_seed(self._seed, NAME, name, unit, bits=31) for name in SEEDS}

    def _update(self, booster: lgb.Booster, rounds: int) -> None:
        for _ in range(rounds):
            booster.update()

    def scores(self) -> dict[str, float]:
        if self._booster is None or not self._evals:
            return {}
        told = self._booster.eval_valid(self._metric)
        return {boosting.metric_name(name, metric): float(value) for name, metric, value, *_ in told}

    def save(self) -> dict[str, Any]:
        text = self._booster.model_to_string() if self._booster is not None else self._text
        return {"limits": list(self.limits), "booster": boosting.as_bytes(text.encode())}

    def load(self, state: dict[str, Any]) -> None:
        self._text = np.asarray(state["booster"]).tobytes().decode()

    def revived(self) -> lgb.Booster:
        return lgb.Booster(model_str=self._text)


def settled(text: str) -> dict[str, Any]:
    """The numbers and names among the parameters at the end of a model's text."""
    pairs = re.findall(r"^\[(\w+): (.*)\]$", text, re.MULTILINE)
    return {name: float(value) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", value) else value for name, value in pairs}


def why_again(settled: Mapping[str, Any], each: int) -> str:
    """What keeps a model from going on from its text, in units of `each` rounds; empty where nothing does."""
    for name, plain in PLAIN.items():
        if settled.get(name, plain) != plain:
            return f"{name}: {settled[name]}"
    for name in ("linear_tree", "use_quantized_grad"):
        if settled.get(name):
            return name
    bags = any(settled.get(name, 1.0) < 1.0 for name in BAGS)
    if bags and settled["bagging_freq"] and each % settled["bagging_freq"]:
        return f"bagging_freq: {settled['bagging_freq']:.0f} in units of {each} rounds"
    return ""


def trees(text: str) -> str:
    """A model's text up to its parameters."""
    return text.partition("\nparameters:")[0]

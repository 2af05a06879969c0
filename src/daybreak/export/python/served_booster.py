"""Loads trees of XGBoost or LightGBM in a worker process. Stands in the package under code/; needs no Daybreak."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, Any]


def load(folder: str | Path) -> Callable[[Arrays], Arrays]:
    """A function from columns to {output: probabilities (rows, classes), or numbers}."""
    model = Path(folder) / "model"
    told = json.loads((model / "served.json").read_text(encoding="utf-8"))
    ask = _lightgbm(model / told["file"]) if told["file"].endswith(".txt") else _xgboost(model / told["file"])

    def predict(feeds: Arrays) -> Arrays:
        parts = [feeds[name].reshape(len(feeds[name]), -1) for name in told["columns"]]
        answer = np.asarray(ask(np.concatenate(parts, axis=1)))
        if told["kind"] == "label" and answer.ndim == 1:
            answer = np.stack([1 - answer, answer], axis=1)
        return {told["output"]: answer}

    return predict


def _lightgbm(file: Path) -> Callable[[Any], Any]:
    import lightgbm

    return lightgbm.Booster(model_file=str(file)).predict  # type: ignore[no-any-return]


def _xgboost(file: Path) -> Callable[[Any], Any]:
    import xgboost

    booster = xgboost.Booster(model_file=str(file))
    return lambda matrix: booster.predict(xgboost.DMatrix(matrix), validate_features=False)

"""Domains: what one hyperparameter may be. Declared here, drawn from in `search`.

In an experiment file a domain is a mapping with one key that names its kind, or a bare value (a constant)::

    lr:       {log: [1e-4, 1e-1]}                  # log-uniform float
    dropout:  {uniform: [0.0, 0.5], step: 0.1}     # quantised
    layers:   {int: [1, 4]}                        # both ends included; `log: true` for log-spaced integers
    width:    {choice: [16, 32, 64]}
    momentum: {uniform: [0, 0.99], when: "optimizer == 'sgd'"}
    augment:  {noise: {uniform: [0, 0.1]}}         # nested: flattened to `augment.noise`
    epochs:   30                                   # constant
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Scalar = bool | int | float | str | None
Point = dict[str, Any]  # flat: dotted name -> value; names whose `when` does not hold are absent


class _Domain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str | None = None  # expression over names declared before; absent when it does not hold
    count: int | None = None  # how many values a grid takes of it


class Uniform(_Domain):
    """A float in [low, high]; with `step`, one of low, low + step, ..."""

    kind: Literal["uniform"] = "uniform"
    low: float
    high: float
    step: float | None = None


class Log(_Domain):
    """A float in [low, high], uniform in its logarithm; 0 < low."""

    kind: Literal["log"] = "log"
    low: float
    high: float


class Int(_Domain):
    """An integer in [low, high], both ends included; `log` spaces it by its logarithm; `step` quantises."""

    kind: Literal["int"] = "int"
    low: int
    high: int
    step: int = 1
    log: bool = False


class Choice(_Domain):
    """One of some values, unordered."""

    kind: Literal["choice"] = "choice"
    options: tuple[Any, ...]


class Constant(_Domain):
    """Always the same value."""

    kind: Literal["constant"] = "constant"
    value: Any


Domain = Uniform | Log | Int | Choice | Constant

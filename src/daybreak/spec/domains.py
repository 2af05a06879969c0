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

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

Scalar = bool | int | float | str | None
Point = dict[str, Any]  # flat: dotted name -> value; names whose `when` does not hold are absent


def _numeric(value: Any) -> Any:
    """Refuse what pydantic would turn into a number: true is not 1, and quoted digits are text."""
    if isinstance(value, bool | str | bytes):
        raise PydanticCustomError("not_a_number", "must be a number")
    return value


Number = Annotated[float, BeforeValidator(_numeric), Field(allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_numeric)]


class _Domain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str | None = Field(
        default=None, description="Expression over names declared before; where it does not hold the name is absent."
    )
    count: Whole | None = Field(default=None, ge=1, description="How many values a grid takes of it.")


class Uniform(_Domain):
    """A float in [low, high]; with `step`, one of low, low + step, ..."""

    kind: Literal["uniform"] = "uniform"
    low: Number = Field(description="Smallest value.")
    high: Number = Field(description="Largest value.")
    step: Number | None = Field(default=None, gt=0, description="Distance of neighbouring values, counted from `low`.")


class Log(_Domain):
    """A float in [low, high], uniform in its logarithm; 0 < low."""

    kind: Literal["log"] = "log"
    low: Number = Field(gt=0, description="Smallest value, above 0.")
    high: Number = Field(description="Largest value.")


class Int(_Domain):
    """An integer in [low, high], both ends included; `log` spaces it by its logarithm; `step` quantises."""

    kind: Literal["int"] = "int"
    low: Whole = Field(description="Smallest value.")
    high: Whole = Field(description="Largest value.")
    step: Whole = Field(default=1, ge=1, description="Distance of neighbouring values, counted from `low`.")
    log: bool = Field(default=False, description="Uniform in the logarithm; then 1 <= low and no step.")


class Choice(_Domain):
    """One of some values, unordered."""

    kind: Literal["choice"] = "choice"
    options: tuple[Any, ...] = Field(min_length=1, description="The values, at least one.")


class Constant(_Domain):
    """Always the same value."""

    kind: Literal["constant"] = "constant"
    value: Any = Field(description="The value.")


Domain = Uniform | Log | Int | Choice | Constant

"""The experiment file as frozen models. The *resolved* spec, all defaults written out, is what is hashed and stored.

`Experiment.space` is flat and ordered: dotted name -> domain, in the order of the file. Everything that a user
may write in shorthand (nested spaces, `budget: 5m`, `objective: {maximize: acc}`) is normalised by `spec.loading`
before these models see it; `Experiment.model_dump(mode="json")` is plain JSON data and loads back to an equal value.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from daybreak.spec.domains import Choice, Constant, Int, Log, Point, Uniform

MethodName = Literal["single", "random", "grid", "asha", "asha_stopping", "adaptive_asha", "hyperband", "pbt"]

AnyDomain = Annotated[Uniform | Log | Int | Choice | Constant, Field(discriminator="kind")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Objective(_Model):
    """One metric to make large or small."""

    metric: str
    direction: Literal["maximize", "minimize"] = "maximize"


class Search(_Model):
    """How points are proposed and how long each is trained. Built-in names, or an entry point's."""

    method: str = "asha"
    sampler: str = "density"  # random | sobol | density | tpe | cmaes | nsga2 | an entry point's name
    max_units: int | None = None  # the horizon R; None: learnt from the first trial that ends by itself
    min_units: int | None = None  # the first rung; None: as many rungs as max_units allows, at most max_rungs
    reduction: int = 3  # eta: one in eta goes on
    max_rungs: int = 5
    brackets: Literal["conservative", "standard", "aggressive"] = "standard"  # adaptive_asha
    max_trials: int | None = None  # None: bounded by the budget alone
    max_concurrent: int | None = None
    guard: float = 0.1  # share of the units that may be spent on trials kept beyond a cut; 0 turns the guard off
    population: int = 16  # pbt
    perturb_every: int | None = None  # pbt: units between exploits; None: max_units / 8, at least 1
    quantile: float = 0.25  # pbt: share that is replaced
    options: dict[str, Any] = {}  # for custom searchers and samplers


class Budget(_Model):
    """What may be spent. Whatever is reached first ends the search; None is no limit."""

    slot_hours: float | None = None  # measured: time of attempts x their slots, restarts included
    wall: float | None = None  # seconds since the experiment started running (pauses not counted)
    trials: int | None = None
    units: int | None = None
    money: float | None = None  # in the currency of the price
    price_per_slot_hour: float | None = None


class Resources(_Model):
    """What one attempt holds."""

    slots: int = 1  # of one gang
    kind: Literal["any", "cpu", "gpu", "mig"] = "any"
    memory: int | None = None  # bytes, resident, of the attempt's process group; over it the attempt is ended


class Retry(_Model):
    """What happens when user code fails."""

    attempts: int = 1  # further tries after a crash, per trial; then the trial fails and the search goes on
    stalled_after: float | None = None  # seconds without any report; None: no limit


class Confirm(_Model):
    """Train the best again on fresh seeds at the end."""

    top: int = 3
    seeds: int = 5


class Baseline(_Model):
    """What a result is compared with: a number, or a function or command that reports the objective once."""

    value: float | None = None
    run: str | tuple[str, ...] | None = None


class Experiment(_Model):
    """A whole experiment, resolved."""

    name: str
    run: str | tuple[str, ...]  # "module:function", or a command whose words may hold {placeholders}
    folder: str = "."  # absolute once resolved: where `run` is imported from and commands start
    code: str = ""  # blake3 of the captured source files (see client.capture); "" when nothing was captured
    space: dict[str, AnyDomain] = {}
    constraints: tuple[str, ...] = ()
    objectives: tuple[Objective, ...]  # the first is the one summaries sort by
    score: Literal["best", "last"] = "best"  # a trial's score over its reports of the first objective
    standing: Literal["value"] = "value"  # a trial's standing at a rung is the value reported there
    metrics: str | None = None  # pattern with named groups for lines of a command's output; None: JSON and key=value
    search: Search = Search()
    budget: Budget = Budget()
    resources: Resources = Resources()
    retry: Retry = Retry()
    points: tuple[Point, ...] = ()  # known-good configurations, tried first
    baseline: Baseline | None = None
    confirm: Confirm | None = None
    checkpoint_every: float = 60.0  # seconds of training between checkpoints for fault tolerance; 0 turns them off
    disk_cap: int | None = None  # bytes of checkpoints the experiment may keep; None: 20 GiB
    priority: int = 0  # higher goes first
    max_slots: int | None = None  # at most so many slots at once
    environment: dict[str, str] = {}  # set for every attempt
    seed: int = 0

    @property
    def is_command(self) -> bool:
        """True for a command with placeholders, False for module:function."""
        return not isinstance(self.run, str)

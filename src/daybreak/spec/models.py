"""The experiment file as frozen models. The *resolved* spec, all defaults written out, is what is hashed and stored.

`Experiment.space` is flat and ordered: dotted name -> domain, in the order of the file. Everything that a user
may write in shorthand (nested spaces, `budget: 5m`, `objective: {maximize: acc}`) is normalised by `spec.loading`
before these models see it; `Experiment.model_dump(mode="json")` is plain JSON data and loads back to an equal value.
What one field alone must satisfy stands here; rules between fields are in `spec.checks`.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from daybreak.spec.domains import Choice, Constant, Int, Log, Number, Point, Uniform, Whole

MethodName = Literal["single", "random", "grid", "asha", "asha_stopping", "adaptive_asha", "hyperband", "pbt"]
SamplerName = Literal["random", "sobol", "density", "tpe", "cmaes", "nsga2", "gp"]
METHODS: tuple[str, ...] = get_args(MethodName)
SAMPLERS: tuple[str, ...] = get_args(SamplerName)

# What a shell says about where programs, modules and libraries are found; an experiment takes them from its submitter.
SHELL_VARIABLES = ("PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "LD_LIBRARY_PATH")

LOGICAL_WORKERS = 8  # `max_concurrent` of a deterministic search that does not say; never the machine's affair

AnyDomain = Annotated[Uniform | Log | Int | Choice | Constant, Field(discriminator="kind")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Objective(_Model):
    """One metric to make large or small."""

    metric: str = Field(min_length=1, description="Name of a reported metric.")
    direction: Literal["maximize", "minimize"] = Field(default="maximize", description="Which way is better.")


class Search(_Model):
    """How points are proposed and how long each is trained. Built-in names, or an entry point's."""

    method: str = Field(
        default="asha", description=f"How trials are promoted: {', '.join(METHODS)}, or an entry point."
    )
    sampler: str = Field(
        default="density", description=f"Where points come from: {', '.join(SAMPLERS)}, or an entry point."
    )
    max_units: Whole | None = Field(
        default=None, ge=1, description="The horizon R; left out: learnt from the first trial that ends by itself."
    )
    min_units: Whole | None = Field(
        default=None,
        ge=1,
        description="The first rung; left out: as many rungs as `max_units` allows, at most `max_rungs`.",
    )
    reduction: Whole = Field(default=3, ge=2, description="Eta: of each rung one trial in so many goes on.")
    max_rungs: Whole = Field(default=5, ge=1, description="Most rungs of a bracket.")
    brackets: Literal["conservative", "standard", "aggressive"] = Field(
        default="standard", description="Which brackets `adaptive_asha` uses: all, the higher half, the highest."
    )
    max_trials: Whole | None = Field(
        default=None, ge=1, description="Most trials; left out: bounded by the budget alone."
    )
    max_concurrent: Whole | None = Field(
        default=None,
        ge=1,
        description=f"Most trials that train at once; left out: as many as slots, {LOGICAL_WORKERS} of a deterministic search.",
    )
    guard: Number = Field(
        default=0.1,
        ge=0,
        le=0.5,
        description="Share of the units that may be spent on trials kept beyond a cut; 0 turns the guard off.",
    )
    population: Whole = Field(default=16, ge=2, description="Trials of `pbt`.")
    perturb_every: Whole | None = Field(
        default=None, ge=1, description="Units between exploits of `pbt`; left out: max_units / 8, at least 1."
    )
    quantile: Number = Field(default=0.25, gt=0, le=0.5, description="Share of the population that `pbt` replaces.")
    options: dict[str, Any] = Field(default={}, description="For searchers and samplers found by entry point.")


class Budget(_Model):
    """What may be spent. Whatever is reached first ends the search; None is no limit."""

    slot_hours: Number | None = Field(
        default=None, gt=0, description="Measured: time of attempts times their slots, restarts included."
    )
    wall: Number | None = Field(
        default=None, gt=0, description="Seconds since the experiment started running, pauses not counted."
    )
    trials: Whole | None = Field(default=None, ge=1, description="Trials that may be started.")
    units: Whole | None = Field(default=None, ge=1, description="Units of training, over all trials.")
    money: Number | None = Field(default=None, gt=0, description="In the currency of the price.")
    price_per_slot_hour: Number | None = Field(default=None, ge=0, description="What a slot costs for an hour.")


class Resources(_Model):
    """What one attempt holds."""

    slots: Whole = Field(default=1, ge=1, description="Slots of one attempt; several are a gang.")
    kind: Literal["any", "cpu", "gpu", "mig"] = Field(default="any", description="Which slots fit.")
    memory: Whole | None = Field(
        default=None,
        ge=1,
        description="Bytes, resident, of the attempt's process group; over it the attempt is ended.",
    )


class Retry(_Model):
    """What happens when user code fails."""

    attempts: Whole = Field(
        default=1,
        ge=0,
        description="Further tries after a crash, per trial; then the trial fails and the search goes on.",
    )
    stalled_after: Number | None = Field(
        default=None, gt=0, description="Seconds without any report; left out: no limit."
    )


class Confirm(_Model):
    """Train the best again on fresh seeds at the end."""

    top: Whole = Field(default=3, ge=1, description="How many of the best trials.")
    seeds: Whole = Field(default=5, ge=1, description="How often each is trained.")


class Baseline(_Model):
    """What a result is compared with: a number, or a function or command that reports the objective once."""

    value: Number | None = Field(default=None, description="The objective's value.")
    run: str | tuple[str, ...] | None = Field(default=None, description="`module:function` or a command.")


class DataSource(_Model):
    """One dataset that attempts read."""

    path: str = Field(
        min_length=1,
        description="A file, a folder, a URL, or the name of a dataset of the home; relative to the experiment's folder.",
    )
    snapshot: bool = Field(default=False, description="Keep the bytes in the home, and give attempts the kept ones.")
    split: str | None = Field(
        default=None,
        description="A CSV file with the columns sample, split: which sample is in train, validation or test; "
        "or `module:function` that is given the path and returns {split: samples}.",
    )
    profile: str | None = Field(default=None, description="The named credentials profile that opens it.")
    sealed: bool = Field(
        default=False,
        description="A test set: attempts are not told where it is, `run.score_test` opens it, and every look is counted.",
    )
    manifest: str = Field(default="", description="blake3 of its manifest, filled in when the experiment is handed in.")


class Audit(_Model):
    """What an audit of a run must know of its data. Columns are named; datasets are those under `data`."""

    train: str | None = Field(
        default=None, description="The dataset trained on; left out: the one called `train`, or the only unsealed one."
    )
    test: str | None = Field(
        default=None, description="The dataset of the test; left out: the sealed one, or the one called `test`."
    )
    validation: str | None = Field(default=None, description="Left out: the one called `validation`, if there is one.")
    target: str = Field(default="", description="The column to be predicted.")
    group: tuple[str, ...] = Field(default=(), description="Columns whose values must not be in train and in test.")
    time: str = Field(default="", description="The column that says when a sample was taken.")
    id: tuple[str, ...] = Field(default=(), description="Columns that name a row and say nothing about it.")
    task: Literal["classification", "regression", "forecast"] | None = Field(
        default=None, description="Left out: inferred from the target."
    )
    known: tuple[str, ...] = Field(default=(), description="Columns known when a prediction is asked for.")
    unknown: tuple[str, ...] = Field(default=(), description="Columns not known then: they must not be features.")
    preprocess: str | None = Field(
        default=None, description="`module:function` that turns rows of both sides into features."
    )
    predict: str | None = Field(
        default=None,
        description="`module:function` that is given the checkpoint's file and the test rows, and returns predictions.",
    )


class Card(_Model):
    """What a model card says that no machine can know."""

    use: str = Field(default="", description="What the model is meant for, and by whom it is used.")
    limits: str = Field(default="", description="What it is not meant for, where it is known to fail.")
    contact: str = Field(default="", description="Who answers for it.")
    license: str = Field(default="", description="Under which terms it may be used.")


class Start(_Model):
    """The exact point of another run that every trial of a fork goes on from."""

    trial: str = Field(description="The trial whose checkpoint it is, such as 3.17.")
    checkpoint: str = Field(min_length=64, max_length=64, description="blake3 of the checkpoint in the vault.")
    units: Whole = Field(ge=1, description="Units that are done at that point; the fork's trials count on from there.")
    size: Whole = Field(default=0, ge=0, description="Bytes of the checkpoint.")
    seed: Whole = Field(default=0, ge=0, description="The seed of that trial; the fork's trials have it too.")


class LogPolicy(_Model):
    """What to do when a line of an attempt's output matches a pattern and the attempt fails."""

    pattern: str = Field(min_length=1, description="A regular expression, searched for in each line.")
    action: Literal["fail", "elsewhere", "tell"] = Field(
        description="fail: do not try the trial again; elsewhere: try again on other slots, not counted as a crash; tell: only say so."
    )


class Experiment(_Model):
    """A whole experiment, resolved."""

    name: str = Field(description="What it is called; left out: the file's name, or what `run` names.")
    run: str | tuple[str, ...] = Field(
        description="`module:function`, or a command whose words may hold {placeholders}."
    )
    folder: str = Field(
        default=".",
        description="Where `run` is imported from and commands start; relative to the file, absolute once resolved.",
    )
    code: str = Field(default="", description="blake3 of the captured source files; empty when nothing was captured.")
    parent: str = Field(
        default="",
        description="What this one is a fork of: an experiment (3), a trial (3.17) or a point of one (3.17@9).",
    )
    provenance: str = Field(
        default="", description="blake3 of the record of what was captured when it was handed in; empty for none."
    )
    data: dict[str, DataSource] = Field(
        default={}, description="Datasets by name; their manifests are part of what is captured."
    )
    audit: Audit | None = Field(default=None, description="What an audit of a run must know of its data.")
    card: Card | None = Field(default=None, description="What the model card says of use and limits.")
    credentials: tuple[str, ...] = Field(
        default=(), description="Profiles whose variables attempts get; named here, stored nowhere."
    )
    deterministic: bool = Field(
        default=False,
        description="Decisions do not depend on timing: the whole search is the same on however many slots and however "
        "often it was interrupted. Its budget is in trials or units. Attempts use torch's deterministic operators.",
    )
    start: Start | None = Field(
        default=None, description="The checkpoint of another run that trials go on from, as `daybreak fork` sets it."
    )
    space: dict[str, AnyDomain] = Field(default={}, description="Hyperparameters: name to domain, may be nested.")
    constraints: tuple[str, ...] = Field(default=(), description="Expressions that every point satisfies.")
    objectives: tuple[Objective, ...] = Field(
        min_length=1, description="What is searched for; summaries sort by the first."
    )
    score: Literal["best", "last"] = Field(
        default="best", description="A trial's score over its reports of the first objective."
    )
    standing: Literal["value"] = Field(
        default="value", description="A trial's standing at a rung is the value reported there."
    )
    metrics: str | None = Field(
        default=None,
        description="Pattern with named groups for lines of a command's output; left out: JSON and key=value.",
    )
    search: Search = Field(default=Search(), description="How points are proposed and how long each is trained.")
    budget: Budget = Field(
        default=Budget(), description="What may be spent; whatever is reached first ends the search."
    )
    resources: Resources = Field(default=Resources(), description="What one attempt holds.")
    retry: Retry = Field(default=Retry(), description="What happens when user code fails.")
    points: tuple[Point, ...] = Field(default=(), description="Known-good configurations, tried first.")
    baseline: Baseline | None = Field(default=None, description="What a result is compared with.")
    confirm: Confirm | None = Field(default=None, description="Train the best again on fresh seeds at the end.")
    checkpoint_every: Number = Field(
        default=60.0,
        ge=0,
        description="Seconds of training between checkpoints for fault tolerance; 0 turns them off.",
    )
    keep_best: Whole = Field(
        default=1, ge=1, description="Checkpoints of so many of the best trials are kept whatever `disk_cap` says."
    )
    log_policies: tuple[LogPolicy, ...] = Field(
        default=(), description="Added before the built-in ones: out of memory fails, an ECC error goes elsewhere."
    )
    disk_cap: Whole | None = Field(
        default=None, ge=1, description="Bytes of checkpoints the experiment may keep; left out: 20 GiB."
    )
    priority: Whole = Field(default=0, description="Higher goes first.")
    max_slots: Whole | None = Field(default=None, ge=1, description="At most so many slots at once.")
    environment: dict[str, str] = Field(
        default={},
        description="Environment variables of every attempt; what names the submitter's virtual environment is added.",
    )
    python: str = Field(
        default="", description="The interpreter that runs it; left out: the one that the submitter's Daybreak runs in."
    )
    seed: Whole = Field(default=0, ge=0, description="Root of every random stream.")

    @property
    def is_command(self) -> bool:
        """True for a command with placeholders, False for module:function."""
        return not isinstance(self.run, str)

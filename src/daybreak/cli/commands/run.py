"""`run`: from an experiment file, a function or a command to a finished search."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.commands.look import HomeFolder, Json
from daybreak.cli.following import follow_to_end
from daybreak.cli.output import console, errors_console, print_json
from daybreak.client.client import Client
from daybreak.client.submission import resolve
from daybreak.spec.models import Experiment

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def run(
    *words: Annotated[
        str,
        Parameter(
            help="An experiment file (exp.yaml), a function (train:main), or -- and a command with {placeholders}."
        ),
    ],
    space: Annotated[
        tuple[str, ...],
        Parameter(
            help="A hyperparameter: lr=log:1e-4..1e-1, width=16,32,64, n=int:1..8, d=uniform:0..0.5. Repeat.",
            negative="",
        ),
    ] = (),
    maximize: Annotated[str | None, Parameter(help="The metric to make large.")] = None,
    minimize: Annotated[str | None, Parameter(help="The metric to make small.")] = None,
    budget: Annotated[
        str | None, Parameter(help="10m, 50 trials, 2000 units, 1.5 slot-hours, $3; several with commas.")
    ] = None,
    max_units: Annotated[
        int | None, Parameter(help="The most units (epochs, steps) a trial may have; else learnt.")
    ] = None,
    method: Annotated[
        str | None, Parameter(help="asha, asha_stopping, adaptive_asha, hyperband, pbt, random, grid, single.")
    ] = None,
    sampler: Annotated[str | None, Parameter(help="density, random, sobol, tpe, cmaes, nsga2.")] = None,
    constraint: Annotated[
        tuple[str, ...], Parameter(help="What must hold: 'width * layers <= 128'. Repeat.", negative="")
    ] = (),
    point: Annotated[
        tuple[str, ...], Parameter(help="A point to try first: 'lr=0.01,width=32'. Repeat.", negative="")
    ] = (),
    baseline: Annotated[
        str | None, Parameter(help="A number, or a function (train:majority) that reports the objective.")
    ] = None,
    metrics: Annotated[str | None, Parameter(help="Pattern with named groups for the lines a command prints.")] = None,
    name: Annotated[str | None, Parameter(help="What to call it.")] = None,
    seed: Annotated[int | None, Parameter(help="The root of every random stream.")] = None,
    priority: Annotated[int | None, Parameter(help="Higher goes first.")] = None,
    slots: Annotated[
        str | None, Parameter(help="Slots of the machine, for a controller that is started now: 4, cpu:4x2, gpu:0,1.")
    ] = None,
    detach: Annotated[bool, Parameter(help="Hand it in and return.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Search, train and keep the best model.

    Ctrl-C freezes the experiment; `daybreak resume` goes on.
    """
    flags: dict[str, Any] = {
        "space": list(space), "maximize": maximize, "minimize": minimize, "budget": budget, "max_units": max_units,
        "method": method, "sampler": sampler, "constraints": list(constraint), "points": list(point),
        "baseline": baseline, "metrics": metrics, "name": name, "seed": seed, "priority": priority,
    }  # fmt: skip
    spec = read(words, {key: value for key, value in flags.items() if value not in (None, [])})
    with Client(home, slots=slots) as client:
        resolved, warning = resolve(client.home, spec)
        if warning:
            errors_console().print(f"[yellow]warning[/]: {warning}")
        if spec.baseline is None:
            suggest_baseline(spec)
        number = client.submit(resolved.model_dump(mode="json"))
        if detach:
            text = f"experiment {number} runs; follow it with: daybreak attach {number}"
            print_json({"experiment": number}) if json else console().print(text)
            return 0
        return follow_to_end(client, number, json=json)


def read(words: Sequence[str], flags: dict[str, Any]) -> Experiment:
    """The experiment meant by the words of a command line and its flags. Raises `SpecError`, `UsageError`."""
    if not words:
        raise UsageError(
            "name what to run: an experiment file (daybreak run exp.yaml), a function (daybreak run train:main --space ...) "
            "or a command (daybreak run --space ... -- python train.py --lr {lr})"
        )
    if len(words) == 1 and words[0].endswith((".yaml", ".yml")):
        return _from_file(Path(words[0]), flags)
    from daybreak.spec.inline import build

    target: str | tuple[str, ...] = words[0] if len(words) == 1 and FUNCTION.fullmatch(words[0]) else tuple(words)
    return build(target, flags, folder=str(Path.cwd()))


def suggest_baseline(spec: Experiment) -> None:
    """Say how to get a baseline, where the spec has none."""
    metric = spec.objectives[0].metric
    errors_console().print(
        f"[dim]no baseline: a {metric} says little by itself. Give the majority class's or the simplest model's with "
        "--baseline 0.1 or `baseline:` in the file[/]"
    )


def _from_file(path: Path, flags: dict[str, Any]) -> Experiment:
    from daybreak.spec.inline import override
    from daybreak.spec.loading import load

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    spec = load(text, source=str(path), folder=str(path.parent.absolute()))
    return override(spec, flags) if flags else spec

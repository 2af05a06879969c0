"""What `run`, `plan` and `simulate` have in common: words that name what to run, and flags that say how to search."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from daybreak.base.errors import UsageError

if TYPE_CHECKING:
    from daybreak.spec.models import Experiment  # pydantic: too heavy for --help

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

Words = Annotated[
    str,
    Parameter(help="An experiment file (exp.yaml), a function (train:main), or -- and a command with {placeholders}."),
]


def _many(text: str) -> Parameter:
    return Parameter(help=text, negative="", consume_multiple=False)


@Parameter(name="*")
@dataclass(frozen=True)
class Flags:
    """Flags of a search; each means what the key of its name means in an experiment file, and overrides it."""

    space: Annotated[
        tuple[str, ...], _many("lr=log:1e-4..1e-1, width=16,32,64, n=int:1..8, d=uniform:0..0.5. Repeat.")
    ] = ()
    maximize: Annotated[str | None, Parameter(help="The metric to make large.")] = None
    minimize: Annotated[str | None, Parameter(help="The metric to make small.")] = None
    budget: Annotated[
        str | None, Parameter(help="10m, 50 trials, 2000 units, 1.5 slot-hours, $3; several with commas.")
    ] = None
    max_units: Annotated[int | None, Parameter(help="The most units (epochs, steps) of a trial; else learnt.")] = None
    method: Annotated[
        str | None, Parameter(help="asha, asha_stopping, adaptive_asha, hyperband, pbt, random, grid, single.")
    ] = None
    sampler: Annotated[str | None, Parameter(help="density, random, sobol, tpe, cmaes, nsga2, gp.")] = None
    constraint: Annotated[tuple[str, ...], _many("What must hold: 'width * layers <= 128'. Repeat.")] = ()
    point: Annotated[tuple[str, ...], _many("A point to try first: 'lr=0.01,width=32'. Repeat.")] = ()
    baseline: Annotated[
        str | None, Parameter(help="A number, or a function (train:majority) that reports the objective.")
    ] = None
    metrics: Annotated[str | None, Parameter(help="Pattern with named groups for the lines a command prints.")] = None
    name: Annotated[str | None, Parameter(help="What to call it.")] = None
    seed: Annotated[int | None, Parameter(help="The root of every random stream.")] = None
    priority: Annotated[int | None, Parameter(help="Higher goes first.")] = None

    def given(self) -> dict[str, Any]:
        """Those that were given, named as `spec.inline` names them."""
        named = asdict(self)
        named["constraints"], named["points"] = list(named.pop("constraint")), list(named.pop("point"))
        return {name: list(v) if isinstance(v, tuple) else v for name, v in named.items() if v not in (None, (), [])}


NO_FLAGS = Flags()


def read(words: Sequence[str], flags: Flags) -> "Experiment":
    """The experiment meant by the words of a command line and its flags. Raises `SpecError`, `UsageError`."""
    if not words:
        raise UsageError(
            "name what to run: an experiment file (daybreak run exp.yaml), a function (daybreak run train:main --space ...) "
            "or a command (daybreak run --space ... -- python train.py --lr {lr})"
        )
    from daybreak.client.experiment_file import ENDINGS, known_names, read_experiment
    from daybreak.spec.inline import build, override

    given = flags.given()
    if len(words) == 1 and (words[0].endswith(ENDINGS) or Path(words[0]).is_dir()):
        spec = read_experiment(Path(words[0]))
        return override(spec, given, known=known_names()) if given else spec
    if len(words) == 1 and words[0].endswith(".py"):
        raise UsageError(
            f"{words[0]} is a script: name its function (daybreak run {Path(words[0]).stem}:main ...), "
            f"or run it unedited (daybreak run ... -- python {words[0]} --lr {{lr}})"
        )
    target: str | tuple[str, ...] = words[0] if len(words) == 1 and FUNCTION.fullmatch(words[0]) else tuple(words)
    return build(target, given, folder=str(Path.cwd()), known=known_names())

"""`run`: from an experiment file, a function or a command to a finished search."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.flags import NO_FLAGS, Flags, Words, read
from daybreak.cli.reading import reading

if TYPE_CHECKING:
    from daybreak.spec.models import Experiment

SHUTDOWN = "daybreak controller shutdown ends it"


def run(
    *words: Words,
    flags: Flags = NO_FLAGS,
    slots: Annotated[
        str | None, Parameter(help="Slots of the machine, for a controller that is started now: 4, cpu:4x2, gpu:0,1.")
    ] = None,
    detach: Annotated[bool, Parameter(help="Hand it in and return.")] = False,
    keep_wheels: Annotated[
        bool, Parameter(help="Keep a wheel of each installed package, to make the environment again without an index.")
    ] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Search, train and keep the best model.

    What runs: an experiment file; a function, whose file each attempt imports;
    or after -- a command, whose {placeholders} are filled in for each trial.

    Ctrl-C freezes the experiment, `daybreak resume` goes on.

    Exit status: 0 done; 3 failed, without a score, or paused by somebody else;
    2 not what can be run; 4 no controller; 130 frozen by Ctrl-C.

    JSON: {experiment, trials, notices, audited, test_looks} when it is over; with --detach {experiment}.
    Warnings and errors come as they happen, each a line {notice: {level, text, trial}} on standard error.
    """
    from daybreak.client.homes import find_home
    from daybreak.client.starting import begin

    begun = begin(find_home(home), slots=slots) if words else None  # it imports what it needs while we do

    from daybreak.cli.following import follow_to_end
    from daybreak.cli.output import console, errors_console, print_json, styled
    from daybreak.client.client import Client
    from daybreak.client.submission import resolve

    spec = read(words, flags)
    with Client(home, slots=slots, begun=begun) as client:
        if slots and begun is None:
            _tell(
                f"a controller runs here already, with slots of its own: --slots {slots} is for one that starts; {SHUTDOWN}"
            )
        with reading(quiet=json) as progress:
            resolved, warning = resolve(client.home, spec, progress, _tell, keep_wheels=keep_wheels)
        if warning:
            errors_console().print(styled(("warning", "yellow"), f": {warning}"))
        number = client.submit(resolved.model_dump(mode="json"))
        if spec.baseline is None and not json:
            _suggest_baseline(spec)
        if not detach:
            return follow_to_end(client, number, json=json)
    text = f"experiment {number} runs; follow it with: daybreak attach {number}"
    print_json({"experiment": number}) if json else console().print(text)
    return 0


def _tell(text: str) -> None:
    from daybreak.cli.output import errors_console

    errors_console().print(text, style="dim", soft_wrap=True)


def _suggest_baseline(spec: "Experiment") -> None:
    """Say how to get a baseline, where the spec has none."""
    from daybreak.cli.output import errors_console

    metric = spec.objectives[0].metric
    errors_console().print(
        f"no baseline: {metric} says little by itself. Give what the majority class or the simplest model reaches: "
        "--baseline 0.1, or `baseline:` in the file",
        style="dim",
    )

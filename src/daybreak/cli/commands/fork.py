"""`fork`: a new experiment from another one, from a trial, or from the exact point where a trial stood."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import HomeFolder, Json

if TYPE_CHECKING:
    from daybreak.proof.forking import Changes
    from daybreak.spec.models import Experiment as Spec


def _many(text: str) -> Parameter:
    return Parameter(help=text, negative="", consume_multiple=False)


def fork(
    run: Annotated[str, Parameter(help="An experiment (3), a trial (3.17), or a point of one (3.17@9, 3.17@ab12).")],
    *,
    set: Annotated[tuple[str, ...], _many("A hyperparameter with another value: lr=0.01. Repeat.")] = (),  # noqa: A002
    space: Annotated[tuple[str, ...], _many("Search over it: lr=log:1e-4..1e-1. Repeat.")] = (),
    data: Annotated[tuple[str, ...], _many("A dataset read from elsewhere: digits=./other. Repeat.")] = (),
    slots: Annotated[int | None, Parameter(help="Slots of each trial.")] = None,
    budget: Annotated[str | None, Parameter(help="As in `run`; a fork of one trial trains that one.")] = None,
    max_units: Annotated[int | None, Parameter(help="A farther horizon.")] = None,
    seed: Annotated[int | None, Parameter(help="Another root of the random streams of a search.")] = None,
    name: Annotated[str | None, Parameter(help="What to call it.")] = None,
    new_code: Annotated[bool, Parameter(help="With the code as it is now.", negative="")] = False,
    detach: Annotated[bool, Parameter(help="Do not follow it.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Begin a new experiment from another one, with lineage.

    Of an experiment: the same search with what is changed, its best points first.
    Of a trial, or a point of one: training goes on from exactly there. With --space
    every trial of a new search does.

    JSON: {experiment, trials, notices, audited, test_looks} when it is over; with --detach {experiment, parent}.
    """
    from daybreak.cli.following import follow_to_end
    from daybreak.cli.output import console, print_json
    from daybreak.client.client import Client
    from daybreak.proof.forking import fork as make
    from daybreak.proof.reference import find

    given = {"space": list(space), "budget": budget, "max_units": max_units, "seed": seed, "slots": slots}
    changes = _changes(given, set, data)
    with Client(home) as client:
        spec = make(client, find(client, run), changes)
        if name is not None:
            spec = spec.model_copy(update={"name": name})
        if new_code:
            spec = _with_code_now(client, spec)
        number = client.submit(spec.model_dump(mode="json"))
        if not detach:
            return follow_to_end(client, number, json=json)
    text = f"experiment {number} ({spec.name}) is a fork of {spec.parent}; follow it with: daybreak attach {number}"
    print_json({"experiment": number, "parent": spec.parent}) if json else console().print(text)
    return 0


def _changes(flags: dict[str, Any], set_: tuple[str, ...], data: tuple[str, ...]) -> "Changes":
    from daybreak.proof.forking import Changes
    from daybreak.spec.inline import parse_point

    values = {name: value for text in set_ for name, value in parse_point(text).items()}
    paths = {}
    for text in data:
        dataset, equals, path = text.partition("=")
        if not (dataset and equals and path):
            raise UsageError(f"--data is written like digits=./other, got {text!r}")
        paths[dataset] = path
    return Changes({name: value for name, value in flags.items() if value}, values, paths)


def _with_code_now(client: Any, spec: "Spec") -> "Spec":
    from daybreak.cli.output import errors_console, styled
    from daybreak.client.submission import resolve

    resolved, warning = resolve(client.home, spec)
    if warning:
        errors_console().print(styled(("warning", "yellow"), f": {warning}"))
    return resolved

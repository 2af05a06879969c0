"""`attach`, `pause`, `resume`, `stop`: follow and steer."""

from typing import Annotated

from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import Experiment, HomeFolder, Json
from daybreak.cli.following import follow_to_end
from daybreak.cli.output import console, errors_console, print_json, styled
from daybreak.client.client import OVER, Client
from daybreak.client.extension import extension, must_go_on
from daybreak.wire.rows import ExperimentRow


def attach(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> int:
    """Follow a running experiment. Ctrl-C only stops following: the experiment goes on (to freeze it: daybreak pause).

    JSON: {experiment, trials, notices, audited, test_looks} when it is over.
    """
    with Client(home) as client:
        return follow_to_end(client, client.experiment(experiment).experiment, json=json, freeze=False)


def pause(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """Freeze what runs; nothing is lost.

    JSON: {experiment, state}.
    """
    _ask(experiment, "pause", json=json, home=home)


def stop(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """Freeze what runs and end the search. `daybreak resume` goes on with it all the same.

    JSON: {experiment, state}.
    """
    _ask(experiment, "stop", json=json, home=home)


def resume(
    experiment: Experiment = "",
    *,
    budget: Annotated[str | None, Parameter(help="A larger budget: 10m, 50 trials, 1.5 slot-hours, $3.")] = None,
    max_units: Annotated[int | None, Parameter(help="A farther horizon.")] = None,
    slots_per_trial: Annotated[
        int | None, Parameter(help="Slots of each trial from its next attempt on; it goes on from its checkpoint.")
    ] = None,
    new_code: Annotated[
        bool,
        Parameter(
            help="Search again with the code as it is now, in a new experiment: its best points first.", negative=""
        ),
    ] = False,
    detach: Annotated[bool, Parameter(help="Do not follow it.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Go on with an experiment that was paused, stopped or cut off; with a larger budget also with one that is done.

    Follows it like `run`: Ctrl-C freezes it again.

    JSON: {experiment, trials, notices, audited, test_looks} when it is over; with --detach {experiment, state}.
    """
    with Client(home) as client:
        row = client.experiment(experiment)
        if new_code:
            if slots_per_trial is not None:
                raise UsageError("--new-code begins a new experiment: set resources.slots in its file")
            return _with_new_code(client, row, budget, max_units, detach=detach, json=json)
        if budget is not None or max_units is not None or slots_per_trial is not None:
            changed = extension(row.spec, budget, max_units, slots_per_trial)
            if row.state in OVER:
                must_go_on(client.status(row.experiment), changed)
            if client.ask(row.experiment, "extend", changed) == "paused":
                client.ask(row.experiment, "resume")
        elif row.state in ("paused", "stopped"):
            client.ask(row.experiment, "resume")
        elif row.state in OVER:
            raise UsageError(
                f"experiment {row.experiment} is {row.state} ({row.why}); give it more with: daybreak resume "
                f"{row.experiment} --budget ..." + (", or mend it and run it again" if row.state == "failed" else "")
            )
        if detach:
            state = client.status(row.experiment).state
            print_json({"experiment": row.experiment, "state": state}) if json else console().print(
                f"experiment {row.experiment} goes on; follow it with: daybreak attach {row.experiment}"
            )
            return 0
        return follow_to_end(client, row.experiment, json=json)


def _with_new_code(
    client: Client, row: ExperimentRow, budget: str | None, max_units: int | None, *, detach: bool, json: bool
) -> int:
    from daybreak.client.submission import resolve
    from daybreak.proof.forking import Changes, fork
    from daybreak.proof.reference import Found

    given = {"budget": budget, "max_units": max_units}
    changes = Changes({name: value for name, value in given.items() if value is not None})
    spec, warning = resolve(client.home, fork(client, Found(row, None, None), changes))
    if spec.code and spec.code == row.spec.get("code"):
        raise UsageError(
            f"the code of experiment {row.experiment} has not changed since it began; go on with: daybreak resume {row.experiment}"
        )
    if warning:
        errors_console().print(styled(("warning", "yellow"), f": {warning}"))
    number = client.submit(spec.model_dump(mode="json"))
    if row.state not in OVER and not json:
        console().print(
            f"experiment {row.experiment} stays as it is ({row.state}); to end it: daybreak stop {row.experiment}"
        )
    if not detach:
        return follow_to_end(client, number, json=json)
    text = f"experiment {number} ({spec.name}) runs with the new code; follow it with: daybreak attach {number}"
    print_json({"experiment": number, "state": "running"}) if json else console().print(text)
    return 0


def _ask(experiment: str, what: str, *, json: bool, home: HomeFolder) -> None:
    with Client(home) as client:
        row = client.experiment(experiment)
        state = row.state if row.state in OVER else client.ask(row.experiment, what)
    if json:
        print_json({"experiment": row.experiment, "state": state})
        return
    then = f"nothing to {what}" if row.state in OVER else f"go on with: daybreak resume {row.experiment}"
    console().print(f"{row.name} #{row.experiment} is {state}; {then}", soft_wrap=True)

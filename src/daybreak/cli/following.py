"""What `run`, `attach` and `resume` share: follow to the end, freeze on Ctrl-C, say how it went and what to do next."""

from daybreak.base.errors import ConnectionLost
from daybreak.cli.believing import as_json, believed, print_believed
from daybreak.cli.front import print_front
from daybreak.cli.interrupting import INTERRUPTED
from daybreak.cli.live import follow
from daybreak.cli.output import console, errors_console, print_json, styled
from daybreak.cli.trials import print_best, trial_table
from daybreak.client.client import Client
from daybreak.client.homes import home_option
from daybreak.wire.api import Status

NOT_DONE = 3


def follow_to_end(client: Client, experiment: int, *, json: bool, freeze: bool = True) -> int:
    """Follow until the experiment is over; the command's exit code. Ctrl-C freezes it, or with `freeze=False` only stops following."""
    try:
        status = follow(client.watch(experiment), json=json)
    except KeyboardInterrupt:
        return _freeze(client, experiment, json=json) if freeze else _leave(client, experiment, json=json)
    except ConnectionLost as error:
        raise ConnectionLost(
            f"the controller went away; nothing that was acknowledged is lost. Go on with: daybreak resume {experiment}"
            f"{home_option(client.home)} (why it went: {client.home.controller_log})"
        ) from error
    return conclude(client, status, json=json)


def conclude(client: Client, status: Status, *, json: bool) -> int:
    """Print the result; 0 when the experiment did what was asked."""
    row = client.experiment(status.experiment)
    trials = client.trials(status.experiment)
    elsewhere = home_option(client.home)
    failed = row.state in ("failed", "paused") or row.best_trial is None
    score = believed(client, row)
    if json:
        found = {"experiment": row, "trials": trials, "notices": client.notices(status.experiment)}
        print_json(found | as_json(score))
        return NOT_DONE if failed else 0
    if row.state == "paused":
        errors_console().print(
            f"{row.why or 'paused'}; nothing is lost. Go on with: daybreak resume {row.experiment}{elsewhere}",
            soft_wrap=True,
        )
        return NOT_DONE
    if failed:
        errors_console().print(styled((row.state, "bold red"), f": {row.why}"), soft_wrap=True)
        errors_console().print(f"look at what was printed: daybreak logs {row.experiment}{elsewhere}", soft_wrap=True)
        return NOT_DONE
    out = console()
    out.print(f"{row.state}: {row.why}", soft_wrap=True)
    out.print()
    out.print(trial_table(row, trials, most=5))
    out.print()
    print_best(row, next(t for t in trials if t.trial == row.best_trial))
    print_front(row, trials)
    print_believed(score)
    out.print(
        f"\nnext:  daybreak show {row.experiment}    daybreak report {row.experiment}    "
        f"daybreak checkpoint get {row.experiment}    daybreak export {row.experiment}"
        + (f"\neach with{elsewhere}" if elsewhere else ""),
        style="dim",
        soft_wrap=True,
    )
    return 0


def _freeze(client: Client, experiment: int, *, json: bool) -> int:
    say = errors_console().print
    say("\nfreezing what runs (Ctrl-C again to leave that to the controller) ...")
    done = "frozen"
    try:
        with Client(client.home) as fresh:  # the other connection may stand in the middle of an answer
            fresh.ask(experiment, "pause")
            next(s for s in fresh.watch(experiment) if not s.slots_busy or s.state != "paused")
    except KeyboardInterrupt:
        done = "the controller freezes it"
    say(f"{done}; nothing is lost. Go on with: daybreak resume {experiment}{home_option(client.home)}", soft_wrap=True)
    if json:
        print_json({"experiment": experiment, "state": "paused"})
    return INTERRUPTED


def _leave(client: Client, experiment: int, *, json: bool) -> int:
    elsewhere = home_option(client.home)
    errors_console().print(
        f"\nexperiment {experiment} goes on. Follow it again: daybreak attach {experiment}{elsewhere}; "
        f"freeze it: daybreak pause {experiment}{elsewhere}",
        soft_wrap=True,
    )
    if json:
        print_json({"experiment": experiment, "state": "running"})
    return INTERRUPTED

"""The `daybreak` command: a table of lazily imported commands, and one place where errors become messages and exit codes."""

import sys
from typing import TYPE_CHECKING

from cyclopts import App, CycloptsError

from daybreak.base.errors import DaybreakError

if TYPE_CHECKING:
    from collections.abc import Sequence

HELP = """Search, train and keep the best model.

Trials are frozen at a checkpoint and promoted later, never thrown away. Start with `daybreak run`.
"""

COMMANDS = (
    # group, name, where, help
    ("Search", "run", "run:run", "Search, train and keep the best: an experiment file, a function or a command."),
    ("Search", "plan", "plan:plan", "Show what a search will do and cost, before anything runs."),
    ("Search", "simulate", "plan:simulate", "Run the same search on simulated workers and a simulated clock."),
    ("Look", "ls", "look:ls", "List experiments."),
    ("Look", "show", "look:show", "Show one experiment: its trials, rungs, budget, notices."),
    ("Look", "best", "look:best", "Show the best trial and its hyperparameters."),
    ("Look", "compare", "look:compare", "Set trials or experiments side by side; only what differs."),
    ("Look", "logs", "logs:logs", "Print, follow or search what attempts printed."),
    ("Look", "report", "report:report", "Write one self-contained HTML page about an experiment."),
    ("Steer", "attach", "steer:attach", "Follow a running experiment."),
    ("Steer", "pause", "steer:pause", "Freeze what runs; nothing is lost."),
    ("Steer", "resume", "steer:resume", "Go on with an experiment that was paused, stopped or cut off."),
    ("Steer", "stop", "steer:stop", "Freeze what runs and end the search."),
    ("Take out", "export", "export:export", "Write trials or learning curves as CSV, Parquet or JSON."),
    ("Take out", "checkpoint", "checkpoint:app", "Get checkpoints: `daybreak checkpoint get`."),
    ("Look after", "ledger", "ledger:app", "Check or rebuild the ledger: `daybreak ledger check`."),
    ("Look after", "controller", "controller:app", "The background process: `daybreak controller status`."),
    ("Look after", "schema", "schema:schema", "Print the JSON Schema of the experiment file, for editors."),
)


def build() -> App:
    """The command line, with no command imported yet."""
    app = App(name="daybreak", help=HELP, help_format="markdown", version=_version)
    for group, name, where, text in COMMANDS:
        app.command(f"daybreak.cli.commands.{where}", name=name, help=text, group=group)
    return app


def main(words: "Sequence[str] | None" = None) -> None:
    """Run the command line and exit: 0 done, 1 an error, 2 wrong use, 3 and above as in `base.errors`, 130 interrupted."""
    try:
        result = build()(words, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        sys.exit(2)
    except DaybreakError as error:
        _tell(error, as_json="--json" in (words if words is not None else sys.argv))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `daybreak ls | head`
        sys.stderr.close()
        sys.exit(141)
    sys.exit(result if isinstance(result, int) else 0)


def _tell(error: DaybreakError, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        story = {"error": type(error).__name__, "message": str(error)}
        print(msgspec.json.encode(story).decode(), file=sys.stderr)  # noqa: T201
    else:
        from daybreak.cli.output import errors_console

        errors_console().print("[bold red]error[/]: ", end="")
        errors_console().print(str(error), markup=False, highlight=False, soft_wrap=True)


def _version() -> str:
    from importlib.metadata import version

    return version("daybreak")

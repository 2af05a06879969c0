"""The `daybreak` command: a table of lazily imported commands, and one place where errors become messages and exit codes."""

import os
import sys
from typing import TYPE_CHECKING

from daybreak.base.errors import DaybreakError, InvariantBroken, SpecError, UsageError
from daybreak.cli.overview import asked_for, overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import App, CycloptsError

HELP = """Search, train and keep the best model.

Trials are frozen at a checkpoint and promoted later, never thrown away. Start with: daybreak run
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
    ("Again", "fork", "fork:fork", "A new experiment from another one, or from a trial's exact point."),
    ("Again", "diff", "lineage:diff", "Show what differs between two runs, and only that."),
    ("Again", "lineage", "lineage:lineage", "Draw where an experiment comes from and what was forked from it."),
    ("Again", "verify", "verify:verify", "Train a trial again and compare every bit: a determinism certificate."),
    (
        "Again",
        "reproduce",
        "reproduce:reproduce",
        "Make environment, code and data again, train again, compare everything.",
    ),
    ("Again", "env", "env:app", "A run's environment: show, lock, keep and make it again: `daybreak env show`."),
    ("Believe", "audit", "audit:app", "Can the score be believed? Overlap, leaks, groups, time, shift, labels, code."),
    ("Believe", "gate", "gate:gate", "May this run be promoted? Audits, test looks and metrics, by a policy."),
    ("Believe", "waive", "gate:waive", "Answer for a finding, for a reason and until a day; or list what was waived."),
    (
        "Believe",
        "model",
        "model:app",
        "Models: register, alias, roll back, list; the card and the sealed score: `daybreak model ls`.",
    ),
    ("Ship", "bundle", "bundle:bundle", "Seal a model into one signed and encrypted file for devices."),
    ("Ship", "edge", "edge:app", "The device: serve a bundle offline, update it: `daybreak edge run`."),
    (
        "Ship",
        "batch",
        "batch:batch",
        "A model over files: Parquet, CSV, JSONL, pictures, sounds; goes on where it was cut off.",
    ),
    ("Ship", "deploy", "deploy:deploy", "Serve a model: REST, Open Inference Protocol V2, a page."),
    (
        "Ship",
        "deployment",
        "deployment:app",
        "What is served: list, look at, change, stop and remove it: `daybreak deployment ls`.",
    ),
    ("Ship", "ab", "ab:app", "Champion against challengers, live: A/B tests, canaries, shadows: `daybreak ab start`."),
    (
        "Ship",
        "monitor",
        "monitor:app",
        "Drift of live rows: status, windows, a day's report: `daybreak monitor status`.",
    ),
    ("Ship", "token", "token:app", "Who may ask a deployment what: `daybreak token create`."),
    ("Take out", "export", "export:export", "Write trials or learning curves as CSV, Parquet or JSON."),
    ("Take out", "import", "take_in:import_", "Take in a run that another home exported as a bundle."),
    ("Take out", "checkpoint", "checkpoint:app", "Get checkpoints: `daybreak checkpoint get`."),
    ("Look after", "data", "data:app", "Datasets by content: `daybreak data verify`."),
    ("Look after", "ledger", "ledger:app", "Check or rebuild the ledger: `daybreak ledger check`."),
    ("Look after", "controller", "controller:app", "The background process: `daybreak controller status`."),
    ("Look after", "schema", "schema:schema", "Print the JSON Schema of the experiment file, for editors."),
)


def build() -> "App":
    """The command line, with no command imported yet."""
    from cyclopts import App, Group, Parameter

    # Plain text: reading Markdown costs 40 ms at every --help. A flag has a --no-FLAG only where a command says so.
    app = App(
        name="daybreak",
        help=HELP,
        help_format="plaintext",
        version=_version,
        default_parameter=Parameter(negative=(), show_default=False),
    )
    groups = {name: Group(name, sort_key=place) for place, (name, *_) in enumerate(COMMANDS)}
    for group, name, where, _ in COMMANDS:  # what each is, its docstring says
        app.command(f"daybreak.cli.commands.{where}", name=name, group=groups[group])
    return app


def main(words: "Sequence[str] | None" = None) -> None:
    """Run the command line and exit: 0 done, 1 an error, 2 wrong use, 3 and above as in `base.errors`, 130 interrupted."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        if asked_for(words):
            print(overview(HELP, COMMANDS))  # noqa: T201
            sys.exit(0)
        result = _run(words)
    except DaybreakError as error:
        _tell(error, as_json=_wants_json(words))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `daybreak ls | head`
        sys.stderr.close()
        sys.exit(141)
    except Exception as error:
        if os.environ.get("DAYBREAK_TRACEBACK"):
            raise
        told = _unforeseen(error, words)
        _tell(told, as_json=_wants_json(words))
        sys.exit(told.exit_code)
    sys.exit(result if isinstance(result, int) else 0)


def _unforeseen(error: Exception, words: list[str]) -> DaybreakError:
    """A path of the user's that the system refuses; else a fault of ours: people get a sentence, whoever mends it the traceback."""
    from daybreak.cli.writing import of_the_user

    if isinstance(error, OSError) and (refused := of_the_user(error, words)):
        return refused
    told = f"a fault of Daybreak's own: {type(error).__name__}: {error}; DAYBREAK_TRACEBACK=1 shows where"
    return InvariantBroken(told)


def _run(words: list[str]) -> object:
    from cyclopts import CycloptsError

    try:
        return build()(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        raise UsageError(_plain(_not_given(error) or str(error), error.command_chain or ())) from error


def _not_given(error: "CycloptsError") -> str:
    """What is missing altogether, and what it is; the parser says of it as of an option without its value that it requires one."""
    from cyclopts import MissingArgumentError

    argument = error.argument
    if not isinstance(error, MissingArgumentError) or argument is None or error.keyword or argument.tokens:
        return ""
    if "Did you mean" in str(error) or not argument.parameter.help:
        return ""
    what = argument.name
    if argument.field_info.is_positional:  # as the help's first line has it
        what = str(argument.field_info.name).rstrip("_").replace("_", "-").upper()
    return f"daybreak {' '.join(error.command_chain or ())} needs {what}. {argument.parameter.help.rstrip('.')}."


def _plain(text: str, chain: "Sequence[str]") -> str:
    """What the parser says, in one line, and where to read on: the help of the command, or of the one within it."""
    return f"{' '.join(text.split())} See: {' '.join(('daybreak', *chain, '--help'))}"


def _wants_json(words: list[str]) -> bool:
    own = words[: words.index("--")] if "--" in words else words  # what follows is the user's command
    return "--json" in own


def _tell(error: DaybreakError, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        story: dict[str, object] = {"error": type(error).__name__, "message": str(error)}
        if isinstance(error, SpecError) and error.faults:
            story["faults"] = [fault.as_json() for fault in error.faults]
        print(msgspec.json.encode(story).decode(), file=sys.stderr)  # noqa: T201
    else:
        from daybreak.cli.output import errors_console, styled

        errors_console().print(styled(("error", "bold red"), ": ", str(error)), soft_wrap=True)


def _version() -> str:
    from importlib.metadata import version

    return version("daybreak")

"""`audit`: can the score be believed? Data, runs, code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import App, Parameter

from daybreak.base.errors import BadId, DaybreakError, NotFound, UsageError
from daybreak.cli.arguments import HomeFolder
from daybreak.cli.audit_options import Asking, Data, Showing
from daybreak.cli.auditing import print_report
from daybreak.cli.output import console, errors_console, print_json
from daybreak.cli.proving import CouldNotRun, progress
from daybreak.cli.writing import written
from daybreak.readers.request import Request
from daybreak.validation.report import Report

if TYPE_CHECKING:
    from daybreak.validation.running import Options

app = App(
    name="audit",
    help="Can the score be believed? Audits of data, runs and code: overlap, leaks, groups, time, shift, labels.",
)

OTHER_DATA = {"split_by", "validation"}  # what an audit that is told of them looks at is not what the run read
ALL_DATA, ALL_RULES, PLAIN = Data(), Asking(), Showing()


@app.default
def audit(
    what: Annotated[
        str, Parameter(help="A folder or file with --split-by, or a run (3, 3.17). Left out: --train and --test.")
    ] = "",
    *,
    data: Data = ALL_DATA,
    asking: Asking = ALL_RULES,
    showing: Showing = PLAIN,
    home: HomeFolder = None,
) -> int:
    """Audit a split: is test in train, do groups or time leak, does a column give the target away, how good is the clean part.

    Exit status: 0 nothing blocks; 1 a finding blocks; 2 it could not be run.

    JSON: the report: {verdict, findings: [{rule, severity, what, sure, because, matters, advice, rows, columns, pairs, measured,
    fingerprint}], answers: [{rule, status, why, measured, seconds}], rescore, rows, digests, ...}.
    """
    with could_run(), progress(quiet=showing.json, at_once=False) as told:
        if what and not (data.train or data.test or Path(what).exists()):
            report = _of_run(what, data, asking, asking.options(told), home)
        else:
            report = _of_files(what, data, asking.functions().asked(asking.options(told)))
    return _tell(report, showing)


@app.command
def code(
    files: Annotated[tuple[Path, ...], Parameter(help="Python files, notebooks, or folders of them.")],
    *,
    sarif: Annotated[
        Path | None, Parameter(help="Write the findings as SARIF 2.1.0, which code hosts show beside the lines.")
    ] = None,
    showing: Showing = PLAIN,
) -> int:
    """Audit training code: what is fitted, selected or resampled before the split, test data in fit or early stopping, and more.

    Exit status: 0 nothing blocks; 1 a finding blocks; 2 it could not be run.

    JSON: the report, as `daybreak audit --json` has it; findings name `places`: [{file, line, column, says, text}].
    """
    from daybreak.validation.code_files import audit_code
    from daybreak.validation.sarif import sarif as described

    with could_run(), progress(quiet=showing.json, at_once=False) as told:
        report = audit_code(list(files), lambda done, of: told("reading code", done, of))
    if sarif is not None:
        _write(sarif, msgspec.json.encode(described(report)).decode())
    return _tell(report, showing)


def _of_files(what: str, data: Data, options: "Options") -> Report:
    from daybreak.validation.running import run

    if bool(what) == bool(data.train or data.test):
        raise UsageError(
            "an audit is given --train and --test, or a folder or file with --split-by, or a run: daybreak audit --help"
        )
    if not what and not (data.train and data.test):
        raise UsageError(f"both sides are needed: --{'test' if data.train else 'train'} is missing")
    return run(Request(**data.request(what)), options)


def _of_run(what: str, data: Data, asking: Asking, options: "Options", home: Path | None) -> Report:
    """What the command line says goes before what the experiment says."""
    from daybreak.client.client import Client
    from daybreak.validation.auditing_runs import audit_run, of_subject
    from daybreak.validation.records import keep
    from daybreak.validation.subject import of_run

    given = {name: value for name, value in data.request("").items() if value}
    try:
        with Client(home) as client:
            subject = of_run(client, what)
    except (BadId, NotFound) as error:
        raise UsageError(f"{what} is no file or folder that is here, and no run: {error}") from error
    report = audit_run(
        subject,
        of_subject(subject, asking.functions()).asked(options),
        lambda request: msgspec.structs.replace(request, **given),
    )
    if OTHER_DATA.isdisjoint(given):
        keep(subject, report)
    else:
        errors_console().print("not kept with the run: it is of another split than the run's", style="yellow")
    return report


@contextmanager
def could_run() -> Iterator[None]:
    """Whatever kept an audit from running, the exit status is one."""
    try:
        yield
    except DaybreakError as error:
        raise CouldNotRun(str(error)) from error
    except ImportError as error:
        raise CouldNotRun(
            f"an audit needs a package that is not here: pip install 'daybreak[audit]' ({error})"
        ) from error


def _tell(report: Report, showing: Showing) -> int:
    if showing.html is not None:
        from daybreak.validation.page.whole import render

        _write(showing.html, render(report))
    if showing.json:
        print_json(msgspec.to_builtins(report) | {"verdict": report.verdict})
    else:
        print_report(report, everything=showing.all)
        if showing.html is not None:
            console().print(f"wrote {showing.html}", soft_wrap=True)
    return report.exit_status


def _write(file: Path, text: str) -> None:
    with written(file):
        file.write_text(text, encoding="utf-8")

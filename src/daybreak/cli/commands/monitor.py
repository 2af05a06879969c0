"""`monitor`: whether live rows still look like those of the evaluation set."""

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from daybreak.base.errors import NotFound, UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.monitored import counting, show_changed, show_compared, show_standing, show_windows
from daybreak.cli.output import console, errors_console, print_json, styled
from daybreak.cli.writing import written
from daybreak.client.homes import find_home
from daybreak.monitoring.policy import Policy
from daybreak.registry.store import Registry
from daybreak.serving import desired
from daybreak.serving.deployment import Deployment
from daybreak.serving.watch import closed, report, settings, standing
from daybreak.serving.watch.settings import Email, Watch

DAY = 86_400

app = App(name="monitor", help="Drift: do live rows still look like those the model was proved on?")
Name = Annotated[str, Parameter(help="Of the deployment.")]


@app.command
def status(deployment: Name, *, json: Json = False, home: HomeFolder = None) -> int:
    """Show how a deployment stands: the last window of each version, what drifts, how good the model is.

    Exit status: 0; 1 where something raises an alarm.

    JSON: {at, standing, says, arms: [{arm, model, version, standing, says, alarms, tests, rows, performance, estimate, open_rows, ...}]}.
    """
    folder = _folder(home, deployment)
    now = standing.read(folder)
    print_json(now) if json else show_standing(deployment, now, time.time())
    return int(now.standing == "drift")


@app.command
def windows(
    deployment: Name,
    *,
    days: Annotated[int, Parameter(help="How many days back.")] = 1,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """List the windows that were closed, the newest last.

    JSON: a list of {arm, model, version, since, until, verdict: {rows, standing, says, tests}, performance, estimate, skipped}.
    """
    folder = _folder(home, deployment)
    oldest = closed.day_of(time.time() - (days - 1) * DAY)
    found = [window for day in closed.days(folder) if day >= oldest for window in closed.of_day(folder, day)]
    if json:
        print_json([msgspec.structs.replace(window, window=None) for window in found])
    else:
        show_windows(deployment, found, days)


@app.command(name="report")
def report_(
    deployment: Name,
    *,
    day: Annotated[str, Parameter(help="YYYY-MM-DD, in UTC; left out: the newest with a window.")] = "",
    out: Annotated[
        Path | None, Parameter(name=["--out", "-o"], help="The file; left out: DEPLOYMENT-DAY.html.")
    ] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Write a day of monitoring as one self-contained HTML page.

    JSON: {file, day, windows}.
    """
    folder = _folder(home, deployment)
    known = closed.days(folder)
    day = day or (known[-1] if known else "")
    if day not in known:
        told = f"{known[0]} to {known[-1]}" if known else "none yet: a window closes when it has rows and age enough"
        raise NotFound(f"{deployment} has no window of {day or 'any day'}; days with windows: {told}")
    file = out or Path(f"{deployment}-{day}.html")
    with written(file):
        file.write_text(report.made(folder, deployment, day), encoding="utf-8")
    if json:
        print_json({"file": str(file), "day": day, "windows": sum(1 for _ in closed.of_day(folder, day))})
    else:
        console().print(f"wrote {file}", soft_wrap=True)


@app.command
def compare(
    model: Annotated[str, Parameter(help="NAME@VERSION, NAME@ALIAS or a package's folder.")],
    *files: Annotated[str, Parameter(help="Parquet, CSV or JSON lines, folders of pictures or sounds.")],
    truth: Annotated[str, Parameter(help="The column of right answers: how good the model is on these rows.")] = "",
    column: Annotated[
        tuple[str, ...],
        Parameter(help="FIELD=COLUMN where names differ; FIELD=PATTERN (pixels=p*): several columns as one tensor."),
    ] = (),
    inputs_only: Annotated[bool, Parameter(help="Do not ask the model: compare its inputs alone.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Compare rows in files with a model's reference, without a deployment.

    Exit status: 0; 1 where something raises an alarm; 2 where it could not be compared.

    JSON: {model, version, rows, rejected, verdict: {standing, says, tests}, performance, estimate}.
    """
    from daybreak.cli.batching import pairs
    from daybreak.cli.comparing import compare as compared

    if not files:
        raise UsageError("there is nothing to compare: name one file or more")
    folder = Registry(find_home(home)).registered(model).folder
    with counting(quiet=json) as tell:
        found = compared(
            folder, files, Policy(), predict=not inputs_only, truth=truth, columns=pairs(column), tell=tell
        )
    print_json(found) if json else show_compared(found)
    alarms = found.verdict.alarms or (found.performance and found.performance.alarm)
    return int(bool(alarms or (found.estimate and found.estimate.alarm)))


@app.command(name="set")
def set_(
    deployment: Name,
    *,
    every: Annotated[float | None, Parameter(help="Seconds that a window lasts at least.")] = None,
    rows: Annotated[int | None, Parameter(help="Rows that a window needs to be judged; at least 500 is wise.")] = None,
    level: Annotated[
        float | None, Parameter(help="The chance of an alarm in a window in which nothing changed.")
    ] = None,
    psi: Annotated[
        float | None, Parameter(help="The least population stability index of a number that matters.")
    ] = None,
    wasserstein: Annotated[
        float | None, Parameter(help="The least Wasserstein distance that matters, in standard deviations.")
    ] = None,
    classes: Annotated[float | None, Parameter(help="The least share of rows that changed class that matters.")] = None,
    shares: Annotated[
        float | None, Parameter(help="The least change of the share missing, out of range or new that matters.")
    ] = None,
    keep: Annotated[int | None, Parameter(help="Days that windows, reports and events are kept.")] = None,
    truths: Annotated[
        float | None, Parameter(help="Answers a second that a replica remembers, for feedback that tells the truth.")
    ] = None,
    webhook: Annotated[tuple[str, ...] | None, Parameter(help="URLs that get alerts as JSON; none: nobody.")] = None,
    command: Annotated[
        tuple[str, ...] | None,
        Parameter(help="Shell commands that get alerts as JSON on standard input; none: nobody."),
    ] = None,
    mail: Annotated[tuple[str, ...] | None, Parameter(help="Addresses that get alerts; none: nobody.")] = None,
    mail_host: Annotated[str, Parameter(help="The mail server, HOST or HOST:PORT; left out: localhost:25.")] = "",
    mail_from: Annotated[str, Parameter(help="The sender's address.")] = "daybreak@localhost",
    mail_user: Annotated[str, Parameter(help="Who logs in at the mail server, if anybody does.")] = "",
    mail_password_file: Annotated[Path | None, Parameter(help="A file that holds the password alone.")] = None,
    mail_security: Annotated[Literal["none", "starttls", "tls"], Parameter(help="Of the connection.")] = "none",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Change how a deployment is watched and who is told; what is left out stays. It holds within seconds, without a restart.

    JSON: the settings that differ from the defaults.
    """
    folder = _folder(home, deployment)
    effects = {
        "rows": rows,
        "level": level,
        "psi": psi,
        "wasserstein": wasserstein,
        "classes": classes,
        "shares": shares,
    }
    given = _given(effects)
    others = _given({"every": every, "keep": keep, "truths": truths})
    ways = {name: _none(value) for name, value in _given({"webhooks": webhook, "commands": command}).items()}
    email = (
        _email(mail, mail_host, mail_from, mail_user, mail_password_file, mail_security) if mail is not None else None
    )

    def changed(watch: Watch) -> Watch:
        watch = msgspec.structs.replace(watch, policy=msgspec.structs.replace(watch.policy, **given))
        watch = msgspec.structs.replace(watch, **others, **ways)
        return watch if mail is None else msgspec.structs.replace(watch, email=email)

    def how(wanted: Deployment) -> Deployment:
        return msgspec.structs.replace(
            wanted, watch=settings.told(settings.checked(changed(settings.read(wanted.watch))))
        )

    after = desired.change(folder, how)
    if email and not mail_host:
        told = ": no --mail-host was named, so mail is handed to localhost:25; does a mail server listen there?"
        errors_console().print(styled(("warning", "yellow"), told), soft_wrap=True)
    if json:
        print_json(after.watch)
    else:
        show_changed(deployment, settings.read(after.watch))


def _given(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _email(
    to: tuple[str, ...],
    server: str,
    sender: str,
    user: str,
    password: Path | None,
    security: Literal["none", "starttls", "tls"],
) -> Email | None:
    if not _none(to):
        return None
    host, _, port = (server or "localhost:25").partition(":")
    if port and not port.isdigit():
        raise UsageError(f"--mail-host is HOST or HOST:PORT, got {server!r}")
    if user and password is None:
        raise UsageError("--mail-user needs --mail-password-file, a file that holds the password alone")
    kept = str(password.resolve()) if password else ""
    return Email(to, sender, host, int(port or 25), security, user, kept)


def _none(given: tuple[str, ...]) -> tuple[str, ...]:
    return () if given == ("none",) else given


def _folder(home: Path | None, deployment: str) -> Path:
    folder = desired.folder_of(find_home(home), deployment)
    desired.read(folder)
    return folder

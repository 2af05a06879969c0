"""`logs`: what attempts printed."""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.ids import TrialKey
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import print_json
from daybreak.client.client import OVER, Client

POLL = 0.2  # seconds between looks at files that are followed


def logs(
    what: Annotated[
        str, Parameter(help="An experiment (3), one of its trials (3.17), or nothing for the newest.")
    ] = "",
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], help="Go on as more is printed.")] = False,
    grep: Annotated[str | None, Parameter(help="Only lines that match this regular expression.")] = None,
    since: Annotated[str | None, Parameter(help="Only attempts that printed in the last 90s, 10m, 2h.")] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Print, follow or search what attempts printed.

    JSON: a list of {attempt, path, lines}.
    """
    if json and follow:
        raise UsageError("--json is one document, --follow never ends: use one of them")
    pattern = _pattern(grep)
    oldest = time.time() - _seconds(since) if since else 0.0
    with Client(home) as client:
        experiment, trial = _which(client, what)
        files = _files(client, experiment, trial, oldest)
        if not files and not follow:
            raise NotFound(f"experiment {experiment} has no output{' of that time' if since else ''} yet")
        if json:
            found = [(name, path, list(_matching(new_lines(path, {}, partial=True), pattern))) for name, path in files]
            print_json([{"attempt": name, "path": str(path), "lines": lines} for name, path, lines in found if lines])
            return
        positions: dict[Path, int] = {}
        while True:
            last = not follow or client.status(experiment).state in OVER
            for name, path in files:
                for line in _matching(new_lines(path, positions, partial=last), pattern):
                    sys.stdout.write(f"{line}\n" if trial is not None else f"{name} | {line}\n")
            sys.stdout.flush()
            if last:
                return
            time.sleep(POLL)
            files = _files(client, experiment, trial, oldest)


def _matching(lines: Iterator[str], pattern: re.Pattern[str] | None) -> Iterator[str]:
    return lines if pattern is None else (line for line in lines if pattern.search(line))


def new_lines(path: Path, positions: dict[Path, int], *, partial: bool) -> Iterator[str]:
    """Lines that were not read before, without their ends; the last one before its end has come only where `partial`.

    `positions` (bytes read so far, by file) is moved on. A progress bar's carriage returns leave what they drew last.
    """
    try:
        with path.open("rb") as file:
            file.seek(positions.get(path, 0))
            data = file.read()
    except FileNotFoundError:
        return
    data = data if partial else data[: data.rfind(b"\n") + 1]
    positions[path] = positions.get(path, 0) + len(data)
    if data:
        for line in data.removesuffix(b"\n").split(b"\n"):
            yield line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")


def _files(client: Client, experiment: int, trial: int | None, oldest: float) -> list[tuple[str, Path]]:
    found = client.call("log_files", experiment=experiment, trial=trial)
    files = [(entry["attempt"], Path(entry["path"])) for entry in found]
    return [(name, path) for name, path in files if path.is_file() and path.stat().st_mtime >= oldest]


def _which(client: Client, what: str) -> tuple[int, int | None]:
    if re.fullmatch(r"\d+\.\d+", what):
        return TrialKey.parse(what)
    return client.experiment(what).experiment, None


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise UsageError(f"--grep must be a regular expression, got {text!r}: {error}") from error


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|d)", text.strip())
    if not match:
        raise UsageError(f"--since must be a number and s, m, h or d (10m), got {text!r}")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]

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
    """Print, follow or search what attempts printed."""
    pattern = _pattern(grep)
    oldest = time.time() - _seconds(since) if since else 0.0
    with Client(home) as client:
        experiment, trial = _which(client, what)
        files = _files(client, experiment, trial, oldest)
        if not files and not follow:
            raise NotFound(f"experiment {experiment} has no output{' of that time' if since else ''} yet")
        if json:
            print_json([{"attempt": name, "path": str(path)} for name, path in files])
            return
        positions: dict[Path, int] = {}
        while True:
            over = follow and client.status(experiment).state in OVER
            for name, path in files:
                _print_new(name, path, positions, pattern, alone=trial is not None)
            if not follow or over:
                return
            time.sleep(POLL)
            files = _files(client, experiment, trial, oldest)


def _print_new(
    name: str, path: Path, positions: dict[Path, int], pattern: re.Pattern[str] | None, *, alone: bool
) -> None:
    for line in _new_lines(path, positions):
        if pattern is None or pattern.search(line):
            sys.stdout.write(line if alone else f"{name} | {line}")
    sys.stdout.flush()


def _new_lines(path: Path, positions: dict[Path, int]) -> Iterator[str]:
    """Complete lines that were not read before."""
    try:
        with path.open("rb") as file:
            file.seek(positions.get(path, 0))
            data = file.read()
    except FileNotFoundError:
        return
    if not data:
        return
    positions[path] = positions.get(path, 0) + len(data)
    yield from data.decode(errors="replace").splitlines(keepends=True)


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

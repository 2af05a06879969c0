"""`python -m daybreak.bootstrap.script`: run a trial's command again with the words, environment and seed it had, and read what it prints.

A proof starts it; what it prints is read by the same `MetricReader` as on the platform, so equal lines are equal points.
"""

import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import DaybreakError, UserCodeError
from daybreak.base.hashing import hash_file
from daybreak.base.home import Home
from daybreak.executors.local.captured import CapturedCode
from daybreak.executors.local.environment import hyperparameters
from daybreak.executors.local.interpreters import inherited, program
from daybreak.executors.local.metrics import LineBuffer, MetricReader, Observation
from daybreak.executors.local.processes import end_groups
from daybreak.provenance import profiles
from daybreak.provenance.data.given import paths, variables
from daybreak.provenance.redaction import Redactor
from daybreak.spec.commands import fill
from daybreak.spec.models import Experiment
from daybreak.wire.script import Again, Printed

CHUNK = 2**16
LAST_LINES = 5  # of output, told when the command fails
Progress = Callable[[dict[str, Any]], None]


def run(again: Again, progress: Progress) -> Printed:
    """Run it to its end, or to the units asked for. Raises `UserCodeError` when it cannot be started."""
    spec, home = Experiment.model_validate(again.spec), Home(Path(again.home))
    code = CapturedCode(home, Path(spec.folder), spec.code)
    secrets = profiles.values(home, profiles.named(spec))
    environment = _environment(again, spec, home, code) | secrets
    words = list(fill([code.word(word) for word in spec.run], again.point))
    words[0] = program(words[0], spec, environment)
    told, told_end = os.pipe()
    environment["DAYBREAK_METRICS_FD"] = str(told_end)
    Path(again.scratch).mkdir(parents=True, exist_ok=True)
    try:
        process = subprocess.Popen(
            words, cwd=_folder(spec, code), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, pass_fds=[told_end], start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise UserCodeError(f"{words[0]} cannot be started in {spec.folder}: {error.strerror}") from error
    finally:
        os.close(told_end)
    reading = _Reading(spec, again.until, again.moment, progress)
    try:
        ended = reading.follow(process, told)
    finally:
        end_groups([process.pid])
        process.wait()
        os.close(told)
    return Printed(
        series=reading.series(),
        units=reading.units,
        status=process.returncode if ended else None,
        tail=Redactor(secrets.values()).text("\n".join(reading.tail)),
        files=_files(Path(again.scratch)),
    )


class _Reading:
    """Reads lines as they come and takes the points down."""

    def __init__(self, spec: Experiment, until: int, moment: float, progress: Progress) -> None:
        self._reader = MetricReader(spec.objectives[0].metric, spec.metrics)
        self._until = until
        self._moment = moment
        self._there: float | None = None  # when it stood at `until`
        self._progress = progress
        self._points: dict[str, dict[int, float]] = {}
        self.units = 0
        self.tail: deque[str] = deque(maxlen=LAST_LINES)

    def follow(self, process: "subprocess.Popen[bytes]", told: int) -> bool:
        """Until it has ended by itself (True), or stood where it is to be ended for longer than its moment (False)."""
        assert process.stdout is not None  # noqa: S101
        buffers = {process.stdout.fileno(): LineBuffer(), told: LineBuffer()}
        with selectors.DefaultSelector() as selector:
            for number in buffers:
                selector.register(number, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(
                    None if self._there is None else max(0.0, self._there + self._moment - time.monotonic())
                )
                if self._there is not None and time.monotonic() >= self._there + self._moment:
                    return False
                for key, _ in ready:
                    data = os.read(key.fd, CHUNK)
                    if not data:
                        selector.unregister(key.fd)
                    for line in [*buffers[key.fd].feed(data), *([] if data else [buffers[key.fd].end()])]:
                        if line and key.fd != told:
                            self.tail.append(line)
                        self._line(line, told=key.fd == told)
        process.wait()
        return True

    def series(self) -> dict[str, tuple[list[int], list[str]]]:
        """All points, steps ascending."""
        return {
            name: (sorted(points), [points[step].hex() for step in sorted(points)])
            for name, points in self._points.items()
        }

    def _line(self, line: str, *, told: bool) -> None:
        """Take one line in; what comes after the units that are asked for is not looked at."""
        seen = self._reader.read_json(line) if told else self._reader.read(line)
        if seen is None or (self._there is not None and (seen.units or 0) > self._until):
            return
        self._take(seen)
        if self._there is None and self.units >= self._until:
            self._there = time.monotonic()

    def _take(self, seen: Observation) -> None:
        for name, value in seen.values.items():
            self._points.setdefault(name, {}).setdefault(seen.step, value)
        if seen.units is not None and seen.units != self.units:
            self.units = seen.units
            self._progress({"units": self.units})


def _environment(again: Again, spec: Experiment, home: Home, code: CapturedCode) -> dict[str, str]:
    """As `executors.local.commands` makes it, but for the checkpoint folder, which is new."""
    own = {
        "DAYBREAK_SEED": str(again.seed),
        "DAYBREAK_TRIAL": again.trial,
        "DAYBREAK_CHECKPOINT_DIR": again.scratch,
        "PYTHONUNBUFFERED": "1",
    }
    given = inherited(spec.environment, profiles.withheld(home)) | {"PYTHONHASHSEED": "0"} | again.environment
    if code.folder() != Path(spec.folder):
        own["PYTHONPATH"] = os.pathsep.join([str(code.folder()), *filter(None, [given.get("PYTHONPATH")])])
    return given | hyperparameters(again.point) | variables(paths(home, spec)) | own


def _folder(spec: Experiment, code: CapturedCode) -> Path:
    return Path(spec.folder) if Path(spec.folder).is_dir() else code.folder()


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hash_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def main() -> int:
    """One command, one answer in JSON lines, as `bootstrap.jobs` describes."""
    again = msgspec.json.decode(sys.stdin.buffer.read(), type=Again)
    try:
        result = run(again, lambda progress: _say({"progress": progress}))
    except DaybreakError as error:
        _say({"error": type(error).__name__, "message": str(error)})
        return error.exit_code
    _say({"result": result})
    return 0


def _say(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())

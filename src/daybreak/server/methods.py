"""What each method of `wire.api` does. Reads are as fresh as the last event: what was touched is projected first."""

import os
import re
from collections.abc import Callable
from importlib.metadata import version
from inspect import Parameter, signature
from itertools import islice
from typing import Any, cast, get_args

import msgspec

from daybreak.base.errors import NotFound, UsageError, VaultError
from daybreak.base.home import Home
from daybreak.base.ids import AttemptKey
from daybreak.bootstrap.app import App
from daybreak.controller.brain import experiment_of
from daybreak.lifecycle.events import AskName
from daybreak.lifecycle.imports import IMPORTED
from daybreak.server.acceptance import check_spec
from daybreak.wire import api
from daybreak.wire.recorded import Recorded
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, TrialRow

Answer = Callable[[Any], None]
Handler = Callable[..., None]
MOST_EVENTS = 10_000
IMPORTED_ROWS: dict[str, type] = {
    "experiments": ExperimentRow,
    "trials": TrialRow,
    "attempts": AttemptRow,
    "checkpoints": CheckpointRow,
    "notices": NoticeRow,
    "looks": LookRow,
}


class Methods:
    """The table of methods. Each answers exactly once, or raises a `DaybreakError`."""

    def __init__(self, app: App, home: Home, shutdown: Callable[[bool], None]) -> None:
        self._controller = app.controller
        self._ledger = app.ledger
        self._reader = app.reader
        self._vault = app.vault
        self._home = home
        self._shutdown = shutdown

    def call(self, method: str, params: dict[str, Any], answer: Answer) -> None:
        """Call a method by name. Raises `UsageError` for one that does not exist."""
        handler = getattr(self, f"do_{method}", None)
        if handler is None:
            raise UsageError(f"there is no method {method!r}; is the client of another version?")
        _check_names(method, handler, params)
        handler(answer, **params)

    def number(self, which: int | str) -> int:
        """The experiment meant by a number, a name (the newest of that name) or nothing (the newest)."""
        if not isinstance(which, int | str):
            raise UsageError(f"`experiment` must be a number or a name, got {which!r}")
        if isinstance(which, int) or (which.isascii() and which.isdigit()):
            return int(which)
        self._controller.flush()
        rows = self._reader.experiments()
        for row in rows:
            if which in ("", row.name):
                return row.experiment
        if re.fullmatch(r"\d+\.\d+", which):
            raise NotFound(f"{which} is a trial, here an experiment is asked for: {which.split('.')[0]}")
        known = ", ".join(dict.fromkeys(row.name for row in rows[:5]))
        raise NotFound(
            f"there is no experiment {which!r}{f'; the newest are {known}' if known else ''}"
            if which
            else "there is no experiment yet; start one with `daybreak run`"
        )

    def status(self, experiment: int) -> api.Status:
        """A live view. Raises `NotFound`."""
        status = self._controller.status(experiment)
        status.trouble = self._controller.trouble
        return status

    def do_hello(self, answer: Answer) -> None:
        """Say who this is."""
        answer(
            {"version": version("daybreak"), "pid": os.getpid(), "home": str(self._home.path), "protocol": api.PROTOCOL}
        )

    def do_submit(self, answer: Answer, spec: dict[str, Any], owner: str = "") -> None:
        """A new experiment; answered once it is committed."""
        check_spec(spec)
        number = self._controller.submit(spec, owner, lambda: answer({"experiment": number}))

    def do_import(
        self, answer: Answer, origin: str, rows: dict[str, Any], points: list[dict[str, Any]], recorded: dict[str, Any]
    ) -> None:
        """An experiment of another home; answered once it is committed. Its files are in the vault already."""
        try:
            found = {name: msgspec.convert(rows.get(name, []), list[kind]) for name, kind in IMPORTED_ROWS.items()}  # type: ignore[valid-type]
            msgspec.convert(recorded, Recorded)
            curves = [(c["trial"], c["metric"], c["steps"], c["values"]) for c in points]
        except (msgspec.ValidationError, KeyError) as error:
            raise UsageError(f"what is imported must be rows and points as they are exported: {error}") from error
        if len(found["experiments"]) != 1:
            raise UsageError(f"one experiment is imported at a time, got {len(found['experiments'])}")
        number = self._controller.adopt(origin, found, curves, recorded, lambda: answer({"experiment": number}))

    def do_ask(self, answer: Answer, experiment: int | str, ask: str, value: Any = None, by: str = "") -> None:
        """Pause, resume, stop, priority, extend, pin, unpin; answered once it is committed."""
        if ask not in get_args(AskName):
            raise UsageError(f"one can ask for {', '.join(get_args(AskName))}, got {ask!r}")
        number = self._known(experiment)
        if self.status(number).phase == IMPORTED:
            raise UsageError(
                f"experiment {number} was imported: look at it, verify, reproduce or fork it; to train on: daybreak fork {number}"
            )
        self._controller.ask(
            number, cast(AskName, ask), value, by, lambda: answer({"state": self.status(number).state})
        )

    def do_experiments(self, answer: Answer) -> None:
        """All, without specs."""
        self._controller.flush()
        answer(self._reader.experiments())

    def do_experiment(self, answer: Answer, experiment: int | str) -> None:
        """One, with its spec."""
        answer(self._row(experiment))

    def do_trials(self, answer: Answer, experiment: int | str) -> None:
        """Its trials."""
        answer(self._reader.trials(self._known(experiment)))

    def do_attempts(self, answer: Answer, experiment: int | str) -> None:
        """Its attempts."""
        answer(self._reader.attempts(self._known(experiment)))

    def do_checkpoints(self, answer: Answer, experiment: int | str) -> None:
        """Its checkpoints."""
        answer(self._reader.checkpoints(self._known(experiment)))

    def do_keeping(self, answer: Answer, experiment: int | str) -> None:
        """Why its checkpoints are kept, and what the others took."""
        number = self._known(experiment)
        gone = frozenset(row.digest for row in self._reader.checkpoints(number) if row.state != "saved")
        answer(self._controller.keeping(number, gone))

    def do_notices(self, answer: Answer, experiment: int | str, after: int = 0) -> None:
        """Its notices."""
        answer(self._reader.notices(self._known(experiment), after))

    def do_looks(self, answer: Answer, experiment: int | str) -> None:
        """At sealed test data, by its family."""
        answer(self._reader.looks(self._controller.family(self._known(experiment))))

    def do_points(
        self, answer: Answer, experiment: int | str, trials: list[int] | None = None, metrics: list[str] | None = None
    ) -> None:
        """Its learning curves."""
        found = self._reader.points(self._known(experiment), trials or [], metrics or [])
        answer([{"trial": t, "metric": m, "steps": s, "values": v} for t, m, s, v in found])

    def do_events(self, answer: Answer, experiment: int | str, after: int = 0, limit: int = MOST_EVENTS) -> None:
        """Its entries of the log."""
        number = self._known(experiment)
        entries = (e for e in self._ledger.replay(after) if experiment_of(e.event) == number)
        answer([{"seq": e.seq, "at": e.at, "event": e.event} for e in islice(entries, limit)])

    def do_status(self, answer: Answer, experiment: int | str) -> None:
        """A live view."""
        answer(self.status(self.number(experiment)))

    def do_log_files(self, answer: Answer, experiment: int | str, trial: int | None = None) -> None:
        """Files of captured output, in the order of attempts."""
        number = self._known(experiment)
        if trial is not None:
            self._trial(number, trial)
        rows = [row for row in self._reader.attempts(number) if trial in (None, row.trial)]
        keys = [AttemptKey(number, row.trial, row.epoch) for row in rows]
        files = [{"attempt": str(key), "path": str(self._home.log(key))} for key in keys]
        if trial is None:
            files.insert(0, {"attempt": f"{number}.parent", "path": str(self._home.logs(number) / "parent.log")})
        answer(files)

    def do_checkpoint(self, answer: Answer, experiment: int | str, trial: int | None = None) -> None:
        """A trial's latest good checkpoint, verified; the best trial's if none is named."""
        row = self._row(experiment)
        trial = trial if trial is not None else row.best_trial
        if trial is None:
            raise NotFound(
                f"experiment {row.experiment} has no best trial yet; name one: daybreak checkpoint get {row.experiment}.1"
            )
        metrics = self._trial(row.experiment, trial).last
        kept = [c for c in self._reader.checkpoints(row.experiment) if c.trial == trial and c.state == "saved"]
        found, problems = self._verified(kept)
        answer({
            "trial": f"{row.experiment}.{trial}", "digest": found.digest, "units": found.units,
            "path": str(self._vault.path(found.digest)), "metrics": metrics, "problems": problems,
        })  # fmt: skip

    def do_shutdown(self, answer: Answer, *, freeze: bool = True) -> None:
        """End, after the answer."""
        answer({})
        self._shutdown(freeze)

    def _row(self, which: int | str) -> ExperimentRow:
        number = self.number(which)
        self._controller.flush()
        return self._reader.experiment(number)

    def _known(self, which: int | str) -> int:
        number = self.number(which)
        self.status(number)
        self._controller.flush()
        return number

    def _trial(self, experiment: int, number: int) -> TrialRow:
        trials = self._reader.trials(experiment)
        for trial in trials:
            if trial.trial == number:
                return trial
        there = f"it has {experiment}.1 to {experiment}.{max(t.trial for t in trials)}" if trials else "it has none"
        raise NotFound(f"experiment {experiment} has no trial {number}: {there}")

    def _verified(self, kept: list[CheckpointRow]) -> tuple[CheckpointRow, list[str]]:
        """The newest whose bytes match its hash, and what is wrong with those that are newer."""
        problems: list[str] = []
        problem: Exception = NotFound(
            "the trial has no checkpoint: its code keeps nothing (run.keep), its script saves nothing in $DAYBREAK_CHECKPOINT_DIR, "
            "it is in its first units, or the disk cap took it"
        )
        for row in sorted(kept, key=lambda c: -c.units):
            if row.digest.startswith("process:"):
                problem = NotFound(
                    "the trial is a suspended process; its script saves what it wants in $DAYBREAK_CHECKPOINT_DIR"
                )
                continue
            try:
                self._vault.verify(row.digest)
            except VaultError as error:
                problem = error
                problems.append(f"the checkpoint at {row.units} units cannot be used: {error}")
            else:
                return row, problems
        raise problem


def _check_names(method: str, handler: Handler, params: dict[str, Any]) -> None:
    """Every parameter is known, none that is needed is missing. Raises `UsageError`."""
    _, *known = signature(handler).parameters.values()
    missing = [p.name for p in known if p.default is Parameter.empty and p.name not in params]
    strange = sorted(params.keys() - {p.name for p in known})
    if missing:
        raise UsageError(f"{method} needs {', '.join(missing)}")
    if strange:
        raise UsageError(
            f"{method} knows no {', '.join(strange)}; it takes {', '.join(p.name for p in known) or 'nothing'}"
        )

"""What programs and commands talk through: experiments of one home, by number or name."""

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from daybreak.base.home import Home
from daybreak.client.connection import Connection
from daybreak.client.homes import find_home
from daybreak.client.starting import Start, connect
from daybreak.wire.api import Keeping, Status
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, TrialRow

OVER = frozenset({"done", "stopped", "failed"})
Which = int | str  # an experiment's number, its name, or "" for the newest
T = TypeVar("T")


class Client:
    """Talks to the controller of a home, which is started when none is there.

    Not thread-safe: one client per thread. Every method raises `NotFound` for an experiment that does not exist and
    `ControllerError` when the controller cannot be reached.
    """

    def __init__(
        self, home: str | Path | Home | None = None, *, slots: str | None = None, begun: Start | None = None
    ) -> None:
        self.home = home if isinstance(home, Home) else find_home(home)
        self._connection: Connection = connect(self.home, slots=slots, begun=begun)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the controller goes on. Idempotent."""
        self._connection.close()

    def call(self, method: str, **params: Any) -> Any:
        """Any method of `wire.api`, plain data in and out."""
        return self._connection.call(method, **params)

    def submit(self, spec: dict[str, Any], owner: str | None = None) -> int:
        """Hand in a resolved spec (`Experiment.model_dump(mode="json")`); the experiment's number."""
        number: int = self.call("submit", spec=spec, owner=owner if owner is not None else _user())["experiment"]
        return number

    def ask(self, experiment: Which, ask: str, value: Any = None) -> str:
        """Pause, resume, stop, extend, pin, unpin or change the priority of an experiment; its state after that."""
        state: str = self.call("ask", experiment=experiment, ask=ask, value=value, by=_user())["state"]
        return state

    def experiments(self) -> list[ExperimentRow]:
        """All experiments, newest first, without their specs."""
        return _rows(self.call("experiments"), ExperimentRow)

    def experiment(self, experiment: Which = "") -> ExperimentRow:
        """One experiment with its resolved spec."""
        return msgspec.convert(self.call("experiment", experiment=experiment), ExperimentRow)

    def trials(self, experiment: Which = "") -> list[TrialRow]:
        """Its trials, by number."""
        return _rows(self.call("trials", experiment=experiment), TrialRow)

    def attempts(self, experiment: Which = "") -> list[AttemptRow]:
        """Its attempts, by trial and epoch."""
        return _rows(self.call("attempts", experiment=experiment), AttemptRow)

    def checkpoints(self, experiment: Which = "") -> list[CheckpointRow]:
        """Its checkpoints, by trial and units."""
        return _rows(self.call("checkpoints", experiment=experiment), CheckpointRow)

    def keeping(self, experiment: Which = "") -> Keeping:
        """Which of its checkpoints are kept, and why; of those let go, which files others keep."""
        return msgspec.convert(self.call("keeping", experiment=experiment), Keeping)

    def notices(self, experiment: Which = "", after: int = 0) -> list[NoticeRow]:
        """What a person should know, oldest first."""
        return _rows(self.call("notices", experiment=experiment, after=after), NoticeRow)

    def looks(self, experiment: Which = "") -> list[LookRow]:
        """Looks at sealed test data by the experiment and its family, oldest first."""
        return _rows(self.call("looks", experiment=experiment), LookRow)

    def points(
        self, experiment: Which = "", trials: list[int] | None = None, metrics: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Learning curves: `{trial, metric, steps, values}` each, steps ascending."""
        found: list[dict[str, Any]] = self.call(
            "points", experiment=experiment, trials=trials or [], metrics=metrics or []
        )
        return found

    def status(self, experiment: Which = "") -> Status:
        """A live view."""
        return msgspec.convert(self.call("status", experiment=experiment), Status)

    def watch(self, experiment: Which = "", every: float = 1.0) -> Iterator[Status]:
        """A status at every change (at least one every `every` seconds), until the experiment is over; that one too."""
        status = self.status(experiment)
        while True:
            yield status
            if status.state in OVER:
                return
            found = self.call("watch", experiment=status.experiment, version=status.version, timeout=every)
            status = msgspec.convert(found, Status)

    def wait(self, experiment: Which = "") -> Status:
        """Wait until the experiment is over (or paused, when nothing will go on by itself)."""
        for status in self.watch(experiment):
            if status.state in OVER or status.state == "paused":
                return status
        raise AssertionError  # watch ends with a status that is over


def _rows(found: Any, kind: type[T]) -> list[T]:
    return msgspec.convert(found, list[kind])  # type: ignore[valid-type]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""

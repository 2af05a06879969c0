"""The line from a run to whoever directs it: the agent on the platform, a console off it."""

import select
import socket
import threading
from collections import deque
from typing import Protocol

import msgspec

from daybreak.base.errors import ConnectionLost
from daybreak.base.ids import AttemptKey
from daybreak.train.leaving import ControllerGone
from daybreak.train.reports import Series
from daybreak.wire import worker as wire
from daybreak.wire.frames import FrameBuffer, pack

MOST_UNANSWERED = 2  # batches of points


class Link(Protocol):
    """What a run needs of whoever directs it. Every method may raise `ControllerGone`."""

    flush_every: float  # seconds between batches of points

    def points(self, series: Series) -> None:
        """Send a batch of points; waits while two batches are unanswered."""

    def can_take_points(self) -> bool:
        """Whether `points` would not wait."""

    def ask(self, report: "Standing") -> wire.Verdict:
        """The trial stands at its target: how does it go on? Waits for the answer."""

    def settle(self) -> None:
        """Nothing more comes: wait until every batch of points is answered."""

    def freeze_wanted(self) -> bool:
        """Whether the slots are wanted back (never waits)."""

    def saved(self, units: int, digest: str, size: int, seconds: float) -> None:
        """A checkpoint is in the vault."""

    def damaged(self, digest: str) -> None:
        """A checkpoint could not be used."""

    def unsaved(self, units: int, why: str) -> None:
        """A checkpoint that was only insurance could not be written."""

    def open_sealed(self, data: str, units: int) -> wire.Opened:
        """Where the sealed test data of that name lies ("" for the only one there is), once the look is counted. Waits for the answer."""

    def scored(self, number: int, metrics: dict[str, float]) -> None:
        """What the look with that number gave; returns once that is kept."""


_Answer = wire.Assignment | wire.Verdict | wire.Opened | wire.Noted


class Standing(msgspec.Struct, frozen=True):
    """Where a trial stands; what a `wire.Report` says beyond its number."""

    units: int
    metrics: dict[str, float]
    best: dict[str, float]
    unit_seconds: float | None


class AgentLink:
    """A connected Unix socket to the agent; not thread-safe, but for `saved`, which another thread may call."""

    flush_every = 0.25

    def __init__(self, connection: socket.socket, attempt: AttemptKey) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._attempt = attempt
        self._buffer = FrameBuffer()
        self._arrived: deque[_Answer] = deque()
        self._sent = 0
        self._kept = 0
        self._asked = 0
        self._looked = 0
        self._freeze = False

    def introduce(self, token: str, pid: int) -> wire.Assignment:
        """Say hello; what this attempt is to do."""
        self.send(wire.Hello(attempt=self._attempt, token=token, pid=pid))
        answer = self._await_answer()
        if not isinstance(answer, wire.Assignment):
            raise ControllerGone("the agent answered Hello with something else than an Assignment")
        return answer

    def send(self, frame: wire.FromWorker) -> None:
        """Send one frame."""
        data = pack(wire.encode(frame))
        try:
            with self._sending:
                self._connection.sendall(data)
        except OSError as error:
            raise ControllerGone("the agent closed the socket") from error

    def points(self, series: Series) -> None:
        """Send a batch of points; waits while two batches are unanswered."""
        while not self.can_take_points():
            self._read(wait=True)
        self._sent += 1
        self.send(wire.Points(attempt=self._attempt, number=self._sent, series=series))

    def can_take_points(self) -> bool:
        """Whether `points` would not wait."""
        self._read(wait=False)
        return self._sent - self._kept < MOST_UNANSWERED

    def settle(self) -> None:
        """Wait until every batch of points is answered, so that a finished attempt's points are durable."""
        while self._kept < self._sent:
            self._read(wait=True)

    def ask(self, report: Standing) -> wire.Verdict:
        """Report, and wait for the verdict."""
        self._asked += 1
        self.send(
            wire.Report(
                attempt=self._attempt,
                number=self._asked,
                units=report.units,
                metrics=report.metrics,
                best=report.best,
                unit_seconds=report.unit_seconds,
            )
        )
        while True:
            answer = self._await_answer()
            if isinstance(answer, wire.Verdict) and answer.number == self._asked:
                return answer

    def freeze_wanted(self) -> bool:
        """Whether a `Freeze` has arrived."""
        self._read(wait=False)
        return self._freeze

    def saved(self, units: int, digest: str, size: int, seconds: float) -> None:
        """Say that a checkpoint is in the vault."""
        self.send(wire.Saved(attempt=self._attempt, units=units, digest=digest, size=size, seconds=seconds))

    def damaged(self, digest: str) -> None:
        """Say that a checkpoint could not be used."""
        self.send(wire.Damaged(attempt=self._attempt, digest=digest))

    def unsaved(self, units: int, why: str) -> None:
        """Say that a checkpoint could not be written."""
        self.send(wire.Unsaved(attempt=self._attempt, units=units, why=why))

    def open_sealed(self, data: str, units: int) -> wire.Opened:
        """Ask for sealed test data, and wait until the look is counted."""
        self._looked += 1
        self.send(wire.OpenSealed(attempt=self._attempt, number=self._looked, units=units, data=data))
        while True:
            answer = self._await_answer()
            if isinstance(answer, wire.Opened) and answer.number == self._looked:
                return answer

    def scored(self, number: int, metrics: dict[str, float]) -> None:
        """Say what a look gave, and wait until that is kept."""
        self.send(wire.Scored(attempt=self._attempt, number=number, metrics=metrics))
        while True:
            answer = self._await_answer()
            if isinstance(answer, wire.Noted) and answer.number == number:
                return

    def _await_answer(self) -> _Answer:
        while not self._arrived:
            self._read(wait=True)
        return self._arrived.popleft()

    def _read(self, *, wait: bool) -> None:
        """Take in what has arrived; with `wait`, at least one piece."""
        while wait or select.select([self._connection], [], [], 0)[0]:
            wait = False
            try:
                data = self._connection.recv(2**16)
                if not data:
                    raise ControllerGone("the agent closed the socket")
                for body in self._buffer.feed(data):
                    self._take(wire.decode_to_worker(body))
            except (OSError, ConnectionLost) as error:
                raise ControllerGone("the agent closed the socket") from error

    def _take(self, frame: wire.ToWorker) -> None:
        if isinstance(frame, wire.Kept):
            self._kept = max(self._kept, frame.number)
        elif isinstance(frame, wire.Freeze):
            self._freeze = True
        else:
            self._arrived.append(frame)

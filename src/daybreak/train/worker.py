"""One attempt's process, from hello to the last frame. Shared by forked children and `python -m daybreak.train.worker`.

Exit codes: 0 the attempt ended and said so; 1 user code failed (and said so); 86 the agent's socket closed.
"""

import faulthandler
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from daybreak.base.errors import DaybreakError, VaultError
from daybreak.base.ids import AttemptKey
from daybreak.train import determinism, user_code
from daybreak.train.checkpoints import Checkpoints, say
from daybreak.train.failures import failure
from daybreak.train.hyperparameters import Hyperparameters
from daybreak.train.leaving import EXIT_CONTROLLER_GONE, EXIT_CRASHED, ControllerGone, Leaving
from daybreak.train.link import AgentLink, Link
from daybreak.train.processes import die_with, set_threads
from daybreak.train.randomness import Randomness
from daybreak.train.run import Run
from daybreak.train.user_code import UserCode
from daybreak.vault.store import Vault
from daybreak.wire import worker as wire

# The environment of a process that was not forked with its orders in memory.
ATTEMPT, SOCKET, TOKEN = "DAYBREAK_ATTEMPT", "DAYBREAK_SOCKET", "DAYBREAK_TOKEN"
RUN, CODE, THREADS, PARENT = "DAYBREAK_RUN", "DAYBREAK_CODE", "DAYBREAK_THREADS", "DAYBREAK_PARENT"
BEGAN = "DAYBREAK_BEGAN"  # CLOCK_MONOTONIC when the process was asked for

Loader = Callable[[], UserCode]


class Order(msgspec.Struct, frozen=True):
    """What a process must know before it can introduce itself."""

    attempt: AttemptKey
    token: str
    socket: str  # path of the agent's Unix socket
    code: str  # folder user code is imported from
    began: float  # CLOCK_MONOTONIC when the process was asked for


def work(order: Order, load_code: Loader) -> int:
    """Do one attempt; the exit code."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(order.socket)
        link = AgentLink(connection, order.attempt)
        assignment = link.introduce(order.token, os.getpid())
        return attend(assignment, link, order, load_code)
    except (ControllerGone, ConnectionError, FileNotFoundError) as error:
        say(f"attempt {order.attempt} ends: {error}")
        return EXIT_CONTROLLER_GONE
    finally:
        connection.close()


class Director(Link, Protocol):
    """A link that also takes frames."""

    def send(self, frame: wire.FromWorker) -> None:
        """Send one frame."""


def attend(assignment: wire.Assignment, link: Director, order: Order, load_code: Loader) -> int:
    """Do what is assigned, whoever directs it; the exit code. May raise `ControllerGone`."""
    return _Attempt(assignment, link, order).do(load_code)


class _Attempt:
    """The stages of one attempt."""

    def __init__(self, assignment: wire.Assignment, link: Director, order: Order) -> None:
        self._assignment = assignment
        self._link = link
        self._order = order

    def do(self, load_code: Loader) -> int:
        try:
            user = load_code()
        except (Exception, SystemExit) as error:  # noqa: BLE001 (user code may raise anything)
            return self._end_unstarted(error)
        determinism.switch_on()
        run = self._open_run(user)
        self._link.send(wire.Started(attempt=self._assignment.attempt, seconds=time.monotonic() - self._order.began))
        run.watch.start()
        failed = self._call(run, user)
        with run.watch.aside():
            failed = self._close(run, failed)
        self._end(run, failed)
        return EXIT_CRASHED if failed else 0

    def _open_run(self, user: UserCode) -> Run:
        randomness = Randomness(self._assignment.seed, self._assignment.rank)
        hyperparameters = Hyperparameters(self._assignment.point, _hush if self._assignment.rank else say)
        checkpoints = Checkpoints(Vault(self._assignment.vault), randomness, hyperparameters)
        began = time.perf_counter()
        units = self._load(checkpoints)
        run = Run(msgspec.structs.replace(self._assignment, units=units), self._link, checkpoints, user.prepared)
        if units:
            run.watch.resume_seconds = time.perf_counter() - began
        return run

    def _load(self, checkpoints: Checkpoints) -> int:
        """Read the newest usable checkpoint; the units it stands at, 0 for none."""
        for ref in (self._assignment.checkpoint, self._assignment.previous):
            if ref is None:
                continue
            try:
                checkpoints.load(ref)
            except VaultError as error:
                say(str(error))
                self._link.damaged(ref.digest)
            else:
                return ref.units
        return 0

    def _call(self, run: Run, user: UserCode) -> wire.Failure | None:
        try:
            user.main(run)
        except ControllerGone:
            raise
        except Leaving:
            return None
        except BaseException as error:  # noqa: BLE001 (whatever it is, its story is told and the attempt ends)
            return self._failed(run, error)
        return None

    def _close(self, run: Run, failed: wire.Failure | None) -> wire.Failure | None:
        try:
            run.close(returned=failed is None)
        except VaultError as error:
            run.close(returned=False)
            return self._failed(run, error)
        return failed

    def _failed(self, run: Run, error: BaseException) -> wire.Failure | None:
        if isinstance(error, SystemExit) and error.code in {None, 0}:
            return None
        story = failure(error, self._order.code, self._assignment.folder)
        print(story.tail, file=sys.stderr, flush=True)  # noqa: T201
        return None if run.ending else story  # a `finally` that fails while freezing: the checkpoint is safe already

    def _end(self, run: Run, failed: wire.Failure | None) -> None:
        reason = "crashed" if failed else run.ending or "completed"
        self._link.send(
            wire.Ended(
                attempt=self._assignment.attempt,
                reason=reason,  # type: ignore[arg-type]
                units=run.units,
                metrics=run.reports.last,
                best=run.reports.best,
                failure=failed,
                user_seconds=run.watch.user_seconds,
                unit_seconds=run.watch.unit_seconds,
                resume_seconds=run.watch.resume_seconds,
                freeze_seconds=run.watch.freeze_seconds,
            )
        )

    def _end_unstarted(self, error: BaseException) -> int:
        story = failure(error, self._order.code, self._assignment.folder, kind="import")
        print(story.tail, file=sys.stderr, flush=True)  # noqa: T201
        ended = wire.Ended(
            attempt=self._assignment.attempt, reason="crashed", units=self._assignment.units, failure=story
        )
        self._link.send(ended)
        return EXIT_CRASHED


def _hush(text: str) -> None:
    """Rank 0 of a gang tells it."""
    del text


def load_fresh(run: str, code: str) -> UserCode:
    """Import user code in this process and prepare it."""
    if sys.path[0] != code:
        sys.path.insert(0, code)
    loaded = user_code.load(run)
    user_code.prepare(loaded)
    return loaded


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Do the attempt that the environment describes, in a fresh interpreter."""
    faulthandler.enable()
    die_with(int(environment[PARENT]))
    set_threads(int(environment[THREADS]))
    order = Order(
        attempt=AttemptKey.parse(environment[ATTEMPT]),
        token=environment[TOKEN],
        socket=environment[SOCKET],
        code=environment[CODE],
        began=float(environment[BEGAN]),
    )
    return work(order, lambda: load_fresh(environment[RUN], order.code))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DaybreakError as problem:
        say(str(problem))
        sys.exit(problem.exit_code)

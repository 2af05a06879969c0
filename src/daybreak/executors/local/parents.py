"""The warm parent of an experiment, from the agent's side: started, asked to fork, started again when it dies."""

import socket
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec import structs

from daybreak.base.ids import AttemptKey
from daybreak.executors.local.captured import CapturedCode
from daybreak.executors.local.connections import Connection
from daybreak.executors.local.environment import HASH_SEED, THREAD_POOLS
from daybreak.executors.local.failures import exit_failure, make_failure
from daybreak.executors.local.interpreters import inherited, lacks_daybreak
from daybreak.executors.local.processes import Child, end_groups, tail
from daybreak.executors.local.watchdog import Watchdog
from daybreak.ports.reactor import Reactor, Timer
from daybreak.wire.parent import Begun, Fork, Forked, How, Ready, Unfit, Warm, decode_from_parent, encode
from daybreak.wire.worker import Failure

MODULE = "daybreak.train.parent"
DEATHS = 3  # in a row before it made a process; then nothing of the experiment can run
HELLO = 60.0  # seconds an interpreter has to begin, before any code of the user's: a Python on a slow disk takes a few
BACKOFF = 0.2  # seconds before the second start; four times as long before each further one
LAST_WORDS = 2.0  # seconds a parent that has closed its socket has to end by itself
LEAVING = 5.0  # seconds a parent has to end after its socket was closed


class Forkable(Protocol):
    """An attempt that lives in processes forked from a warm parent."""

    key: AttemptKey

    def fork(self) -> None:
        """The parent is ready."""

    def forked(self, rank: int, pid: int) -> None:
        """A process is there."""

    def reaped(self, rank: int, status: int) -> None:
        """A process has ended."""

    def orphaned(self) -> None:
        """The parent has died; whatever it forked must go."""

    def unfit(self, failure: Failure) -> None:
        """The parent will never be ready."""


class Recipe(NamedTuple):
    """What a parent is made from; another recipe needs another parent."""

    run: str
    folder: str
    code: str  # digest
    threads: int
    environment: Mapping[str, str]
    devices: str  # all that attempts may be granted, as CUDA_VISIBLE_DEVICES
    python: str


class WarmParent:
    """One warm parent, writing to `log`. `warmed` is told each time it becomes ready, `failed` once: nothing can run, and it is `gone`.

    `command` starts it in place of the recipe's interpreter.
    """

    def __init__(
        self,
        reactor: Reactor,
        watchdog: Watchdog,
        log: Path,
        recipe: Recipe,
        code: CapturedCode,
        warmed: Callable[[Ready], None],
        failed: Callable[[Failure], None],
        command: Sequence[str] = (),
        *,
        withheld: Collection[str] = (),
    ) -> None:
        self.recipe = recipe
        self.ready: Ready | None = None
        self.gone = False
        self._reactor = reactor
        self._watchdog = watchdog
        self._code = code
        self._code_folder = Path(recipe.folder)
        self._log = log
        self._told_ready = warmed
        self._failed = failed
        self._started = 0.0
        self._withheld = withheld
        self._command = command or (recipe.python, "-P", "-m", MODULE)
        self._waiting: list[Forkable] = []
        self._children: dict[tuple[AttemptKey, int], Forkable] = {}
        self._deaths = 0  # since a child came to its end
        self._stillborn = 0  # of them, those before it made a process
        self._asked: set[tuple[AttemptKey, int]] = set()  # processes that it has not made yet
        self._begun: Timer | None = None  # cancelled when it says its first word
        self._leaving = False
        self._child: Child | None = None
        self._connection: Connection | None = None

    @property
    def how(self) -> How:
        """How attempts are started; known once it is ready."""
        return self.ready.how if self.ready is not None else "fork"

    @property
    def stale(self) -> bool:
        """True when the code has changed since the parent took it from the folder: what it has not imported yet would be new."""
        return self._code.folder() != self._code_folder

    def launch(self, attempt: Forkable) -> None:
        """`attempt.fork()` now, or as soon as the parent is ready."""
        self._leaving = False
        if self.ready is not None:
            self._make(attempt)
        else:
            self._waiting.append(attempt)

    def withdraw(self, attempt: Forkable) -> bool:
        """The attempt has ended: do not start it. False: it is being started."""
        waiting = attempt in self._waiting
        if waiting:
            self._waiting.remove(attempt)
        return waiting

    def fork(self, attempt: Forkable, order: Fork) -> None:
        """Ask for one process; `attempt.forked` and `attempt.reaped` will be told."""
        self._children[attempt.key, order.rank] = attempt
        self._asked.add((attempt.key, order.rank))
        if self._connection is not None:
            self._connection.send(encode(order))

    def stay(self) -> None:
        """Do not go after all."""
        self._leaving = False

    def release(self) -> None:
        """Go when the last child has gone."""
        self._leaving = True
        self._leave_if_idle()

    def close(self) -> None:
        """Go now; children that are left are ended by the parent."""
        if not self.gone:
            self.gone = True
            if self._connection is not None:
                self._connection.close()
            self._reactor.later(LEAVING, self._kill)

    def wait(self, seconds: float) -> None:
        """Block until the process has ended, killing it after so many seconds. For closing down only."""
        self.close()
        if self._child is not None:
            if not self._child.wait(seconds):
                end_groups([self._child.pid])
                self._child.wait(LEAVING)
            self._watchdog.release(self._child.pid)

    def start(self) -> None:
        """Start the process, unless we have closed; where that cannot be, nothing of the experiment can run."""
        if self.gone:
            return
        self.ready, self._started = None, time.monotonic()
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 (whatever it is: nobody else would say that nothing can run)
            why = (
                error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
            )
            self._give_up(make_failure("import", f"cannot start {self._command[0]} in {self.recipe.folder}: {why}"))

    def _begin(self) -> None:
        self._child, self._connection = self._open()
        self._begun = self._reactor.later(HELLO, self._say_nothing)
        self._watchdog.guard(self._child.pid)
        self._code_folder = self._code.folder()
        if changed := self._code.changed():
            self._note(f"changed since the experiment began, so its captured code is used: {', '.join(changed[:5])}")
        warm = Warm(self.recipe.run, self.recipe.folder, str(self._code_folder), self.recipe.threads)
        self._connection.send(encode(warm))

    def _open(self) -> tuple[Child, Connection]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs, self._log.open("ab") as output:
            try:
                child = Child(
                    self._reactor,
                    [*self._command, str(theirs.fileno())],
                    self._exited,
                    self._environment(),
                    Path(self.recipe.folder),
                    output.fileno(),
                    keep=(theirs.fileno(),),
                )
            except BaseException:
                ours.close()
                raise
        return child, Connection(self._reactor, ours, self._frame, self._hung_up)

    def _environment(self) -> dict[str, str]:
        """Thread pools of one before any import, and a look for GPUs that opens none: neither threads nor CUDA survive a fork."""
        own = {"CUDA_VISIBLE_DEVICES": self.recipe.devices, "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
        told = self.recipe.environment
        return inherited(told, self._withheld) | HASH_SEED | dict(told) | dict.fromkeys(THREAD_POOLS, "1") | own

    def _frame(self, body: bytes) -> None:
        frame = decode_from_parent(body)
        self._heard()
        if isinstance(frame, Begun):
            return
        if isinstance(frame, Ready):
            self._warmed(frame)
        elif isinstance(frame, Unfit):
            self._give_up(frame.failure)
        elif isinstance(frame, Forked):
            self._stillborn = 0
            self._asked.discard((frame.attempt, frame.rank))
            if child := self._children.get((frame.attempt, frame.rank)):
                child.forked(frame.rank, frame.pid)
        elif child := self._children.pop((frame.attempt, frame.rank), None):
            self._deaths = 0
            child.reaped(frame.rank, frame.status)
            self._leave_if_idle()

    def _hung_up(self, why: str) -> None:
        """A parent that does not speak is of no use; one that is about to end may still print why."""
        if why:
            self._note(f"the warm parent's socket broke: {why}")
            self._kill()
        elif self._child is not None:
            self._reactor.later(LAST_WORDS, partial(_end, self._child))

    def _heard(self) -> None:
        if self._begun is not None:
            self._begun.cancel()
            self._begun = None

    def _say_nothing(self) -> None:
        """Not even Python has begun: what is started is no interpreter, or waits for something that never comes."""
        command = " ".join(self._command)
        self._give_up(
            make_failure("exit", f"{command} said nothing for {HELLO:.0f} s after it was started: is it a Python?")
        )
        self._kill()

    def _make(self, attempt: Forkable) -> None:
        """Its processes. One that cannot have them must not keep the others waiting."""
        try:
            attempt.fork()
        except Exception as error:  # noqa: BLE001
            why = f"its process could not be asked for: {type(error).__name__}: {error}"
            attempt.unfit(make_failure("exit", why))

    def _warmed(self, ready: Ready) -> None:
        self.ready = ready = structs.replace(ready, seconds=time.monotonic() - self._started)
        self._note(
            f"ready to {ready.how} in {ready.seconds:.2f} s with {ready.modules} modules ({ready.why or 'safe'})"
        )
        self._told_ready(ready)
        waiting, self._waiting = self._waiting, []
        for attempt in waiting:
            self._make(attempt)

    def _exited(self, status: int) -> None:
        self._heard()
        if self._child is not None and self._connection is not None:
            self._connection.drain()  # it may have said why
            self._connection.close()
            end_groups([self._child.pid])
            self._watchdog.release(self._child.pid)
        was_ready, self.ready = self.ready is not None, None  # what is launched from now on waits for the next one
        children, self._children = self._children, {}
        for child in set(children.values()):
            child.orphaned()
        if self.gone:
            return
        self._deaths += 1
        self._stillborn += not was_ready or bool(self._asked)
        self._asked.clear()
        self._note(f"the warm parent has ended with status {status}")
        output = tail(self._log)
        if why := lacks_daybreak(self.recipe.python, output) if not was_ready else "":
            self._give_up(make_failure("import", why))
        elif (
            self._stillborn >= DEATHS
        ):  # one that dies later costs its children an attempt, of which each trial has so many
            self._give_up(self._stillbirth(status, output))
        else:
            self._reactor.later(BACKOFF * 4 ** (min(self._deaths, DEATHS) - 1) if self._deaths > 1 else 0.0, self.start)

    def _stillbirth(self, status: int, output: str) -> Failure:
        """Why it makes no process; an exception in its output says so by itself."""
        failure = exit_failure(status, output)
        if failure.kind not in {"exit", "signal"}:
            return failure
        message = f"the process that imports {self.recipe.run} and forks its attempts {failure.message}, {DEATHS} times in a row"
        return structs.replace(failure, message=f"{message}: its output is in {self._log}")

    def _give_up(self, failure: Failure) -> None:
        if self.gone:
            return
        self.close()
        self._failed(failure)
        waiting, self._waiting = self._waiting, []
        for attempt in waiting:
            attempt.unfit(failure)

    def _leave_if_idle(self) -> None:
        if self._leaving and not self._children and not self._waiting:
            self.close()

    def _kill(self) -> None:
        if self._child is not None:
            _end(self._child)

    def _note(self, line: str) -> None:
        with self._log.open("a") as file:
            file.write(f"daybreak: {line}\n")


def _end(child: Child) -> None:
    if child.alive:
        end_groups([child.pid])

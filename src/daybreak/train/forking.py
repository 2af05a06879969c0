"""Making one attempt's process from the warm parent, and knowing how it ended."""

import faulthandler
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from typing import NoReturn

from daybreak.base.ids import AttemptKey
from daybreak.train import worker
from daybreak.train.processes import die_with, redirect_output, set_threads
from daybreak.train.user_code import UserCode
from daybreak.wire import parent as wire

EXIT_BROKEN = 70  # a fault of ours in the child


class Forking:
    """The children of one warm parent. `code` is None unless user code is loaded here."""

    def __init__(self, warm: wire.Warm, how: wire.How, code: UserCode | None) -> None:
        self._warm = warm
        self._how = how
        self._code = code
        self._children: dict[int, tuple[AttemptKey, int]] = {}  # process id -> attempt and rank
        self._private: tuple[socket.socket, ...] = ()

    def close_in_child(self, *private: socket.socket) -> None:
        """These belong to the parent alone."""
        self._private = private

    def start(self, order: wire.Fork) -> wire.Forked:
        """Make the process."""
        parent, began = os.getpid(), time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._be_child(order, parent, began)
        self._children[pid] = order.attempt, order.rank
        return wire.Forked(attempt=order.attempt, pid=pid, rank=order.rank)

    def reap(self) -> Iterator[wire.Reaped]:
        """Those that have ended since the last call."""
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._children:
                attempt, rank = self._children.pop(pid)
                yield wire.Reaped(attempt=attempt, pid=pid, status=os.waitstatus_to_exitcode(status), rank=rank)

    def end_all(self) -> None:
        """Kill every child's whole group."""
        for pid in self._children:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _be_child(self, order: wire.Fork, parent: int, began: float) -> NoReturn:
        """Never returns to the parent's code, whatever happens: no cleanup of the parent's runs in a child."""
        status = EXIT_BROKEN
        try:
            os.setsid()
            die_with(parent)
            redirect_output(order.log)
            faulthandler.enable()  # a crash in native code leaves its traceback in the log
            self._forget_parent()
            os.environ.update(order.environment)
            if self._how == "spawn":
                self._become_fresh(order, parent, began)
            set_threads(self._threads(order))
            status = worker.work(
                worker.Order(order.attempt, order.token, order.socket, self._warm.code, began), self._load
            )
        except BaseException:  # noqa: BLE001 (a child must not climb into the parent's loop)
            traceback.print_exc()
        finally:
            _flush()
            os._exit(status)

    def _forget_parent(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for held in self._private:
            held.close()
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    def _threads(self, order: wire.Fork) -> int:
        return int(order.environment.get(worker.THREADS, self._warm.threads))

    def _load(self) -> UserCode:
        return self._code if self._code is not None else worker.load_fresh(self._warm.run, self._warm.code)

    def _become_fresh(self, order: wire.Fork, parent: int, began: float) -> NoReturn:
        environment = {
            **os.environ,
            worker.ATTEMPT: str(order.attempt),
            worker.SOCKET: order.socket,
            worker.TOKEN: order.token,
            worker.RUN: self._warm.run,
            worker.CODE: self._warm.code,
            worker.THREADS: str(self._threads(order)),
            worker.BEGAN: repr(began),
            worker.PARENT: str(parent),
        }
        os.execve(sys.executable, [sys.executable, "-P", "-m", "daybreak.train.worker"], environment)  # noqa: S606


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue

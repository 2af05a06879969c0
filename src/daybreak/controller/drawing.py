"""A thread for samplers that think: their jobs run there in order, the results come back to the loop through a socket pair."""

import queue
import socket
import threading
from collections.abc import Callable

from daybreak.ports.reactor import Reactor

Result = Callable[[], None]  # called on the loop's thread
Job = Callable[[], Result | None]  # called on the drawing thread; never raises


class DrawingThread:
    """Runs jobs one after another. Started with its first job, a daemon: a draw that hangs does not hold the process."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._thread: threading.Thread | None = None
        reactor.watch(self._ours, self._collect)

    def submit(self, job: Job) -> None:
        """Queue a job."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="daybreak-sampler", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        """Take no more jobs; the one in progress is not waited for."""
        self._reactor.forget(self._ours)
        self._jobs.put(None)
        self._ours.close()
        if self._thread is None:
            self._theirs.close()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result = job()
            del job  # it holds a sampler, which may hold a process
            if result is None:
                continue
            self._results.put(result)
            try:
                self._theirs.send(b"\0")
            except OSError:  # the loop is closed
                break
        self._theirs.close()

    def _collect(self) -> None:
        try:
            self._ours.recv(4096)
        except BlockingIOError:
            return
        while not self._results.empty():
            self._results.get()()

"""Work that would hold the loop, done on threads; what comes of it is told on the loop's thread."""

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from daybreak.ports.reactor import Reactor


class Aside:
    """Runs calls on daemon threads. A pipe wakes the loop when one is done."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._done: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        reactor.watch(self, self._take)

    def fileno(self) -> int:
        """The pipe's end that is watched."""
        return self._read

    def run(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do `work` on a thread; then call `then` with what it returned, or with the exception it raised."""
        threading.Thread(target=self._work, args=(work, then), daemon=True, name="daybreak-aside").start()

    def close(self) -> None:
        """Nothing is told from now on."""
        with self._lock:
            self._closed = True
            self._reactor.forget(self)
            os.close(self._read)
            os.close(self._write)

    def _work(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 (told to whoever asked)
            found = error
        with self._lock:
            if not self._closed:
                self._done.append(partial(then, found))
                os.write(self._write, b"1")

    def _take(self) -> None:
        os.read(self._read, 4096)
        while self._done:
            self._done.popleft()()

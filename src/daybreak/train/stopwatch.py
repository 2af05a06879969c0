"""Where an attempt's time went: user code, or us."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Wall times of one attempt, in seconds."""

    def __init__(self) -> None:
        self.resume_seconds: float | None = None  # reading the checkpoint
        self.freeze_seconds: float | None = None  # writing the last one
        self._began = time.perf_counter()
        self._ours = 0.0
        self._nested = False
        self._units = 0
        self._in_units = 0.0

    def start(self) -> None:
        """The user's first line is next."""
        self._began = time.perf_counter()

    @property
    def user_seconds(self) -> float:
        """Time since `start` that was not ours."""
        return time.perf_counter() - self._began - self._ours

    @property
    def unit_seconds(self) -> float | None:
        """Mean time of a unit in user code; None before the first has ended."""
        return self._in_units / self._units if self._units else None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Time in this block is ours."""
        if self._nested:
            yield
            return
        self._nested = True
        began = time.perf_counter()
        try:
            yield
        finally:
            self._ours += time.perf_counter() - began
            self._nested = False

    @contextmanager
    def unit(self) -> Iterator[None]:
        """This block is one unit of user code; counted when it ends without an exception."""
        began, ours = time.perf_counter(), self._ours
        yield
        self._units += 1
        self._in_units += time.perf_counter() - began - (self._ours - ours)

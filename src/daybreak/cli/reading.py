"""Progress of reading data: a bar on standard error, where that is a terminal and it takes longer than a moment."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daybreak.provenance.data.hashing import Progress

MOMENT = 0.5  # seconds


@contextmanager
def reading(*, quiet: bool = False) -> Iterator["Callable[[Progress], None]"]:
    """A function to be told how far reading has come; what it drew is gone when the block ends."""
    with ExitStack() as drawn:
        yield _Bar(drawn, shown=sys.stderr.isatty() and not quiet)


class _Bar:
    def __init__(self, drawn: ExitStack, *, shown: bool) -> None:
        self._drawn = drawn
        self._due = time.monotonic() + MOMENT if shown else float("inf")
        self._draw: Callable[[Progress], None] | None = None

    def __call__(self, progress: "Progress") -> None:
        if self._draw is None and time.monotonic() >= self._due:
            self._draw = self._begin()
        if self._draw is not None:
            self._draw(progress)

    def _begin(self) -> "Callable[[Progress], None]":
        from rich import progress as rich

        from daybreak.cli.output import errors_console

        columns = (
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.DownloadColumn(),
            rich.TransferSpeedColumn(),
        )
        bar = self._drawn.enter_context(rich.Progress(*columns, console=errors_console(), transient=True))
        tasks: dict[str, rich.TaskID] = {}

        def draw(told: "Progress") -> None:
            if told.dataset not in tasks:
                tasks[told.dataset] = bar.add_task(f"reading {told.dataset}", total=told.total)
            bar.update(tasks[told.dataset], completed=told.done, total=told.total)

        return draw

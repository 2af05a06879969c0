"""`--workers N`: the same job in several processes of this machine; each tells on its standard output what it did."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec

from daybreak.base.errors import ModelFailed, named
from daybreak.batch.places import Out
from daybreak.batch.plan import Plan
from daybreak.batch.running import Share

Tell = Callable[[int, int, float], None]


class Order(msgspec.Struct, frozen=True):
    """What one process is to do."""

    plan: Plan
    folder: str
    out: str
    share: Share
    threads: int


def run(plan: Plan, folder: Path, out: Out, workers: int, threads: int, tell: Tell) -> None:
    """Do it in `workers` processes. Raises what one of them raised, after the others were ended."""
    heard: SimpleQueue[tuple[int, dict[str, Any] | None]] = SimpleQueue()
    orders = [Order(plan, str(folder), out.path, Share(index, workers), threads) for index in range(workers)]
    started = [_start(order) for order in orders]
    try:
        for index, process in enumerate(started):
            threading.Thread(target=_listen, args=(index, process, heard), daemon=True).start()
        _follow(started, heard, tell)
    finally:
        for process in started:
            process.kill()
            process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    end.close()


def _start(order: Order) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "daybreak.batch.working"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdin is not None:
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.flush()  # and left open: its end is the parent's
    return process


def _listen(
    index: int, process: "subprocess.Popen[bytes]", heard: SimpleQueue[tuple[int, dict[str, Any] | None]]
) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            heard.put((index, msgspec.json.decode(line)))
    heard.put((index, None))


def _follow(
    started: "list[subprocess.Popen[bytes]]", heard: SimpleQueue[tuple[int, dict[str, Any] | None]], tell: Tell
) -> None:
    shares = dict.fromkeys(range(len(started)), 0.0)
    left = len(started)
    while left:
        index, told = heard.get()
        if told is None:
            code = started[index].wait()
            if code:
                raise ModelFailed(
                    f"worker {index} ended with {'signal' if code < 0 else 'exit code'} {abs(code)}; the same command goes on where it was"
                )
            left -= 1
        elif "error" in told:
            raise named(told["error"], ModelFailed)(told["message"])
        else:
            shares[index] = told["share"]
            tell(told["rows"], told["rejected"], sum(shares.values()) / len(shares))

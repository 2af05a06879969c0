"""`--workers N`: the same job in several processes of this machine; each tells on its standard output what it did."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec

from daybreak.base.errors import ModelFailed, named
from daybreak.batch import running
from daybreak.batch.places import Out
from daybreak.batch.plan import Plan
from daybreak.batch.running import Share

WORKER = "daybreak.batch.working"
Tell = Callable[[int, int, float], None]


class Order(msgspec.Struct, frozen=True):
    """What one process is to do."""

    plan: Plan
    folder: str
    out: str
    share: Share
    threads: int

    def follow(self, tell: Tell) -> None:
        """Do it, here. Raises as `running.run`."""
        running.run(self.plan, Path(self.folder), Out(self.out), self.share, self.threads, tell)


def run(plan: Plan, folder: Path, out: Out, workers: int, threads: int, tell: Tell) -> None:
    """Do it in `workers` processes. Raises what one of them raised, after the others were ended."""
    heard: SimpleQueue[tuple[int, dict[str, Any] | None]] = SimpleQueue()
    orders = [Order(plan, str(folder), out.path, Share(index, workers), threads) for index in range(workers)]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for index, order in enumerate(orders):
            process = _started()
            started.append(process)
            _give(process, order)
            threading.Thread(target=_listen, args=(index, process, heard), daemon=True).start()
        _follow(started, heard, tell)
    finally:
        for process in started:
            process.kill()
            process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    with contextlib.suppress(BrokenPipeError):  # of an order that nobody took
                        end.close()


def _started() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", WORKER]  # -P: no module of the folder it is called in
    # A group of its own: Ctrl-C is its parent's to answer, also while it imports.
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)


def _give(process: "subprocess.Popen[bytes]", order: Order) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it ended already, which its listener tells
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            process.stdin.flush()  # and left open: its end is the parent's


def _listen(
    index: int, process: "subprocess.Popen[bytes]", heard: SimpleQueue[tuple[int, dict[str, Any] | None]]
) -> None:
    try:
        for line in process.stdout or ():
            heard.put((index, msgspec.json.decode(line)))
    except (msgspec.DecodeError, ValueError) as error:  # ValueError: closed by who ended it
        heard.put((index, {"error": "ModelFailed", "message": f"worker {index} told what is no report: {error}"}))
    finally:
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

"""A tiny agent for tests: a listening Unix socket, a real warm parent, and one answer per report."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from warm import warm_process

from daybreak.base.ids import AttemptKey
from daybreak.train import parent
from daybreak.wire import parent as parent_wire
from daybreak.wire import worker as wire
from daybreak.wire.frames import pack, receive_frame

PATIENCE = 60.0


@dataclass
class Worker:
    """One attempt's process, as its agent sees it."""

    connection: socket.socket
    hello: wire.Hello
    frames: list = field(default_factory=list)

    def send(self, frame):
        self.connection.sendall(pack(wire.encode(frame)))

    def next(self, kind=None):
        """The next frame; with `kind`, the next of that type. Points are acknowledged on the way."""
        while True:
            frame = wire.decode_from_worker(receive_frame(self.connection))
            self.frames.append(frame)
            if isinstance(frame, wire.Points):
                self.send(wire.Kept(number=frame.number))
            if kind is None or isinstance(frame, kind):
                return frame

    def answer(self, action, **fields):
        """Wait for the next report and give the verdict."""
        report = self.next(wire.Report)
        self.send(wire.Verdict(number=report.number, action=action, **fields))
        return report

    def end(self):
        return self.next(wire.Ended)

    def points(self, name):
        """All points of one metric so far, as (step, value)."""
        batches = [
            frame.series[name] for frame in self.frames if isinstance(frame, wire.Points) and name in frame.series
        ]
        return [pair for steps, values in batches for pair in zip(steps, values, strict=True)]

    def saved(self):
        return [frame for frame in self.frames if isinstance(frame, wire.Saved)]


def begin(link):
    """A parent in an interpreter of its own."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "daybreak.train.parent", str(link.fileno())],
        pass_fds=[link.fileno()],
        start_new_session=True,
    )


def serve(link):
    """In a forked process: what `python -m daybreak.train.parent` does."""
    os.setsid()
    sys.path.insert(0, "")
    sys.exit(parent.main([str(link.fileno())]))


class FakeAgent:
    """Starts a warm parent for code in `folder`; use as a context manager. `imported`: it begins with torch imported, to save time."""

    def __init__(self, folder, run="train:main", home=None, how=None, threads=1, imported=False):
        self.folder = Path(folder).resolve()
        self.home = Path(home or folder)
        self.vault = self.home / "vault"
        self.run = run
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = str(self.home / "a.sock")
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        self.link, theirs = socket.socketpair()
        self.link.settimeout(PATIENCE)
        with Connection(theirs.detach()) as link:  # which can be sent to other processes
            self.parent = warm_process(serve, link) if imported else begin(link)
        self.link.sendall(
            pack(parent_wire.encode(parent_wire.Warm(run, str(self.folder), str(self.folder), threads, how)))
        )
        self.ready = self.from_parent()
        if isinstance(self.ready, parent_wire.Begun):
            self.ready = self.from_parent()
        self.epoch = 0
        self.connections = []

    def from_parent(self):
        return parent_wire.decode_from_parent(receive_frame(self.link))

    def fork(self, environment=None, rank=0):
        """Ask for a process; its Forked."""
        self.epoch += rank == 0
        order = parent_wire.Fork(
            attempt=AttemptKey(1, 1, self.epoch),
            token="secret",
            socket=self.path,
            log=str(self.home / (f"{self.epoch}.log" if rank == 0 else f"{self.epoch}.{rank}.log")),
            environment=environment or {},
            rank=rank,
        )
        self.link.sendall(pack(parent_wire.encode(order)))
        return self.until_parent_says(parent_wire.Forked)

    def reaped(self):
        """How the process that was forked last ended."""
        return self.until_parent_says(parent_wire.Reaped).status

    def until_parent_says(self, kind):
        while True:
            frame = self.from_parent()
            if isinstance(frame, kind) and frame.attempt.epoch == self.epoch:
                return frame

    def launch(self, point=None, environment=None, **fields):
        """Fork an attempt, take its Hello, give it an Assignment and wait until user code runs."""
        worker = self.meet(point, environment, **fields)
        worker.next((wire.Started, wire.Ended))
        return worker

    def meet(self, point=None, environment=None, **fields):
        self.fork(environment, fields.get("rank", 0))
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        self.connections.append(connection)
        worker = Worker(connection, wire.decode_from_worker(receive_frame(connection)))
        checkpoint = fields.get("checkpoint")
        assignment = {
            "attempt": worker.hello.attempt,
            "run": self.run,
            "folder": str(self.folder),
            "point": point or {},
            "seed": 7,
            "units": checkpoint.units if checkpoint else 0,
            "target": None,
            "horizon": None,
            "objectives": {"accuracy": "maximize"},
            "vault": str(self.vault),
            "scratch": str(self.home / "scratch"),
            **fields,
        }
        worker.send(wire.Assignment(**assignment))
        return worker

    def output(self):
        return (self.home / f"{self.epoch}.log").read_text()

    def close(self):
        for connection in (*self.connections, self.link):
            connection.close()
        if isinstance(self.parent, subprocess.Popen):
            self.parent.wait(PATIENCE)
        else:
            self.parent.join(PATIENCE)
        self.listener.close()
        Path(self.path).unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(condition, seconds=20.0):
    """Poll until `condition()` holds; its value. Fails loudly after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
    return value

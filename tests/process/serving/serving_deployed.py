"""A deployment that really runs: a supervisor, its replicas, and clients that count what they are told."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
import psutil

from daybreak.base.home import Home
from daybreak.serving import deploying, desired, status
from daybreak.serving.deployment import Deployment
from daybreak.testing import packages

PATIENCE = 40.0
ROW = b'{"a": 1, "b": 2}'
REQUEST = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%s" % (len(ROW), ROW)
GATED = '''"""A sum that waits where it is told to: a = 777 until a file is there, loading until another is."""

import os
import time


def load(folder):
    wait({loading!r})
    if os.path.exists({broken!r}):
        raise RuntimeError("of no use")
    return predict


def wait(file):
    while not os.path.exists(file):
        time.sleep(0.01)


def predict(feeds):
    if (feeds["a"] == 777).any():
        wait({predicting!r})
    return {{"sum": feeds["a"] + feeds["b"] + {more}}}
'''


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return found


class Deployed:
    """`gates`: folder of files that a package of `package` waits for."""

    def __init__(self, folder: Path):
        self.home = Home(folder / "home")
        self.folder = desired.folder_of(self.home, "sums")
        self.gates = folder / "gates"
        self.gates.mkdir(parents=True)
        self.packages = folder / "packages"
        self.process = None

    def package(self, version, *, opened=True):
        """A package that answers a + b + version."""
        loading, predicting = self.gates / f"loading-{version}", self.gates / f"predicting-{version}"
        loading.touch()
        broken = self.gates / f"broken-{version}"
        code = GATED.format(loading=str(loading), predicting=str(predicting), broken=str(broken), more=version)
        made = self.packages / str(version)
        packages.python(made, name="sums", version=version, code=code)
        if not opened:
            loading.unlink()
        return made

    def spoil(self, version):
        """From now on it does not load."""
        (self.gates / f"broken-{version}").touch()

    def want(self, package, **more):
        served = deploying.served(self.home, str(package))
        return desired.write(self.folder, Deployment("sums", (served,), **({"port": 0} | more)))

    def swap(self, package):
        served = deploying.served(self.home, str(package))
        return desired.change(self.folder, lambda wanted: deploying.swapped(wanted, served))

    def want_replicas(self, replicas):
        return desired.change(self.folder, lambda wanted: msgspec.structs.replace(wanted, replicas=replicas))

    def scale(self, replicas):
        """As many replicas, and until the others have ended."""
        before = {one.pid for one in self.status.replicas}
        wanted = self.want_replicas(replicas)
        until(
            lambda: [one.generation for one in self.status.replicas] == [wanted.generation] * replicas, "it is scaled"
        )
        gone = before - {one.pid for one in self.status.replicas}
        until(lambda: not any(alive(pid) for pid in gone), "the others have ended")

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "daybreak.serving.supervisor", str(self.home.path), "sums"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until(lambda: self.status and self.status.state == "serving", f"it never serves: {self.folder / 'log'}")

    @property
    def status(self):
        return status.read(self.folder)

    def client(self):
        return http.client.HTTPConnection("127.0.0.1", self.status.port, timeout=PATIENCE)

    def connected(self):
        """A connection that has asked nothing yet."""
        return socket.create_connection(("127.0.0.1", self.status.port), PATIENCE)

    def ask(self, a, b, client=None):
        """(status, answer), on a connection of its own."""
        alone = client is None
        client = self.client() if alone else client
        try:
            client.request("POST", "/predict", msgspec.json.encode({"a": a, "b": b}))
            answer = client.getresponse()
            return answer.status, msgspec.json.decode(answer.read())
        finally:
            if alone:
                client.close()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        return self.process.returncode if self.process else 0

    def replica(self, number):
        return next(one for one in self.status.replicas if one.number == number)


class Asked:
    """One client that has asked and not yet read its answer. `replica`: the number of the one that holds its connection."""

    def __init__(self, deployed, a):
        self._client = deployed.client()
        self._client.request("POST", "/predict", msgspec.json.encode({"a": a, "b": 1}))
        port = self._client.sock.getsockname()[1]
        self.replica = until(partial(holder, deployed, port), "a replica takes it")

    def answer(self):
        """(status, answer); waits for it."""
        with contextlib.closing(self._client):
            told = self._client.getresponse()
            return told.status, msgspec.json.decode(told.read())


def holder(deployed, port):
    """The number of the replica that a client speaks with from a port; None before one accepts it."""
    return next((one.number for one in deployed.status.replicas if port in clients(one.pid)), None)


class Threads:
    """The same work in several threads, until the block ends; `_over` says when."""

    def __init__(self, work, many):
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work) for _ in range(many)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)


class Load(Threads):
    """Clients that ask all the time and note every answer: (status, sum, version). One that loses its connection notes that."""

    def __init__(self, deployed, many=3):
        super().__init__(self._ask, many)
        self.answers = []
        self._deployed = deployed

    def _ask(self):
        client = self._deployed.client()
        while not self._over.is_set():
            try:
                code, told = self._deployed.ask(1, 2, client)
                self.answers.append(
                    (code, told.get("prediction", {}).get("sum"), told.get("version", told.get("code")))
                )
            except (OSError, http.client.HTTPException) as error:
                self.answers.append((0, None, type(error).__name__))
                client.close()
        client.close()


def clients(pid):
    """The ports that a replica's clients speak from."""
    met = psutil.Process(pid).net_connections("tcp")
    return {one.raddr.port for one in met if one.status == psutil.CONN_ESTABLISHED}


def alive(pid):
    """Whether a process runs; one that has ended and is not yet waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Comers(Threads):
    """Clients that open a connection for every request, some at a time. `heard`: how each ended: a status, or what went wrong."""

    TOGETHER = 8

    def __init__(self, deployed):
        super().__init__(self._come, 3)
        self.heard = Counter()
        self._address = ("127.0.0.1", deployed.status.port)

    def _come(self):
        while not self._over.is_set():
            with contextlib.ExitStack() as opened:
                try:
                    clients = [
                        opened.enter_context(socket.create_connection(self._address, PATIENCE))
                        for _ in range(self.TOGETHER)
                    ]
                except OSError as error:
                    self.heard[f"connecting: {type(error).__name__}"] += 1
                    continue
                for client in clients:  # all ask before one is answered: who says nothing for long may be hung up on
                    with contextlib.suppress(OSError):  # is told when it is read
                        client.sendall(REQUEST)
                for client in clients:
                    self.heard[told(client)] += 1


def told(client):
    """The status of the answer to a request that was sent, or what went wrong."""
    try:
        return int(client.recv(1 << 16).split(b" ", 2)[1])
    except OSError as error:
        return type(error).__name__
    except IndexError:
        return "closed"

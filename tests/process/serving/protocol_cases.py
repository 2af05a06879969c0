"""Deployments for tests of protocols: a supervisor and its replicas in processes of their own, on ports that are free."""

import http.client
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from daybreak.base.home import Home
from daybreak.registry import package
from daybreak.serving import deploying, desired
from daybreak.serving.deployment import Deployment, Served

STARTS = 60.0  # seconds until it must serve


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.told.get("code")


@dataclass
class Running:
    """A deployment that serves."""

    port: int
    folder: Path
    grpc: int | None = None
    context: ssl.SSLContext | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method, path, body=None, **headers) -> Answer:
        """One request on a connection of its own; `headers` as keywords: content_type."""
        given = self.headers | {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        if isinstance(body, dict | list):
            body, given = json.dumps(body), {"content-type": "application/json"} | given
        made = http.client.HTTPConnection if self.context is None else http.client.HTTPSConnection
        more = {} if self.context is None else {"context": self.context}
        connection = made("localhost", self.port, timeout=30, **more)
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body, **headers):
        return self.ask("POST", path, body, **headers)


@contextmanager
def deployed(home: Path, folder: Path, **wanted) -> Iterator[Running]:
    """Serve a package until the block ends."""
    told = package.read(folder)
    served = (Served("champion", told.name, told.version, str(folder)),)
    where = Home(home)
    written = deploying.begin(where, Deployment(told.name, served, port=0, **wanted))
    place = desired.folder_of(where, told.name)
    with (place / "log").open("ab") as log:
        command = [sys.executable, "-P", "-m", "daybreak.serving.supervisor", str(home), told.name]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        status = deploying.settled(place, written.generation, STARTS, lambda: process.poll() is None)
        yield Running(status.port, place, written.grpc_port)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port that nobody listens on, for those that cannot choose one themselves."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

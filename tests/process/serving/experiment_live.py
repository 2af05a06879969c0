"""A deployment that really runs, a population that asks it over HTTP, and what its test says."""

import http.client
import json
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import numpy as np

from daybreak.base.home import Home
from daybreak.serving import deploying, desired
from daybreak.serving import status as states
from daybreak.serving.deployment import Deployment
from daybreak.serving.experiment import marking
from daybreak.serving.experiment.record import Challenger, begun

PATIENCE = 30.0


@contextmanager
def deployed(path, package, **options):
    """A supervisor of its own process, serving a package as `shop`; ends with it."""
    home = Home(path)
    wanted = Deployment("shop", (deploying.served(home, str(package)),), port=0, page=False, **options)
    written = deploying.begin(home, wanted)
    folder = desired.folder_of(home, "shop")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "daybreak.serving.supervisor", str(path), "shop"], stdout=log, stderr=log
        )
    shop = None
    try:
        found = deploying.settled(folder, written.generation, PATIENCE, lambda: process.poll() is None)
        shop = Shop(home, folder, found.port)
        yield shop
    finally:
        if shop:
            shop.close()
        process.terminate()
        process.wait(PATIENCE)


class Shop:
    """Asks like customers, and commands like its owner."""

    def __init__(self, home, folder, port):
        self.home, self.folder, self.port = home, folder, port
        self.rng = np.random.default_rng(0)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def until_it_answers(self, row):
        """Whoever restarts may refuse for a while."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError, http.client.HTTPException):
                if self.ask(row)[0] == 200:
                    return
            self._connection.close()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def until_marked(self):
        """The process id of the replica that is in a model of the test, once it is; those that died have left marks, too."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            (replica,) = states.read(self.folder).replicas
            marks = self.folder / marking.FOLDER / str(replica.pid)
            if marks.exists() and any(marks.read_bytes()[:: marking.SLOT]):
                return replica.pid
            time.sleep(0.02)
        raise AssertionError("no replica has called a model of the test")

    def close(self):
        self._connection.close()

    def begin(self, rules, *others, unit="header:x-unit-id"):
        asked = tuple(
            Challenger(deploying.served(self.home, str(package), arm), share, role)
            for arm, package, share, role in others
        )
        return self.change(lambda now: begun(now, asked, rules, "spring", time.time(), unit))

    def change(self, how):
        wanted = desired.change(self.folder, how)
        deploying.settled(self.folder, wanted.generation, PATIENCE, lambda: True)
        return wanted

    def ask(self, row, unit="", path="/predict"):
        """Status and body."""
        headers = {"x-unit-id": unit} if unit else {}
        self._connection.request("POST", path, json.dumps(row), headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def arm(self, row, unit=""):
        """Who answered; empty where nobody did."""
        status, told = self.ask(row, unit)
        return told["id"].rsplit(".", 3)[0] if status == 200 else ""

    def feedback(self, pieces):
        self._connection.request("POST", "/feedback", json.dumps(pieces))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def test(self):
        """What GET /ab says now."""
        self._connection.request("GET", "/ab")
        return json.loads(self._connection.getresponse().read())

    def until(self, wanted):
        """What /ab says as soon as it is so."""
        deadline = time.monotonic() + PATIENCE
        while (told := self.test())["state"] == "none" or not wanted(told):
            assert time.monotonic() < deadline, told
            time.sleep(0.05)
        return told

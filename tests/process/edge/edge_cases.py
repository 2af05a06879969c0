"""Bundles of small models, and a device's process that serves them."""

import http.client
import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from daybreak.edge import keys, packing
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.opening import Access
from daybreak.edge.verifying import verify
from daybreak.edge.wrapping import DeviceKey
from daybreak.testing import packages

PATIENCE = 60.0  # seconds; the machine may be busy
QUICK = ("--port", "0", "--json")

ADDING = """import os
import signal


def load(folder):
    if os.path.exists({marker!r}):
        os.kill(os.getppid(), signal.SIGKILL)
    return predict


def predict(feeds):
    if (feeds["a"] == 5).any():
        raise RuntimeError("five is too much")
    return {{"sum": feeds["a"] + feeds["b"]}}
"""


@dataclass
class People:
    """A signer, a device, and where their files lie."""

    place: Path

    def __post_init__(self):
        keys.make("signing", self.place / "signer.pem")
        keys.make("device", self.place / "device.pem")

    @property
    def access(self):
        return Access((str(self.place / "signer.pub"),), str(self.place / "device.pem"))

    @property
    def words(self):
        return ["--trust", str(self.place / "signer.pub"), "--key", str(self.place / "device.pem")]

    def bundle(self, folder, name, **options):
        device = keys.device_public(self.place / "device.pub")
        target = self.place / name
        packing.pack(folder, target, keys.signer(self.place / "signer.pem"), packing.Recipients([device]), **options)
        return target

    def verified(self, path):
        return verify(path, self.access.trusted())

    def device(self, folder):
        return DeviceFolder(folder, DeviceKey(keys.device(self.place / "device.pem")))


def adding(people, version, *, faulty=False, counter=None):
    """A model in Python that adds; a faulty one fails at a = 5. A file `kill` beside the keys makes any of them end its server."""
    folder = people.place / f"adding-{version}"
    code = ADDING.format(marker=str(people.place / "kill"))
    packages.python(folder, version=version, code=code if faulty else code.replace("== 5", "== -5"))
    return people.bundle(folder, f"adding-{version}.dbk", counter=counter)


def network(people, version):
    """Twelve numbers, one of four classes."""
    folder = people.place / f"network-{version}"
    packages.mlp(folder, features=12, hidden=24, classes=4, version=version)
    return people.bundle(folder, f"network-{version}.dbk")


@dataclass
class Device:
    """A process that serves."""

    process: subprocess.Popen
    told: dict
    log: Path

    def predict(self, row, path="/predict"):
        connection = http.client.HTTPConnection("127.0.0.1", int(self.told["url"].rpartition(":")[2]), timeout=PATIENCE)
        connection.request("POST", path, json.dumps(row), {"content-type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told

    def version(self, row):
        return self.predict(row)[1].get("version")

    def said(self, words):
        return until(lambda: words in self.log.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0


@contextmanager
def serving(*words):
    """`daybreak edge run` until the block ends; then it is asked to stop, and must do so with status 0."""
    command = [sys.executable, "-m", "daybreak.cli", "edge", "run", *words, *QUICK]
    log = Path(words[words.index("--state") + 1]).with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
    try:
        device = Device(process, json.loads(_document(process)), log)
        yield device
        if process.poll() is None:
            device.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


def _document(process):
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            return text
    raise AssertionError(f"it ended with {process.wait()} before it served: {text}")


def until(condition):
    """Poll until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found

"""Start all workers of a training, as torchrun would, on the loopback interface.

Workers are forked from a process that has imported torch. What they are compared with is trained by a fresh interpreter, with a hash seed
of its own.
"""

import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from warm import warm_process

PROGRAM = Path(__file__).parent / "trainings.py"
PATIENCE = 100.0


class Forked:
    """One worker, with as much of `subprocess.Popen` as the tests ask for."""

    returncode: int | None = None

    def __init__(self, program, words, environment):
        self._said = Path(mkdtemp(prefix="daybreak-worker-"))
        self._process = warm_process(carry_out, str(program), words, environment, self._said)

    def communicate(self, timeout):
        """What it wrote to standard output and error, once it has ended; it is killed when it takes longer."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self.returncode = self._process.exitcode
        said = tuple((self._said / name).read_text() for name in ("1", "2"))
        shutil.rmtree(self._said)
        return said


def carry_out(program, words, environment, said):
    """In a forked process: what `python program words` does. What it says goes to files `1` and `2` of the folder `said`."""
    for stream in (1, 2):
        file = os.open(said / str(stream), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, stream)
        os.close(file)
    os.environ.update(environment)
    sys.argv = [program, *words]
    sys.path.insert(0, str(Path(program).parent))
    runpy.run_path(program, run_name="__main__")


def fresh(program, words, environment):
    """One worker in an interpreter of its own."""
    command = [sys.executable, str(program), *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start(workers, *words, others=None, program=PROGRAM, by=Forked):
    """All workers of one training; all but the first may get other words."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    rendezvous = {"WORLD_SIZE": str(workers), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port} if workers > 1 else {}
    return [
        by(program, others if others and rank else words, {**os.environ, **rendezvous, "RANK": str(rank)})
        for rank in range(workers)
    ]


def train(workers, *words, program=PROGRAM, by=Forked):
    """Train to the end; hashes of what was learnt, one per training."""
    processes = start(workers, *words, program=program, by=by)
    outputs = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [process.returncode for process in processes] == [0] * workers, outputs
    return re.findall(r"sha256 (\w{64})", outputs[0][0])


def checkpoint(folder):
    """The digest of the file that was saved last."""
    return json.loads((folder / "latest.json").read_text())["digest"]

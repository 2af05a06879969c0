"""Start all workers of a training, as torchrun would, on the loopback interface."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "trainings.py"
PATIENCE = 100.0


def start(workers, *words, others=None, program=PROGRAM):
    """All workers of one training; all but the first may get other words."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    rendezvous = {"WORLD_SIZE": str(workers), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        subprocess.Popen(
            [sys.executable, str(program), *(others if others and rank else words)],
            env={**os.environ, **(rendezvous | {"RANK": str(rank)} if workers > 1 else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(workers)
    ]


def train(workers, *words, program=PROGRAM):
    """Train to the end; hashes of what was learnt, one per training."""
    processes = start(workers, *words, program=program)
    outputs = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [process.returncode for process in processes] == [0] * workers, outputs
    return re.findall(r"sha256 (\w{64})", outputs[0][0])


def checkpoint(folder):
    """The digest of the file that was saved last."""
    return json.loads((folder / "latest.json").read_text())["digest"]

"""Run `daybreak` as people do, in a process of its own, with a home and a folder of code that belong to one test module."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TOY = '''
"""A search space whose answer is known (x = 0.3), trained in microseconds a unit."""
import time

import numpy as np

def main(run):
    kept = {"count": 0, "weights": np.zeros(3)}
    run.keep(state=kept)
    for unit in run.epochs(9):
        time.sleep(getattr(run.params, "pause", 0.0))
        kept["count"] += 1
        kept["weights"] += run.params.x
        print(f"unit {unit} of x={run.params.x:.3f}")
        run.report(value=1 - (run.params.x - 0.3) ** 2 - 0.5 / kept["count"], cost=run.params.x + 1 / kept["count"])

def guess(run):
    run.report(value=0.1)
'''

SCRIPT = """
import sys
x = float(sys.argv[1])
for epoch in range(1, 5):
    print(f"epoch={epoch} value={1 - (x - 0.3) ** 2 - 0.5 / epoch}", flush=True)
"""


class CommandLine:
    """`daybreak` in one folder with one home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "toy.py").write_text(TOY)
        (folder / "script.py").write_text(SCRIPT)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("DAYBREAK", "COLUMNS"))}
        self.environment |= {"DAYBREAK_HOME": str(self.home), "NO_COLOR": "1"}

    def __call__(self, *words: str, code: int = 0, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run to the end; fails unless it exits with `code`."""
        done = subprocess.run(
            self._command(words), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, (
            f"{words} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
        return done

    def json(self, *words: str, code: int = 0):
        """The one JSON document that `daybreak ... --json` prints; nothing else may stand on standard output."""
        own, rest = (words[: words.index("--")], words[words.index("--") :]) if "--" in words else (words, ())
        return json.loads(self(*own, "--json", *rest, code=code).stdout)

    @contextlib.contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run beside the test; killed at its end if it still runs."""
        process = subprocess.Popen(
            self._command(words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def interrupt(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        """Ctrl-C, then everything it said; the process is over."""
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=30)

    def run(self, *words: str, trials: int = 6, name: str = "toy"):
        """A small search over the toy function; the JSON document it ends with."""
        return self.json(
            "run", "toy:main", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "9", "--budget",
            f"{trials} trials", "--name", name, "--seed", "1", "--baseline", "0.1", *words,
        )  # fmt: skip

    def state(self, experiment: str) -> str:
        """What an experiment is now."""
        return self.json("show", experiment)["experiment"]["state"]

    def shut_down(self) -> None:
        self("controller", "shutdown")

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "daybreak.cli", *words]


def wait_until(condition, seconds: float = 30.0):
    """Poll until it holds, and return what it gave; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)
    return found

"""`daybreak` as people meet it: processes of its own, a home of its own, and what was said."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SPACE = ("--space", "width=uniform:0..1", "--maximize", "acc", "--max-units", "3", "--baseline", "0", "--seed", "7")


@dataclass
class Said:
    """How a command ended, and what people saw."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def times(self, words: str) -> int:
        """How often something was said."""
        return self.text.count(words)


class Daybreak:
    """The command line with one home, in one folder."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.folder = folder
        self.home = home or folder / "home"
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DAYBREAK")}
        self.environment = kept | {"DAYBREAK_IDLE": "5", "DAYBREAK_HOME": str(self.home), "NO_COLOR": "1"}

    def __call__(self, *words: str, code: int | None = None) -> Said:
        """Run to its end; fails unless the exit code is that, and when a traceback of ours is shown."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said = Said(done.returncode, done.stdout, done.stderr)
        assert code is None or said.code == code, said
        assert "/daybreak/" not in said.text.replace(str(self.folder), ""), said
        return said

    def run(self, *words: str, code: int, trials: int = 6) -> Said:
        """Search `width` for the best `acc`, three units a trial."""
        own, command = (words[: words.index("--")], words[words.index("--") :]) if "--" in words else (words, ())
        return self("run", *own, *SPACE, "--budget", f"{trials} trials", *command, code=code)

    def start(self, *words: str, told: Path | None = None) -> "subprocess.Popen[str]":
        """Run beside the test; `told` is a file for what it says."""
        if told is not None:
            with told.open("w") as file:
                return subprocess.Popen(
                    self.command(*words), cwd=self.folder, env=self.environment, stdout=file, stderr=file
                )
        return subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip

    def state(self, experiment: str) -> str:
        """What an experiment is now."""
        return str(json.loads(self("show", experiment, "--json", code=0).out)["experiment"]["state"])

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "daybreak.cli", *words]

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


@contextlib.contextmanager
def serving(folder: Path, home: Path | None = None) -> Iterator[Daybreak]:
    """A home whose controller is gone in the end."""
    daybreak = Daybreak(folder, home)
    try:
        yield daybreak
    finally:
        daybreak("controller", "shutdown", "--no-freeze")

"""Training segments again in processes of their own: started by name, with the run's interpreter, spoken to in `wire.segment`."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from daybreak.base.errors import UserCodeError
from daybreak.proof.granting import credentials, on_devices_here
from daybreak.proof.recording import Recording
from daybreak.proof.segments import Stretch
from daybreak.proof.trainers import Heard, Outcome, Trainer, converse
from daybreak.provenance.code import changed_files
from daybreak.provenance.data import given
from daybreak.spec.models import SHELL_VARIABLES, Experiment
from daybreak.vault.store import Vault
from daybreak.wire import segment as wire
from daybreak.wire.comparison import Comparison, Question
from daybreak.wire.worker import CheckpointRef

LAST_LINES = 5


class Bench:
    """Where segments of one experiment are trained: interpreter, code, environment, and a vault of its own that goes when it is closed.

    `python` stands for the recorded interpreter where it is given; with `lasting`, that folder is used, and left when it is closed. A bench
    may be used by many threads; `interrupt` may be called by any, `close` once none of them trains any more.
    """

    def __init__(self, recording: Recording, *, python: str = "", lasting: Path | None = None) -> None:
        spec = recording.spec
        self.recording = recording
        self.python = python or recording.python
        self._credentials = credentials(recording)
        self._told = _told(spec, moved=self.python != recording.python)
        self.folder = Path(spec.folder)
        self.code = self._code()
        self._lasting = lasting is not None
        self.scratch = lasting or Path(tempfile.mkdtemp(prefix="daybreak-proof-"))
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.vault = Vault(self.scratch / "vault")
        # What holds secrets is not written down: then nobody reads what the processes print.
        self.log = Path(os.devnull) if self._credentials.variables else self.scratch / "output.log"
        self._idle: list[Trainer] = []
        self._all: list[Trainer] = []
        self._comparing: list[subprocess.Popen[bytes]] = []
        self._beginning = (
            threading.Lock()
        )  # held while a process begins, so that none begins unseen once all were ended
        self._interrupted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def interrupt(self) -> None:
        """End every process, and let none begin: whoever trains here fails at once, with `UserCodeError` or in its outcome.

        Nothing is closed: a pipe that is closed while another thread waits for it would never wake that thread.
        """
        with self._beginning:
            self._interrupted = True
            for trainer in self._all:
                trainer.end()
            for process in self._comparing:
                process.kill()

    def close(self) -> None:
        """End every process; remove what they wrote, unless it is to last. Idempotent."""
        for trainer in self._all:
            trainer.close()
        if not self._lasting:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def admit(self, ref: CheckpointRef) -> None:
        """Have a recorded checkpoint here. Raises `VaultError` where it was deleted, `DamagedFile` where it is not what its hash says."""
        if ref.digest not in self.vault:
            self.recording.vault.verify(ref.digest)
            self.vault.put_file(self.recording.vault.path(ref.digest))

    def train(
        self,
        stretch: Stretch,
        start: CheckpointRef | None,
        *,
        heard: Heard = lambda _: None,
        save_at: tuple[int, ...] = (),
        threads: int | None = None,
        world_size: int | None = None,
        every: bool = False,
        diagnose: bool = False,
    ) -> Outcome:
        """Train a stretch from `start` (in this bench's vault). A failure of user code is told in the outcome."""
        segment = self._segment(stretch, start, save_at, threads or stretch.threads)
        segment = msgspec.structs.replace(segment, every=every, diagnose=diagnose)
        size = world_size or len(stretch.environments)
        gang = [
            msgspec.structs.replace(segment, rank=rank, world_size=size, environment=environment)
            for rank, environment in enumerate(self._environments(stretch, segment.threads, size))
        ]
        trainers = [self._trainer(stretch.fresh, one) for one in gang]
        outcome = Outcome()
        try:
            converse(trainers, gang, outcome, heard)
        finally:
            for trainer in trainers:
                self._give_back(trainer)
        if outcome.failure is not None:
            found = outcome.failure
            cleaned = {"message": self.clean(found.message), "tail": self.clean(found.tail)}
            outcome.failure = msgspec.structs.replace(found, **cleaned)
        return outcome

    def order(self, stretch: Stretch, start: CheckpointRef) -> tuple[wire.Setup, wire.Segment]:
        """What a process is told that trains nothing, but brings the trial to life where it stands."""
        segment = self._segment(stretch, start, (), stretch.threads)
        (environment, *_) = self._environments(stretch, stretch.threads, 1)
        segment = msgspec.structs.replace(segment, environment=environment)
        return wire.Setup(segment.run, segment.folder, segment.code, segment.threads, fresh=True), segment

    def start(self, module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """`python -P -m module` with the run's interpreter and environment, spoken to on its standard input and output."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.python, "-P", "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=self._base(environment), start_new_session=True,
            )  # fmt: skip

    def clean(self, text: str) -> str:
        """Without the values of credentials."""
        return self._credentials.redactor.text(text)

    def compare(self, before: Path, after: Path) -> Comparison:
        """Two checkpoint files, leaf by leaf."""
        question = msgspec.json.encode(Question(str(before), str(after), str(self.code)))
        with self.log.open("ab") as log, self._beginning:
            self._refuse_interrupted()
            process = subprocess.Popen(
                [self.python, "-P", "-m", "daybreak.train.compare"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=self._base({}),
            )  # fmt: skip
            self._comparing.append(process)
        try:
            answer, _ = process.communicate(question)
        finally:
            process.kill()
            process.wait()
            with self._beginning:
                self._comparing.remove(process)
        if process.returncode:
            return Comparison(error=f"the comparison ended with status {process.returncode}: {self.last_words()}")
        return msgspec.json.decode(answer, type=Comparison)

    def last_words(self) -> str:
        """The end of what the processes printed."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])
        return ""

    def _code(self) -> Path:
        """As attempts do: the folder itself while it holds what was captured, else the captured copy."""
        spec, home = self.recording.spec, self.recording.home
        copy, folder = home.code(spec.code), Path(spec.folder)
        if spec.code and copy.is_dir() and (not folder.is_dir() or changed_files(home, spec.code, folder)):
            return copy
        return folder

    def _segment(
        self, stretch: Stretch, start: CheckpointRef | None, save_at: tuple[int, ...], threads: int
    ) -> wire.Segment:
        spec = self.recording.spec
        return wire.Segment(
            run=str(spec.run),
            folder=str(self._working_folder()),
            code=str(self.code),
            point=stretch.point,
            seed=stretch.seed,
            horizon=stretch.horizon,
            until=stretch.until,
            end=stretch.end,
            vault=str(self.vault.folder),
            scratch=str(self.scratch / "trials" / str(stretch.trial)),
            objectives={one.metric: one.direction for one in spec.objectives},
            data=given.paths(self.recording.home, spec),
            sealed=given.sealed(self.recording.home, spec),
            start=start,
            save_at=tuple(sorted({*stretch.saves, *save_at})),
            threads=threads,
        )

    def _working_folder(self) -> Path:
        return self.folder if self.folder.is_dir() else self.code

    def _environments(self, stretch: Stretch, threads: int, size: int) -> list[dict[str, str]]:
        """Of each process: as recorded; for other thread counts or sizes, made alike."""
        sized = {**dict.fromkeys(self.recording.recorded.pools, str(threads)), "DAYBREAK_THREADS": str(threads)}
        given = [_here(one, self._told) for one in stretch.environments]
        given = on_devices_here([given[rank % len(given)] | dict(self._credentials.variables) for rank in range(size)])
        own = [one if threads == stretch.threads else one | sized for one in given]
        if size == 1:
            return own
        gang = {
            "WORLD_SIZE": str(size),
            "LOCAL_WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(_free_port()),
        }
        return [one | gang | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank, one in enumerate(own)]

    def _base(self, own: Mapping[str, str]) -> dict[str, str]:
        """Of the process that forks: as a warm parent's."""
        told = self._told
        others = SHELL_VARIABLES if "PATH" in told else ()
        withheld = self._credentials.withheld.union(others, given.sealed_variables(self.recording.spec))
        inherited = {name: value for name, value in os.environ.items() if name not in withheld}
        pools = dict.fromkeys(self.recording.recorded.pools, "1")
        return (
            inherited
            | {"PYTHONHASHSEED": "0"}
            | told
            | dict(self._credentials.variables)
            | pools
            | {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
            | dict(own)
        )

    def _trainer(self, fresh: bool, segment: wire.Segment) -> "Trainer":
        if not fresh:
            with contextlib.suppress(IndexError):
                return self._idle.pop()
        environment = self._base(segment.environment if fresh else {})
        with self._beginning:
            self._refuse_interrupted()
            trainer = Trainer(self.python, environment, self.log)
            self._all.append(trainer)
        setup = wire.Setup(segment.run, segment.folder, segment.code, segment.threads, fresh)
        trainer.set_up(setup, self)
        return trainer

    def _refuse_interrupted(self) -> None:
        if self._interrupted:
            raise UserCodeError("it was interrupted")

    def _give_back(self, trainer: "Trainer") -> None:
        if trainer.again:
            self._idle.append(trainer)
        else:
            trainer.close()


def _told(spec: Experiment, *, moved: bool) -> dict[str, str]:
    """Variables that the spec gives; of another interpreter's shell none."""
    return {name: value for name, value in spec.environment.items() if not (moved and name in SHELL_VARIABLES)}


def _here(environment: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in SHELL_VARIABLES or name in told}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

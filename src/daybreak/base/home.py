"""Where a home keeps what: path arithmetic only, nothing here touches a disk.

ledger.db                       the log, read tables and metric points (SQLite)
vault/                          files by the hash of their content: checkpoints
data/                           datasets: hashes by stat, those added by name, folders of links to kept bytes
profiles.toml                   credentials by name, mode 0600; written by its owner alone
code/<hash>/                    captured source files of experiments
cache/                          what can be made again: hashes of files by their stat, what interpreters said
experiments/<n>/logs/<t>.<e>.log   output of attempt <n>.<t>.<e>; parent.log: of the warm parent
experiments/<n>/audits/         audits of its runs: one file each, never changed
experiments/<n>/gate/           what the gate said of them
waivers.jsonl                   findings that somebody answers for, appended to
models/<name>/<version>/        packages: registered models, never changed
models/journal.jsonl            what was registered, and where aliases moved, appended to
deployments/<name>/             a served model: what is wanted, what is, what its requests told
tokens.json                     hashes of bearer tokens, mode 0600
experiments/<n>/scratch/<t>/    a folder of the trial's own (checkpoints of unedited scripts)
run/                            sockets, the controller's lock and its log; mode 0700
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from daybreak.base.ids import AttemptKey, TrialKey

LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103


@dataclass(frozen=True, slots=True)
class Home:
    """A home folder: `./.daybreak`, else `~/.daybreak`."""

    path: Path

    @property
    def ledger(self) -> Path:
        """The SQLite file."""
        return self.path / "ledger.db"

    @property
    def vault(self) -> Path:
        """Content-addressed files."""
        return self.path / "vault"

    @property
    def run(self) -> Path:
        """Sockets and locks. In the temporary folder when the home's own path is too long for a socket's name."""
        inside = self.path / "run"
        if len(bytes(inside / "controller.sock")) <= LONGEST_SOCKET_PATH:
            return inside
        name = hashlib.sha256(bytes(self.path)).hexdigest()[:16]
        return Path("/tmp") / f"daybreak-{name}"  # noqa: S108 (made with mode 0700 by its owner, checked when used)

    @property
    def socket(self) -> Path:
        """The controller listens here; mode 0600."""
        return self.run / "controller.sock"

    @property
    def agent_socket(self) -> Path:
        """The agent listens here for workers; mode 0600."""
        return self.run / "agent.sock"

    @property
    def lock(self) -> Path:
        """Locked by the controller that owns this home; holds its process id."""
        return self.run / "controller.lock"

    @property
    def controller_log(self) -> Path:
        """What the background controller prints."""
        return self.run / "controller.log"

    def code(self, digest: str) -> Path:
        """Captured source files."""
        return self.path / "code" / digest

    def logs(self, experiment: int) -> Path:
        """Folder of captured output."""
        return self.path / "experiments" / str(experiment) / "logs"

    def log(self, attempt: AttemptKey) -> Path:
        """Captured output of one attempt."""
        return self.logs(attempt.experiment) / f"{attempt.trial}.{attempt.epoch}.log"

    def audits(self, experiment: int) -> Path:
        """Audits of its runs."""
        return self.path / "experiments" / str(experiment) / "audits"

    def decisions(self, experiment: int) -> Path:
        """What the gate said of its runs."""
        return self.path / "experiments" / str(experiment) / "gate"

    @property
    def waivers(self) -> Path:
        """Findings that somebody answers for."""
        return self.path / "waivers.jsonl"

    @property
    def models(self) -> Path:
        """Registered models and their journal."""
        return self.path / "models"

    def deployment(self, name: str) -> Path:
        """A served model."""
        return self.path / "deployments" / name

    @property
    def tokens(self) -> Path:
        """Hashes of bearer tokens."""
        return self.path / "tokens.json"

    def scratch(self, trial: TrialKey) -> Path:
        """A folder of the trial's own."""
        return self.path / "experiments" / str(trial.experiment) / "scratch" / str(trial.trial)

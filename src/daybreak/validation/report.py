"""What an audit run says, as data: `--json` prints it, the page and the gate read it, a run keeps it in the vault."""

from typing import Any, Literal

import msgspec

from daybreak.audit.outcome import Finding, Status
from daybreak.audit.scores import Rescore

VERSION = 1
Verdict = Literal["clean", "findings", "blocked"]


class Answer(msgspec.Struct, frozen=True):
    """What one audit said: an `Outcome` without its findings. `looked_at`: rows per side that it saw, where that was a sample."""

    rule: str
    status: Status
    question: str = ""
    why: str = ""
    measured: dict[str, Any] = {}
    seconds: float = 0.0
    looked_at: dict[str, int] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One audit run. `digests`: side -> hash of the data; `code`: hash of the code that was looked at, "" where none was."""

    findings: tuple[Finding, ...]
    answers: tuple[Answer, ...]
    rescore: Rescore | None = None
    kind: str = "table"
    task: str = ""
    target: str = ""
    rows: dict[str, int] = {}
    sources: dict[str, str] = {}
    digests: dict[str, str] = {}
    code: str = ""
    run: str = ""  # the run it is about, such as 3.17
    model: str = ""  # digest of its checkpoint or model file
    at: float = 0.0  # seconds since 1970
    seconds: float = 0.0
    version: int = VERSION

    @property
    def verdict(self) -> Verdict:
        """blocked: an error was found; findings: warnings; clean: neither, information aside."""
        severities = {finding.severity for finding in self.findings}
        if "error" in severities:
            return "blocked"
        return "findings" if "warning" in severities else "clean"

    @property
    def failed(self) -> tuple[Answer, ...]:
        """Audits that could not run: never green."""
        return tuple(answer for answer in self.answers if answer.status == "failed")

    @property
    def exit_status(self) -> int:
        """0 nothing blocks, 1 a finding blocks, 2 an audit could not run."""
        if self.verdict == "blocked":
            return 1
        return 2 if self.failed else 0

"""What a gate answers: question by question, and all in all."""

from typing import Any, Literal

import msgspec

Result = Literal["passed", "warned", "waived", "blocked", "not run"]
Verdict = Literal["passed", "passed with warnings", "blocked"]


class Asked(msgspec.Struct, frozen=True):
    """One question and its answer. `blocks`: whether the run may not be promoted for it; `fingerprint`: what a waiver of it names."""

    what: str  # "overlap.exact", "test looks", "accuracy >= 0.9"
    result: Result
    says: str
    blocks: bool = False
    fingerprints: tuple[str, ...] = ()
    measured: dict[str, Any] = {}
    advice: str = ""
    status: str = ""  # of a rule that was run: clean, findings, not_applicable


class Decision(msgspec.Struct, frozen=True):
    """One answer of the gate. `policy`: its digest, and where it came from; `at`: seconds since 1970."""

    run: str
    source: str
    policy: str
    asked: tuple[Asked, ...]
    model: str = ""  # digest of the checkpoint
    code: str = ""
    data: dict[str, str] = {}
    waivers: tuple[str, ...] = ()  # fingerprints of those that were needed
    at: float = 0.0
    version: int = 1

    @property
    def verdict(self) -> Verdict:
        """Blocked by one question; passed where every answer is one."""
        if any(one.blocks for one in self.asked):
            return "blocked"
        return "passed" if all(one.result == "passed" for one in self.asked) else "passed with warnings"

    @property
    def exit_status(self) -> int:
        """0 it passes, 1 it is blocked."""
        return int(self.verdict == "blocked")

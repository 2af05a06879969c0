"""What the log tells of an experiment's attempts, for whoever trains them again: made by `bootstrap.recorded` in stepping the log."""

from typing import Any

import msgspec

from daybreak.wire.worker import CheckpointRef


class Attempt(msgspec.Struct):
    """One attempt: what it was told to do, what it saved, and how it ended."""

    trial: int
    epoch: int
    machine: str
    kind: str  # of its slots: cpu, gpu, mig
    point: dict[str, Any]
    seed: int
    horizon: int | None
    environments: list[dict[str, str]]  # one for each process: thread pools, devices, what the spec asks for
    start: CheckpointRef | None = None  # what it went on from
    saved: list[CheckpointRef] = []
    how: str = ""  # fork, bare_fork, spawn, command, continued; empty: it never started
    units: int = 0  # where it ended
    reason: str = ""  # why it ended; empty: it has not

    @property
    def world_size(self) -> int:
        """Processes of the attempt."""
        return len(self.environments)

    @property
    def threads(self) -> int:
        """CPU threads of each process."""
        return int(self.environments[0].get("DAYBREAK_THREADS", "1"))


class Recorded(msgspec.Struct):
    """All attempts of one experiment in the order in which they were granted."""

    experiment: int
    events: int  # stepped, of all experiments
    pools: list[str]  # variables that size thread pools: one in a process that forks attempts
    attempts: list[Attempt]

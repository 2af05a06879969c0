"""A deployment as commands want it: one JSON file that they write whole and its supervisor follows.

HOME/deployments/NAME/
  deployment.json   this record; a command writes it, the supervisor makes it so without losing a request
  status.json       the supervisor's: state, replicas, versions loaded, notices
  secret            keys of the MAC in request ids (mode 600)
  events/           segments that replicas append to: predictions, feedback, captures
  windows/          what monitoring folded; reports/ what it says each day
  log               structured, one JSON object a line
"""

from typing import Any

import msgspec

from daybreak.rollout.assignment import Split


class Served(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One model version that is served. `reference`: as it was named (`digits@production`, which is followed when the alias moves)."""

    arm: str  # its name in the split, `champion` where there is no other
    model: str
    version: int
    package: str  # folder, absolute
    reference: str = ""
    thresholds: dict[str, float] = {}  # output -> score from which the second class is told; else the signature's


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one replica takes: bytes, rows, seconds, requests that wait."""

    body: int = 32 << 20
    bodies: int = 512 << 20  # of all requests together that are not yet answered; beyond it 429 with Retry-After
    rows: int = 10_000
    queue: int = 1_024  # requests; beyond it 429 with Retry-After
    deadline: float = 30.0
    head: float = 10.0  # seconds in which a request's head must have come
    connections: int = 4_096
    batch: int = 64  # rows in one call of the model
    wait: float = 0.0  # seconds that a batch waits for company; 0: whatever has arrived
    drain: float = 30.0

    @property
    def together(self) -> int:
        """Bytes of bodies that may wait: as many as one of the largest has at least, or it would be told for ever to come back."""
        return max(self.bodies, self.body)


class Capture(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Requests and answers that are kept: share of them, fields that are left out."""

    share: float = 0.0
    redact: tuple[str, ...] = ()


class Deployment(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is wanted. `generation` grows with each change: replicas say which one they serve."""

    name: str
    served: tuple[Served, ...]
    generation: int = 1
    host: str = "127.0.0.1"
    port: int = 8080  # 0: any free one, which status.json tells
    grpc_port: int | None = None
    replicas: int = 1
    threads: int = 1  # of the runtime, a replica
    split: Split | None = None  # None: all to the first
    limits: Limits = Limits()
    capture: Capture = Capture()
    certificate: str = ""  # PEM files of TLS
    key: str = ""
    origins: tuple[str, ...] = ()  # of pages elsewhere that may call (CORS); none
    page: bool = True
    experiment: dict[str, Any] = {}  # of the A/B readout (`serving.experiment`)
    watch: dict[str, Any] = {}  # windows, alerts (`serving.watch`)
